import { strictEqual } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { toHex, utf8 } from '@phalanx/core';
import {
  type Disk,
  hashLeaf,
  makeNoteSigner,
  makeVerifierKey,
  SignatureType,
  signingKeyOf,
  TransparencyLog,
} from '@phalanx/ledger';
import { MemoryKeys } from './memory-keys.test.support.js';
import { type Observation, observe } from './observation.js';
import { type LoggedEntry, TelemetryLog } from './telemetry-log.js';

const ORIGIN = 'node.example/telemetry';
const SEGMENT = 256;
const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
export const makeKeys = () => ({ rest: new MemoryKeys(), text: new MemoryKeys() });

/** A log with segments of 256 entries. */
export async function open(disk: Disk, state: Disk, keys = makeKeys()): Promise<TelemetryLog> {
  const log = await TransparencyLog.open({
    disk,
    state,
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, key)],
    verifiers: [makeVerifierKey(ORIGIN, SignatureType.ED25519, key.publicKey)],
    segmentEntries: SEGMENT,
  });
  return TelemetryLog.open({ log, disk, keys, segmentEntries: SEGMENT });
}

/** Exchange `n`, of one of seven accounts, eleven hours after the one before. */
export function exchange(n: number, account = n % 7, keepText = true): Observation {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, n);
  const values = {
    who: utf8(`{"accountId":"a${account}"}`),
    request: utf8(`{"n":${n}}`),
    response: utf8('{}'),
    prompt: utf8(`question ${n}`),
    completion: n % 3 === 0 ? null : utf8(`answer ${n}`),
    detector: utf8('{}'),
  };
  return observe(
    { id, account: BigInt(account), atMs: 1_770_000_000_000 + n * 40_000_000 },
    values,
    keepText,
  );
}

export async function readAll(telemetry: TelemetryLog): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  for await (const entry of telemetry.read(0, telemetry.size)) entries.push(entry);
  return entries;
}

/** Every chain counts from 0 without a gap, and each leaf names the one before. */
export function checkChains(entries: readonly LoggedEntry[]): void {
  const heads = new Map<string, { sequence: number; hash: Uint8Array }>();
  for (const { entry, exchange } of entries) {
    if (exchange === null) continue;
    const chain = toHex(exchange.leaf.chain);
    const head = heads.get(chain) ?? { sequence: 0, hash: new Uint8Array(32) };
    strictEqual(exchange.leaf.sequence, head.sequence);
    strictEqual(toHex(exchange.leaf.previous), toHex(head.hash));
    heads.set(chain, { sequence: head.sequence + 1, hash: hashLeaf(entry) });
  }
}

export const idOf = ({ exchange }: LoggedEntry): number => Buffer.from(exchange!.opened!.id).readUInt32BE();
