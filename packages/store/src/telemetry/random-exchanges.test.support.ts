import { createHash } from 'node:crypto';
import type { ExchangeRecord } from '@phalanx/domain';

/** 32-bit xorshift: equal seeds, equal rows, on every machine. */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** 64 bits from a label. */
export function hashOf(label: string): bigint {
  return createHash('sha256').update(label).digest().readBigUInt64LE();
}

const START_MS = Date.UTC(2026, 0, 5);

/** Rows with collisions of every kind: few accounts, shared networks and bands, zero hashes, some days. */
export function randomExchanges(seed: number, rows: number, accounts = 12): ExchangeRecord[] {
  const random = makeRandom(seed);
  const pick = (kind: string, of: number) => {
    const value = random(of);
    return value === 0 ? 0n : hashOf(`${kind}${value}`);
  };
  const lanes = (bytes: number, values: number) => Uint8Array.from({ length: bytes }, () => random(values));
  return Array.from({ length: rows }, (_, index) => ({
    id: createHash('sha256').update(`${seed}/${index}`).digest().subarray(0, 16),
    account: hashOf(`account${random(accounts)}`),
    organisation: pick('organisation', 4),
    endUser: pick('user', 5),
    atMs: START_MS + random(4 * 86_400_000),
    model: ['small', 'large', 'größe'][random(3)]!,
    operation: 'chat',
    ok: random(10) > 0,
    streamed: random(2) === 0,
    inputTokens: random(10_000),
    outputTokens: random(1000),
    promptBytes: random(20_000),
    responseBytes: random(20_000),
    durationMs: random(60_000),
    turns: 1 + random(9),
    promptHash: pick('prompt', 40),
    // Two values a lane: bands of four lanes collide between accounts once in sixteen.
    minhash: lanes(64, 2),
    topics: lanes(16, 256),
    shape: random(30),
    intents: random(4096),
    systemHash: pick('system', 6),
    toolsHash: pick('tools', 3),
    responseHash: pick('response', 1000),
    responseMinhash: lanes(32, 256),
    fingerprint: pick('fingerprint', 5),
    contradiction: random(20) === 0,
    network: pick('network', 25),
    parameters: pick('parameters', 4),
  }));
}
