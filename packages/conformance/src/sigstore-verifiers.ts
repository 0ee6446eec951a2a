import { execFile, spawnSync } from 'node:child_process';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toBase64 } from '@phalanx/core';
import { buildGoPrograms } from './go-programs.js';

/** A bundle and whom it is to be verified by. */
export interface BundleQuestion {
  readonly bundle: Uint8Array;
  readonly trustedRoot: Uint8Array;
  /** DER of the signer's SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** For a bundle that holds the signature of a message. */
  readonly artifact?: Uint8Array;
}

/** A verifier of Sigstore bundles that others wrote. */
export interface SigstoreVerifier {
  readonly name: string;
  /** Why each bundle is refused; null for one that is accepted. */
  ask(questions: readonly BundleQuestion[]): readonly (string | null)[];
}

/** What is used of `@sigstore/verify`, `@sigstore/bundle` and `@sigstore/protobuf-specs`; the two versions have it alike. */
interface SigstoreJs {
  readonly Verifier: new (material: unknown, options: object) => { verify(entity: unknown): unknown };
  toTrustMaterial(root: unknown, keys: () => { publicKey: KeyObject; validFor(): boolean }): unknown;
  toSignedEntity(bundle: unknown, artifact?: Buffer): unknown;
  bundleFromJSON(json: unknown): unknown;
  readonly TrustedRoot: { fromJSON(json: unknown): unknown };
}

const NEWER = ['@sigstore/verify@4.1.3', '@sigstore/bundle@5.0.1'];
const INSTALL_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** `@sigstore/verify` as the product has it, untouched. */
export function loadSigstoreJs(): SigstoreVerifier {
  return verifierFrom(
    '@sigstore/verify 3.1.1',
    createRequire(fileURLToPath(import.meta.resolve('@phalanx/evidence'))),
  );
}

/** `@sigstore/verify` 4.1.3, installed for the occasion: it asks for Node 22 and runs on 20. A text says why it cannot be had. */
export async function installSigstoreJs(home: string): Promise<SigstoreVerifier | string> {
  const folder = join(home, 'sigstore-js');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const args = ['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...NEWER];
  try {
    await promisify(execFile)('npm', args, { cwd: folder, timeout: INSTALL_MS });
  } catch (error) {
    return `no ${NEWER.join(' and ')}: ${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
  return verifierFrom('@sigstore/verify 4.1.3', createRequire(join(folder, 'package.json')));
}

/** sigstore-go 1.3.0, which cosign is built on. A text says why it cannot be had. */
export async function buildSigstoreGo(home: string): Promise<SigstoreVerifier | string> {
  const missing = await buildGoPrograms('sigstore-go', ['.'], home);
  if (missing !== null) return missing;
  return {
    name: 'sigstore-go 1.3.0',
    ask(questions) {
      const lines = questions.map(({ bundle, trustedRoot, publicKey }) =>
        JSON.stringify({ bundle: toBase64(bundle), root: toBase64(trustedRoot), key: toBase64(publicKey) }),
      );
      const { stdout, stderr, status } = spawnSync(join(home, 'sigstore-go'), {
        input: `${lines.join('\n')}\n`,
        encoding: 'utf8',
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      const answers = stdout.split('\n').slice(0, -1);
      if (status !== 0 || answers.length !== questions.length)
        throw new Error(`sigstore-go: ${stderr.slice(-500)}`);
      return answers.map((answer) => (answer === 'ok' ? null : answer));
    },
  };
}

function verifierFrom(name: string, require: NodeJS.Require): SigstoreVerifier {
  const inside = createRequire(require.resolve('@sigstore/verify'));
  const library: SigstoreJs = {
    ...require('@sigstore/verify'),
    ...inside('@sigstore/bundle'),
    TrustedRoot: inside('@sigstore/protobuf-specs').TrustedRoot,
  };
  return { name, ask: (questions) => questions.map((question) => refusalBy(library, question)) };
}

function refusalBy(
  library: SigstoreJs,
  { bundle, trustedRoot, publicKey, artifact }: BundleQuestion,
): string | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    const root = library.TrustedRoot.fromJSON(JSON.parse(Buffer.from(trustedRoot).toString('utf8')));
    const material = library.toTrustMaterial(root, () => ({ publicKey: key, validFor: () => true }));
    const verifier = new library.Verifier(material, {
      tlogThreshold: 1,
      ctlogThreshold: 0,
      timestampThreshold: 1,
    });
    const read = library.bundleFromJSON(JSON.parse(Buffer.from(bundle).toString('utf8')));
    verifier.verify(library.toSignedEntity(read, artifact === undefined ? undefined : Buffer.from(artifact)));
    return null;
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}
