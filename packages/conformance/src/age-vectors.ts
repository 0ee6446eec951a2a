import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { PhalanxError } from '@phalanx/core';
import { generateIdentity } from '@phalanx/weights';
import type { Checks } from './checks.js';
import { openBytes, openBytesByRange } from './sealed-bytes.js';

/** A vector of CCTV: lines of `key: value`, an empty line, an age file. */
interface AgeVector {
  readonly fields: ReadonlyMap<string, string>;
  readonly identities: readonly string[];
  readonly file: Uint8Array;
}

/**
 * Files that decrypt, and files that must not, as C2SP's vectors say. Passphrases and armor are not read here: those files must be
 * refused as well, whatever they hold.
 */
export async function checkAgeVectors(
  checks: Checks,
  vectors: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const stranger = await generateIdentity('X25519');
  const counts = { opened: 0, refused: 0, foreign: 0 };
  for (const [name, content] of vectors) {
    const { fields, identities, file } = parseVector(content);
    const isForeign = fields.has('armored') || fields.has('passphrase');
    const expected = isForeign && !isOpenable(fields) ? 'refused' : fields.get('expect')!;
    for (const [way, open] of [
      ['stream', openBytes],
      ['ranges', openBytesByRange],
    ] as const) {
      const { plain, error } = await open(file, identities.length > 0 ? identities : [stranger]);
      const sha256 = createHash('sha256').update(plain).digest('hex');
      if (expected === 'success') {
        checks.equal(`${name}, ${way}`, error === null ? sha256 : String(error), fields.get('payload')!);
        continue;
      }
      const isRefused = PhalanxError.is(error, 'WEIGHTS_SEAL') || PhalanxError.is(error, 'WEIGHTS_LIMIT');
      checks.check(`${name}, ${way}: refused`, isRefused, () =>
        error === null ? 'it opened' : String(error),
      );
      checks.check(
        `${name}, ${way}: nothing given that is not the plaintext`,
        plain.length === 0 || sha256 === fields.get('payload'),
      );
    }
    if (isForeign) counts.foreign++;
    else if (expected === 'success') counts.opened++;
    else counts.refused++;
  }
  checks.note(
    `CCTV: ${counts.opened} files opened, ${counts.refused} refused, ${counts.foreign} with armor or a passphrase refused`,
  );
}

/** A passphrase among identities does not hinder. */
function isOpenable(fields: ReadonlyMap<string, string>): boolean {
  return !fields.has('armored') && fields.has('identity');
}

function parseVector(content: Uint8Array): AgeVector {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const end = bytes.indexOf('\n\n');
  const lines = bytes.subarray(0, end).toString('utf8').split('\n');
  const pairs = lines.map((line) => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)] as const;
  });
  const fields = new Map(pairs);
  const rest = bytes.subarray(end + 2);
  return {
    fields,
    identities: pairs.filter(([key]) => key === 'identity').map(([, value]) => value),
    file: fields.get('compressed') === 'zlib' ? inflateSync(rest) : rest,
  };
}
