import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { type ModelSigner, modelSignerOf, type SignerTrust } from './signed-payload.js';

/** A new key, and how its customers believe it. */
export function makeSigner(namedCurve = 'P-256'): {
  readonly signer: ModelSigner;
  readonly trust: SignerTrust;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const pem = publicKey.export({ format: 'pem', type: 'spki' });
  return { signer: modelSignerOf(privateKey), trust: { publicKey: Buffer.from(pem) } };
}

const made: string[] = [];

/** Removes what `makeModel` made. */
export function removeModels(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
}

/** A new folder `model` with these files, until `removeModels`. */
export function makeModel(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-signing-'));
  made.push(folder);
  const model = join(folder, 'model');
  mkdirSync(model);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(model, path)), { recursive: true });
    writeFileSync(join(model, path), content);
  }
  return model;
}

/** `ok`, or the code of the refusal; what is thrown otherwise goes on. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
}
