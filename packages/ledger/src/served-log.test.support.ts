import { createHash, createPrivateKey } from 'node:crypto';
import { type Listener, type ListenerSettings, listen, utf8 } from '@phalanx/core';
import type { HttpHandler } from './log-server.js';
import { makeCosigner, makeNoteSigner, type SigningKey, signingKeyOf } from './note-signer.js';
import { Dice, SimulatedDisk } from './simulated-disk.test.support.js';
import { parseTrustPolicy, type TrustPolicy } from './tlog-policy.js';
import { type LogSettings, TransparencyLog } from './transparency-log.js';
import { formatVerifierKey, makeVerifierKey, SignatureType, type VerifierKey } from './verifier-key.js';
import { Witness } from './witness.js';

export const ORIGIN = 'log.example';

/** An Ed25519 key from a seed. */
export function makeKey(seed: string): SigningKey {
  const bytes = createHash('sha256').update(seed).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes]);
  return signingKeyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

export const logKey = makeKey('log');
export const logVerifier = makeVerifierKey(ORIGIN, SignatureType.ED25519, logKey.publicKey);

export function makeDisk(seed = 1): SimulatedDisk {
  return new SimulatedDisk(new Dice(seed));
}

export function settingsOf(more: Partial<LogSettings> = {}): LogSettings {
  return {
    disk: makeDisk(),
    state: makeDisk(),
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, logKey)],
    verifiers: [logVerifier],
    segmentEntries: 256,
    ...more,
  };
}

export function openLog(more: Partial<LogSettings> = {}): Promise<TransparencyLog> {
  return TransparencyLog.open(settingsOf(more));
}

export function makeEntries(n: number, from = 0, label = 'entry'): Uint8Array[] {
  return Array.from({ length: n }, (_, i) => utf8(`${label} ${from + i}`));
}

export interface WitnessRig {
  readonly key: VerifierKey;
  readonly witness: Witness;
}

export function makeWitness(name: string, state = makeDisk()): WitnessRig {
  const key = makeKey(name);
  const type = SignatureType.ED25519_COSIGNATURE;
  const witness = new Witness({
    logs: [{ origin: ORIGIN, verifiers: [logVerifier] }],
    cosigners: [makeCosigner(name, type, key, { nowMs: () => 1_769_990_400_000 })],
    state,
  });
  return { key: makeVerifierKey(name, type, key.publicKey), witness };
}

/** A policy over the log and these witnesses, `quorum` of them; their names in it are w0, w1 and so on. */
export function makePolicy(
  witnesses: readonly { readonly key: VerifierKey; readonly url?: string }[] = [],
  quorum = witnesses.length,
): TrustPolicy {
  const lines = [
    `log ${formatVerifierKey(logVerifier)}`,
    ...witnesses.map(({ key, url }, i) => `witness w${i} ${formatVerifierKey(key)} ${url ?? ''}`),
    ...(quorum > 0 ? [`group g ${quorum} ${witnesses.map((_, i) => `w${i}`).join(' ')}`] : []),
    `quorum ${quorum > 0 ? 'g' : 'none'}`,
  ];
  return parseTrustPolicy(utf8(`${lines.join('\n')}\n`));
}

/** Runs with a handler on a port of this machine, and closes it. */
export async function withListener<T>(
  handler: HttpHandler,
  run: (listener: Listener) => Promise<T>,
  settings: Partial<ListenerSettings> = {},
): Promise<T> {
  const listener = await listen(handler, { host: '127.0.0.1', port: 0, graceMs: 200, ...settings });
  try {
    return await run(listener);
  } finally {
    await listener.close();
  }
}
