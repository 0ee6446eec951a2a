import { refuse } from '../../coalition-error.js';
import type { Literal, ObjectPath } from './syntax-tree.js';

const HEX_DIGITS: Readonly<Record<string, number>> = {
  MD5: 32,
  RIPEMD160: 40,
  SHA1: 40,
  SHA224: 56,
  SHA256: 64,
  SHA384: 96,
  SHA512: 128,
  SHA3224: 56,
  SHA3256: 64,
  SHA3384: 96,
  SHA3512: 128,
  WHIRLPOOL: 128,
};

/**
 * The constants that `hashes.<algorithm>` is to equal must look like such a hash: another can match nothing, and is nearly
 * always the hash of something else. (`stix2-patterns` asks it of LIKE and MATCHES too, where a part is enough.)
 *
 * @throws PhalanxError `COALITION_PATTERN` where one does not
 */
export function checkHashLiterals(path: ObjectPath, operands: readonly Literal[], at: number): void {
  const keys = path.steps.map((step) => (step.kind === 'key' ? step.key : null));
  const last = keys.at(-1);
  if (!keys.includes('hashes') || last === null || last === undefined) return;
  const digits = HEX_DIGITS[last.toUpperCase().replaceAll(/[-']/g, '')];
  if (digits === undefined) return;
  for (const { value } of operands) {
    if (typeof value !== 'string' || !isHex(value, digits)) {
      refuse(
        'COALITION_PATTERN',
        `the constant at character ${at} of a pattern is not ${digits} hexadecimal digits, as ${last} has`,
        'write the whole hash',
      );
    }
  }
}

function isHex(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9A-Fa-f]*$/.test(text);
}
