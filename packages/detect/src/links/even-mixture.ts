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
const LARGE_SHARE = 0.02;
const PASSES = 5;
const TABULATED = 4;

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
  let open = new Int32Array(history.rows);
  let n = 0;
  for (let a = 0; a < history.rows; a++) if (total[a]! >= options.minExchanges) open[n++] = a;
  open = open.slice(0, n);

  let baseline = baselineOf(history, open, total, new Set());
  const proposals: Proposal[] = [];
  while (proposals.length < options.maxGroups && open.length >= options.minAccounts) {
    let group = claim(history, open, baseline);
    // A large group is part of the mix that its members are held against; without it they stand out more.
    for (let pass = 0; pass < PASSES && group.members.length >= LARGE_SHARE * open.length; pass++) {
      const without = baselineOf(history, open, total, new Set(group.members));
      const next = claim(history, open, without);
      if (next.members.length <= group.members.length) break;
      baseline = without;
      group = next;
    }
    if (group.members.length < options.minAccounts) break;
    proposals.push({ ...group, by: 'even mixture of content' });
    const claimed = new Set(group.members);
    open = open.filter((a) => !claimed.has(a));
  }
  return proposals;
}

/** What accounts are held against: everybody's mix, and the best that it can say of each. */
interface Baseline {
  readonly mix: Float64Array;
  /** By account number: max over kappa of ln DirMult(x; kappa pi), but for the multinomial coefficient, which cancels in the score. */
  readonly honest: Float64Array;
}

function baselineOf(
  history: SparseCounts,
  open: Int32Array,
  total: Float64Array,
  without: ReadonlySet<number>,
): Baseline {
  const others = without.size === 0 ? undefined : Int32Array.from(rowsBut(history.rows, without));
  const mix = smoothed(columnTotals(history, others), null);
  const honest = new Float64Array(history.rows).fill(Number.NEGATIVE_INFINITY);
  for (const kappa of HONEST_CONCENTRATION) {
    const rising = tabulateRising(mix, kappa);
    for (const a of open)
      honest[a] = Math.max(honest[a]!, honestLogLikelihood(history, a, total[a]!, kappa, rising));
  }
  return { mix, honest };
}

function* rowsBut(rows: number, without: ReadonlySet<number>): Generator<number> {
  for (let a = 0; a < rows; a++) if (!without.has(a)) yield a;
}

function claim(
  history: SparseCounts,
  open: Int32Array,
  { mix, honest }: Baseline,
): Pick<Proposal, 'members' | 'strength'> {
  const score = fitMixture(history, open, honest, mix);
  const isClaimed = (s: number): boolean => s + PRIOR_LOG_ODDS >= CLAIM;
  return {
    members: open.filter((_, k) => isClaimed(score[k]!)),
    strength: score.filter(isClaimed).map((s) => s / Math.LN10),
  };
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

function honestLogLikelihood(
  counts: SparseCounts,
  a: number,
  total: number,
  kappa: number,
  rising: RisingTable,
): number {
  let logLikelihood = -logRisingFactorial(kappa, total);
  for (let i = counts.start[a]!; i < counts.start[a + 1]!; i++)
    logLikelihood += rising(counts.column[i]!, counts.count[i]!);
  return logLikelihood;
}

/** ln of the rising factorial of kappa times a cell's share; most counts are small, and looked up. */
type RisingTable = (column: number, count: number) => number;

function tabulateRising(mix: Float64Array, kappa: number): RisingTable {
  const table = new Float64Array(mix.length * TABULATED);
  for (let c = 0; c < mix.length; c++)
    for (let n = 1; n <= TABULATED; n++)
      table[c * TABULATED + n - 1] = logRisingFactorial(kappa * mix[c]!, n);
  return (column, count) =>
    count <= TABULATED
      ? table[column * TABULATED + count - 1]!
      : logRisingFactorial(kappa * mix[column]!, count);
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
