import type { AccountActivity, ExchangeSample, InterventionRecord, TelemetryReader } from '@phalanx/domain';
import { logBinomialUpperTail, type Random } from '@phalanx/stats';
import type { Component } from '../demand/component.js';
import type { Pool } from '../pool.js';
import { Population } from '../population/population.js';
import { choosePeers } from './peers.js';
import type { Evidence, Signal } from './signal.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Ten days that begin long after 1970, so that sign-up times are positive. */
export const WINDOW = { fromMs: 1_000 * DAY_MS, toMs: 1_010 * DAY_MS };

export interface SimulatedRequest {
  readonly atMs: number;
  readonly shape?: number;
  /** At most eight words, from 1. */
  readonly topics?: readonly number[];
  readonly headLanes?: Uint8Array;
  readonly promptHash?: bigint;
  readonly model?: bigint;
}

export interface SimulatedAccount {
  readonly member: boolean;
  readonly createdAtMs?: number;
  readonly requests: readonly SimulatedRequest[];
}

/** Evidence as findings.ts would gather it, every sample being whole. Account i has hash i + 1. */
export async function makeEvidence(
  accounts: readonly SimulatedAccount[],
  more: { interventions?: readonly InterventionRecord[]; decisive?: readonly Component[] } = {},
): Promise<Evidence> {
  const rows = accounts
    .flatMap(({ requests }, i) => requests.map((request) => ({ account: BigInt(i + 1), ...request })))
    .sort((a, b) => a.atMs - b.atMs);
  const hashes = BigUint64Array.from(accounts, (_, i) => BigInt(i + 1));
  const activity = {
    account: hashes,
    exchanges: Uint32Array.from(accounts, ({ requests }) => requests.length),
    firstMs: Float64Array.from(accounts, ({ requests }) => Math.min(...requests.map((r) => r.atMs))),
    lastMs: Float64Array.from(accounts, ({ requests }) => Math.max(...requests.map((r) => r.atMs))),
  } as AccountActivity;
  const facts = {
    account: hashes,
    accountId: accounts.map((_, i) => `key-${i}`),
    organisation: new BigUint64Array(accounts.length),
    createdAtMs: Float64Array.from(accounts, ({ createdAtMs }) => createdAtMs ?? 0),
    declaration: accounts.map(() => ''),
  };
  const population = await Population.load(
    { accountActivity: async () => activity, accountFacts: async () => facts } as unknown as TelemetryReader,
    WINDOW,
  );
  const memberHashes = hashes.filter((_, i) => accounts[i]!.member);
  const pool = { memberHashes, memberSet: new Set(memberHashes) } as unknown as Pool;
  const proposal = { members: Int32Array.from(memberHashes, (hash) => population.indexOf(hash)!) };
  const sampleOf = (keep: (account: bigint) => boolean): ExchangeSample => {
    const kept = rows.filter((row) => keep(row.account));
    const minhash = new Uint8Array(64 * kept.length);
    const topics = new Uint8Array(16 * kept.length);
    kept.forEach((row, i) => {
      if (row.headLanes) minhash.set(row.headLanes, 64 * i);
      row.topics?.forEach((word, w) => {
        topics[16 * i + 2 * w] = word & 255;
        topics[16 * i + 2 * w + 1] = word >> 8;
      });
    });
    return {
      account: BigUint64Array.from(kept, (row) => row.account),
      atMs: Float64Array.from(kept, (row) => row.atMs),
      shape: Uint32Array.from(kept, (row) => row.shape ?? 0),
      intents: new Uint32Array(kept.length),
      promptHash: BigUint64Array.from(kept, (row, i) => row.promptHash ?? BigInt(i + 1)),
      model: BigUint64Array.from(kept, (row) => row.model ?? 0n),
      topics,
      minhash,
    } as ExchangeSample;
  };
  const peers = choosePeers(pool, activity);
  const peerSet = new Set(peers?.account);
  return {
    pool: { ...pool, proposal } as Pool,
    population,
    window: WINDOW,
    activity,
    members: sampleOf((account) => pool.memberSet.has(account)),
    everybody: sampleOf(() => true),
    peers,
    peerSample: sampleOf((account) => peerSet.has(account)),
    decisive: [],
    interventions: [],
    ...more,
  } as unknown as Evidence;
}

/** Uniform instants inside the window, or inside a part of it. */
export function drawTimes(
  random: Random,
  count: number,
  fromMs = WINDOW.fromMs,
  toMs = WINDOW.toMs,
): number[] {
  return Array.from({ length: count }, () => fromMs + Math.floor(random.uniform() * (toMs - fromMs)));
}

/** The log10 p-value that a signal's sentence names; 0 when the signal is silent. */
export function readLog10P(signal: Signal, evidence: Evidence): number {
  const result = signal.measure(evidence);
  if (result === null) return 0;
  const found = /log10 p (-?\d+\.\d\d)/.exec(result.sentence);
  if (!found) throw new Error(`no p-value in: ${result.sentence}`);
  return Number(found[1]);
}

/**
 * How many of `runs` honest worlds got p <= 10^-1.30 = 0.0501, and whether that is too many: a signal whose rate is
 * 5.01 % fails here once in a thousand sets of seeds.
 */
export async function countFalseAlarms(
  signal: Signal,
  runs: number,
  honest: (seed: number) => Promise<Evidence>,
): Promise<{ alarms: number; tooMany: boolean }> {
  let alarms = 0;
  for (let seed = 1; seed <= runs; seed++) if (readLog10P(signal, await honest(seed)) <= -1.3) alarms++;
  // Two decimals: -1.295 is written -1.30 too, which is 0.0507.
  return { alarms, tooMany: logBinomialUpperTail(alarms, runs, 0.0507) < Math.log(1e-3) };
}
