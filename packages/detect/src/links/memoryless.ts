import { logRisingFactorial } from '@phalanx/stats';
import type { SparseCounts } from '../population/sparse-counts.js';
import type { Proposal } from './proposal.js';
import { splitByMixture } from './split-by-mixture.js';

/** Honest: the past matters, whatever the concentration up to 100, or one fresh subject today. */
const REMEMBERING = [0.7, 2, 5, 12, 30, 60, 100];
const FORGETFUL = 1;
/** Dealt out: a fresh draw from the population's mix every day; 8 to 60 allows for whole sessions on one account. */
const FRESH = [8, 14, 25, 60];
const CORE = 7.6;
const POSTERIOR_LOG_ODDS = Math.log(9);

/**
 * Scores every account, day after day, by how little its own past says about its next day.
 *
 * A customer, a product and even a small app with thirty customers resemble themselves; an account that a scheduler feeds
 * with whoever comes next does not, even when whole sessions stay on one account.
 *
 * The score is a log likelihood ratio whose null takes its best parameters, so honest accounts drift down.
 */
export class MemoryScore {
  readonly score: Float64Array;

  constructor(accounts: number) {
    this.score = new Float64Array(accounts);
  }

  /** @param mix the population's share of each cell up to now, no zero */
  addDay(history: SparseCounts, day: SparseCounts, mix: Float64Array): void {
    const past = new Float64Array(day.columns);
    for (let a = 0; a < day.rows; a++) {
      const from = day.start[a]!;
      const to = day.start[a + 1]!;
      if (from === to) continue;
      let pastTotal = 0;
      for (let i = history.start[a]!; i < history.start[a + 1]!; i++) {
        past[history.column[i]!] = history.count[i]!;
        pastTotal += history.count[i]!;
      }
      if (pastTotal > 0) this.score[a]! += dayScore(day, from, to, past, pastTotal, mix);
      for (let i = history.start[a]!; i < history.start[a + 1]!; i++) past[history.column[i]!] = 0;
    }
  }
}

function dayScore(
  day: SparseCounts,
  from: number,
  to: number,
  past: Float64Array,
  pastTotal: number,
  mix: Float64Array,
): number {
  let total = 0;
  for (let i = from; i < to; i++) total += day.count[i]!;
  const logDirichlet = (kappa: number, remember: number): number => {
    let value = -logRisingFactorial(kappa + remember * pastTotal, total);
    for (let i = from; i < to; i++) {
      const c = day.column[i]!;
      value += logRisingFactorial(kappa * mix[c]! + remember * past[c]!, day.count[i]!);
    }
    return value;
  };
  let honest = logDirichlet(FORGETFUL, 0);
  for (const kappa of REMEMBERING) honest = Math.max(honest, logDirichlet(kappa, 1));
  const fresh = FRESH.map((kappa) => logDirichlet(kappa, 0));
  const top = Math.max(...fresh);
  return top + Math.log(fresh.reduce((sum, f) => sum + Math.exp(f - top), 0) / FRESH.length) - honest;
}

/**
 * Proposes the accounts without memory, split where they plainly draw from different mixtures. The prior odds come from
 * the share of accounts beyond doubt; nothing is proposed while those are fewer than `minAccounts`.
 */
export function proposeMemoryless(
  scores: MemoryScore,
  history: SparseCounts,
  lastDay: SparseCounts,
  minAccounts: number,
): Proposal[] {
  const { score } = scores;
  let core = 0;
  for (const s of score) if (s >= CORE) core++;
  if (core < minAccounts) return [];
  const prior = Math.min(0.5, (1.2 * core) / score.length);
  const claim = POSTERIOR_LOG_ODDS - Math.log(prior / (1 - prior));
  const members: number[] = [];
  score.forEach((s, a) => {
    if (s >= claim) members.push(a);
  });
  return splitByMixture(Int32Array.from(members), history, lastDay, minAccounts).map((part) => ({
    members: part,
    strength: Float64Array.from(part, (a) => score[a]! / Math.LN10),
    by: 'no memory of their own',
  }));
}
