import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import {
  FolderDisk,
  formatVerifierKey,
  makeNoteSigner,
  makeVerifierKey,
  parseTrustPolicy,
  SignatureType,
  signingKeyOf,
  TransparencyLog,
} from '@phalanx/ledger';

/** Origin of every log that is measured. */
export const ORIGIN = 'bench.example';

const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const verifier = makeVerifierKey(ORIGIN, SignatureType.ED25519, key.publicKey);
/** The log's line of a policy. */
export const LOG_LINE = `log ${formatVerifierKey(verifier)}`;
/** Believes the log without witnesses. */
export const BARE_POLICY = parseTrustPolicy(utf8(`${LOG_LINE}\nquorum none\n`));

/** A log in a folder, signed with a key of this process. */
export function openBenchLog(folder: string, servesCosignedOnly = false): Promise<TransparencyLog> {
  return TransparencyLog.open({
    disk: new FolderDisk(join(folder, 'log')),
    state: new FolderDisk(join(folder, 'state')),
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, key)],
    verifiers: [verifier],
    servesCosignedOnly,
  });
}

/** Runs with a folder that is gone afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-ledger-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `count` entries of `bytes` bytes, other ones for every `first`. */
export function makeEntries(first: number, count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const entry = Buffer.alloc(bytes, i & 255);
    entry.writeUIntBE(first + i, 0, 6);
    return entry;
  });
}
