import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatCertificates } from '@phalanx/attestation';
import { issueCertificate } from '@phalanx/attestation/test-authority';
import { PhalanxError } from '@phalanx/core';
import { type SignerTrust, verifyModel } from '@phalanx/weights';

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
/** Bytes of a range in tests. */
export const SHARD = 1_000;

/** A key with a chain of certificates, and where their files lie. */
export interface SigningParty {
  readonly name: string;
  readonly key: KeyObject;
  readonly chain: readonly Uint8Array[];
  readonly files: {
    readonly key: string;
    readonly publicKey: string;
    readonly certificate: string;
    readonly chain: string;
    readonly roots: string;
  };
}

/** One key of each curve, certified by one root. */
export async function makeParties(folder: string): Promise<SigningParty[]> {
  const parties: SigningParty[] = [];
  const root = await issueCertificate('signing root', null);
  const middle = await issueCertificate('signing middle', root, { isCa: true });
  for (const curve of ['P-256', 'P-384', 'P-521']) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
    const leaf = await issueCertificate(`signer ${curve}`, middle, {
      key: privateKey,
      purposes: [CODE_SIGNING],
    });
    const write = (name: string, text: string) => {
      const path = join(folder, `${curve}-${name}.pem`);
      writeFileSync(path, text);
      return path;
    };
    parties.push({
      name: curve,
      key: privateKey,
      chain: [leaf.der, middle.der],
      files: {
        key: write('key', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
        publicKey: write('public', publicKey.export({ format: 'pem', type: 'spki' }).toString()),
        certificate: write('certificate', formatCertificates([leaf.der])),
        chain: write('chain', formatCertificates([middle.der])),
        roots: write('roots', formatCertificates([root.der])),
      },
    });
  }
  return parties;
}

/** Names whose order differs by components, by code units and by code points; empty files; git at the top and below. */
export function writeModel(folder: string): void {
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'weights.bin': Uint8Array.from({ length: 3_500 }, (_, i) => (i * 7) & 255),
    'whole.bin': new Uint8Array(2 * SHARD),
    'config.json': '{}',
    'sub/a.txt': 'a',
    'sub.txt': 'b',
    'sub-2/é ü.txt': 'c',
    'sub/\u{1f600}.bin': 'd',
    'sub/\uffee.bin': 'e',
    'sub/empty': '',
    '.config': 'f',
    '.git/HEAD': 'g',
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** How a customer of the party believes it. */
export function trustIn({ files }: SigningParty, way: 'key' | 'certificate'): SignerTrust {
  return way === 'key' ? { publicKey: readFileSync(files.publicKey) } : { roots: readFileSync(files.roots) };
}

/** `ok`, or the code that a model is refused with. */
export async function outcome(
  model: string,
  signature: Uint8Array,
  trust: SignerTrust,
  settings: Parameters<typeof verifyModel>[3] = {},
): Promise<string> {
  try {
    await verifyModel(model, signature, trust, settings);
    return 'ok';
  } catch (error) {
    return PhalanxError.is(error) ? error.code : String(error);
  }
}

/** `ok`, or the code that something is refused with. */
export function outcomeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return PhalanxError.is(error) ? error.code : String(error);
  }
}
