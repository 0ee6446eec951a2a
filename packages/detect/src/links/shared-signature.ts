import type { KeyedCounts } from '@phalanx/domain';
import { logRisingFactorial } from '@phalanx/stats';
import type { Population } from '../population/population.js';
import type { Proposal } from './proposal.js';

/** More than half of an account's traffic under one signature is its own way of working, not something dealt to it. */
const MINORITY = 0.5;
const MIN_SCORE = 10;
const MAX_GROUPS = 6;
const ROUNDS = 40;

/**
 * Proposes the accounts that carry one signature (parameters and instructions) in even numbers beside traffic of their
 * own: what remains visible when every account keeps its own customers and only the attack is dealt out.
 *
 * For each signature, over the accounts that show it in a minority of their requests, two laws of how often are fitted
 * together: a zero-truncated Poisson with one mean, which is how a scheduler deals, and a geometric, which is what own
 * habits look like. A group is proposed when that beats habits alone by 10 nats; its members are the accounts that the
 * first law explains better.
 *
 * @param signatures exchanges by account and signature
 * @param totals all exchanges of each account, by account number
 * @param blends groups known to be fed by a whole mixture, whose every signature is dealt out: their accounts are left
 *   aside, except for the signature that a group was linked by, so that the group can grow
 */
export function proposeSharedSignatures(
  population: Population,
  signatures: KeyedCounts,
  totals: Float64Array,
  blends: readonly Proposal[],
  minAccounts: number,
): Proposal[] {
  const linkedBy = new Map<number, Set<bigint | undefined>>();
  for (const { members, signature } of blends)
    for (const a of members) {
      const known = linkedBy.get(a);
      if (known) known.add(signature);
      else linkedBy.set(a, new Set([signature]));
    }
  const isFed = (a: number, signature: bigint): boolean => {
    const known = linkedBy.get(a);
    return known !== undefined && (known.size > 1 || !known.has(signature));
  };
  const groups = new Map<bigint, { accounts: number[]; counts: number[] }>();
  for (let i = 0; i < signatures.key.length; i++) {
    const a = population.indexOf(signatures.account[i]!);
    const count = signatures.count[i]!;
    const signature = signatures.key[i]!;
    if (a === undefined || isFed(a, signature) || count > MINORITY * totals[a]!) continue;
    let group = groups.get(signature);
    if (!group) groups.set(signature, (group = { accounts: [], counts: [] }));
    group.accounts.push(a);
    group.counts.push(count);
  }
  return [...groups]
    .filter(([, group]) => group.accounts.length >= minAccounts)
    .map(([signature, group]) => ({ ...group, signature, fit: fitDealing(group.counts) }))
    .filter(({ fit }) => fit.score > MIN_SCORE)
    .sort((a, b) => b.fit.score - a.fit.score)
    .slice(0, MAX_GROUPS)
    .map(({ accounts, signature, fit }) => {
      const order = accounts
        .map((_, k) => k)
        .filter((k) => fit.logOdds[k]! > 0)
        .sort((x, y) => accounts[x]! - accounts[y]!);
      return {
        members: Int32Array.from(order, (k) => accounts[k]!),
        strength: Float64Array.from(order, (k) => fit.logOdds[k]! / Math.LN10),
        by: 'one signature dealt out',
        signature,
      };
    })
    .filter((proposal) => proposal.members.length >= minAccounts);
}

export interface DealingFit {
  /** Log likelihood of dealing and habits together, less that of habits alone. */
  readonly score: number;
  /** Log odds, for each account, that its count was dealt. */
  readonly logOdds: Float64Array;
}

/** Fits both laws by expectation-maximisation, from the median count. */
export function fitDealing(counts: readonly number[]): DealingFit {
  const n = counts.length;
  const logFactorial = counts.map((x) => logRisingFactorial(1, x));
  let rate = [...counts].sort((a, b) => a - b)[n >> 1]! + 0.1;
  let share = 0.5;
  let stop = habitStop(counts, null);
  const habitsAlone = counts.reduce((sum, x) => sum + logHabit(x, stop), 0);
  const logOdds = new Float64Array(n);
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) {
    total = 0;
    let weight = 0;
    let weighted = 0;
    const habit = new Float64Array(n);
    for (let k = 0; k < n; k++) {
      const dealt =
        Math.log(share) +
        counts[k]! * Math.log(rate) -
        rate -
        logFactorial[k]! -
        Math.log(-Math.expm1(-rate));
      const own = Math.log(1 - share) + logHabit(counts[k]!, stop);
      logOdds[k] = dealt - own;
      const top = Math.max(dealt, own);
      total += top + Math.log(Math.exp(dealt - top) + Math.exp(own - top));
      const p = 1 / (1 + Math.exp(own - dealt));
      weight += p;
      weighted += p * counts[k]!;
      habit[k] = 1 - p;
    }
    share = Math.min(0.999, Math.max(0.001, weight / n));
    if (weighted / weight > 1) rate = truncatedPoissonRate(weighted / weight);
    stop = habitStop(counts, habit);
  }
  return { score: total - habitsAlone, logOdds };
}

/** Geometric on 1, 2, ...: stops after each request with this probability. */
function habitStop(counts: readonly number[], weight: Float64Array | null): number {
  let n = 1;
  let sum = 1.5;
  for (let k = 0; k < counts.length; k++) {
    n += weight ? weight[k]! : 1;
    sum += (weight ? weight[k]! : 1) * counts[k]!;
  }
  return Math.min(0.999, n / sum);
}

function logHabit(x: number, stop: number): number {
  return Math.log(stop) + (x - 1) * Math.log1p(-stop);
}

/** The rate at which a Poisson variable, given that it is not zero, has this mean > 1; Newton, 30 steps at most. */
function truncatedPoissonRate(mean: number): number {
  let rate = mean - 1 + Math.exp(-mean);
  for (let step = 0; step < 30; step++) {
    const none = Math.exp(-rate);
    const value = rate / (1 - none) - mean;
    const slope = (1 - none - rate * none) / (1 - none) ** 2;
    const next = Math.max(1e-9, rate - value / slope);
    if (Math.abs(next - rate) < 1e-12) break;
    rate = next;
  }
  return rate;
}
