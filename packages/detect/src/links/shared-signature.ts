import type { KeyedCounts } from '@phalanx/domain';
import { logRisingFactorial } from '@phalanx/stats';
import type { Population } from '../population/population.js';
import type { Proposal } from './proposal.js';

/** More than half of an account's traffic under one signature is its own way of working, not something dealt to it. */
const MINORITY = 0.5;
const MIN_SCORE = 10;
const MAX_GROUPS = 5;

/**
 * Proposes the accounts that carry one signature (a set of sampling parameters, a system prompt) in even numbers beside
 * traffic of their own: what remains visible when every account keeps its own customers and only the attack is dealt out.
 *
 * For each signature, over the accounts that show it in a minority of their requests: log likelihood of zero-truncated
 * Poisson counts with one mean, less that of zero-truncated geometric counts, which is what own habits look like.
 * A group is proposed when that exceeds 10 nats.
 *
 * @param signatures exchanges by account and signature
 * @param totals all exchanges of each account, by account number
 */
export function proposeSharedSignatures(
  population: Population,
  signatures: KeyedCounts,
  totals: Float64Array,
  minAccounts: number,
  by: string,
): Proposal[] {
  const groups = new Map<bigint, { accounts: number[]; counts: number[] }>();
  for (let i = 0; i < signatures.key.length; i++) {
    const a = population.indexOf(signatures.account[i]!);
    const count = signatures.count[i]!;
    if (a === undefined || count > MINORITY * totals[a]!) continue;
    let group = groups.get(signatures.key[i]!);
    if (!group) groups.set(signatures.key[i]!, (group = { accounts: [], counts: [] }));
    group.accounts.push(a);
    group.counts.push(count);
  }
  return [...groups.values()]
    .filter((group) => group.accounts.length >= minAccounts)
    .map((group) => ({ ...group, score: evennessScore(group.counts) }))
    .filter((group) => group.score > MIN_SCORE)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_GROUPS)
    .map((group) => {
      const order = group.accounts.map((_, k) => k).sort((x, y) => group.accounts[x]! - group.accounts[y]!);
      return {
        members: Int32Array.from(order, (k) => group.accounts[k]!),
        strength: new Float64Array(order.length).fill(group.score / group.accounts.length / Math.LN10),
        by,
        usedContent: true,
      };
    });
}

/** Log likelihood of one zero-truncated Poisson less that of one zero-truncated geometric, both at their best mean. */
export function evennessScore(counts: readonly number[]): number {
  const mean = counts.reduce((sum, x) => sum + x, 0) / counts.length;
  if (mean <= 1) return 0;
  const rate = truncatedPoissonRate(mean);
  const stop = 1 / mean;
  let score = 0;
  for (const x of counts) {
    const poisson = x * Math.log(rate) - rate - logRisingFactorial(1, x) - Math.log(-Math.expm1(-rate));
    const geometric = Math.log(stop) + (x - 1) * Math.log1p(-stop);
    score += poisson - geometric;
  }
  return score;
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
