import { logRisingFactorial } from '@phalanx/stats';
import { columnTotals, rowTotals, type SparseCounts } from '../population/sparse-counts.js';
import type { Proposal } from './proposal.js';

export interface EvenMixtureOptions {
  /** Groups below this size are not proposed. */
  readonly minAccounts: number;
  /** Accounts with fewer exchanges say too little to be linked. */
  readonly minExchanges: number;
  /** Groups at most. */
  readonly maxGroups: number;
}

/** How concentrated honest accounts may be around the population's mix; 100 covers small apps with 30 customers. */
const HONEST_CONCENTRATION = [0.7, 2, 8, 30, 100];
const ROUNDS = 20;
const PRIOR_LOG_ODDS = -3;
const CLAIM = Math.log(0.99 / 0.01);

/**
 * Finds accounts whose requests look like draws from one common mixture: a pool that spreads many customers over its
 * accounts makes each account look like all of them together, while an honest account looks like itself.
 *
 * Expectation-maximisation over one mixture q at a time. Account a scores
 * L(a) = ln Mult(x_a; q) - max over kappa of ln DirMult(x_a; kappa pi), with pi the population's mix, which is an upper
 * bound of the evidence for q (the null takes its best concentration). What a group claims is removed before the next.
 *
 * @param history exchanges by account and shape cell
 */
export function proposeEvenMixtures(history: SparseCounts, options: EvenMixtureOptions): Proposal[] {
  const total = rowTotals(history);
  const population = smoothed(columnTotals(history), null);
  const honest = new Float64Array(history.rows);
  let open = new Int32Array(history.rows);
  let n = 0;
  for (let a = 0; a < history.rows; a++) if (total[a]! >= options.minExchanges) open[n++] = a;
  open = open.slice(0, n);
  for (const a of open) honest[a] = honestLogLikelihood(history, a, total[a]!, population);

  const proposals: Proposal[] = [];
  while (proposals.length < options.maxGroups && open.length >= options.minAccounts) {
    const score = fitMixture(history, open, honest, population);
    const members = open.filter((_, k) => score[k]! + PRIOR_LOG_ODDS >= CLAIM);
    if (members.length < options.minAccounts) break;
    const strength = score.filter((s) => s + PRIOR_LOG_ODDS >= CLAIM).map((s) => s / Math.LN10);
    proposals.push({ members, strength, by: 'even mixture of content' });
    const claimed = new Set(members);
    open = open.filter((a) => !claimed.has(a));
  }
  return proposals;
}

function fitMixture(
  history: SparseCounts,
  open: Int32Array,
  honest: Float64Array,
  population: Float64Array,
): Float64Array {
  const score = new Float64Array(open.length);
  const weight = new Float64Array(open.length);
  const logMix = population.map(Math.log);
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < open.length; k++) {
      const a = open[k]!;
      let logLikelihood = 0;
      for (let i = history.start[a]!; i < history.start[a + 1]!; i++)
        logLikelihood += history.count[i]! * logMix[history.column[i]!]!;
      score[k] = logLikelihood - honest[a]!;
      weight[k] = 1 / (1 + Math.exp(-Math.max(-40, Math.min(40, score[k]! + PRIOR_LOG_ODDS))));
    }
    const mix = smoothed(columnTotals(history, open, weight), population);
    for (let c = 0; c < mix.length; c++) logMix[c] = Math.log(mix[c]!);
  }
  return score;
}

/** max over kappa of ln DirMult(x; kappa pi), without the multinomial coefficient, which cancels in the score. */
function honestLogLikelihood(
  counts: SparseCounts,
  a: number,
  total: number,
  population: Float64Array,
): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const kappa of HONEST_CONCENTRATION) {
    let logLikelihood = -logRisingFactorial(kappa, total);
    for (let i = counts.start[a]!; i < counts.start[a + 1]!; i++)
      logLikelihood += logRisingFactorial(kappa * population[counts.column[i]!]!, counts.count[i]!);
    if (logLikelihood > best) best = logLikelihood;
  }
  return best;
}

/** Normalises counts after adding half a count a cell, or 2 % of a base mix, so that no cell is impossible. */
function smoothed(totals: Float64Array, base: Float64Array | null): Float64Array {
  const out = new Float64Array(totals.length);
  let sum = 0;
  for (let c = 0; c < totals.length; c++) sum += totals[c]! + (base ? 0 : 0.5);
  for (let c = 0; c < totals.length; c++)
    out[c] = base ? (0.98 * totals[c]!) / Math.max(sum, 1e-9) + 0.02 * base[c]! : (totals[c]! + 0.5) / sum;
  if (base && sum < 1e-9) out.set(base);
  return out;
}
