import { logMeanE, logRisingFactorial } from '@phalanx/stats';
import { columnTotals, type SparseCounts } from '../population/sparse-counts.js';
import { fitNull } from './fitted-null.js';

/** Honest individuality: an account is a Dirichlet draw around a base mix; 100 is a small app with thirty customers. */
const REMEMBERING = [0.7, 2, 5, 12, 30, 60, 100];
/** Honest drift: a slot unlike the account's past, on one subject. */
const FORGETFUL = [1];
/** One hand: every account draws afresh from the pool's mix; 12 allows for whole sessions staying on one account. */
const POOLED = [12, 40, 150, 2000];

/**
 * Does an account's past say anything about its next slot that the pool's mix does not already say?
 *
 * Null: each member is a person or product of its own. Given its past counts x1, its slot x2 follows some mixture, common
 * to the members, of Dirichlet-multinomial laws DM(x2 | kappa b + x1) with kappa <= 100 around the population's mix or
 * around the pool's own mix (a common cause: one campus, one subject), or of single-subject slots that ignore the past.
 * The mixture weights are fitted to the very data being tested, in the null's favour, so the bet is valid for every
 * member of that family. Alternative: members draw afresh from the pool's mix, whoever they are.
 *
 * Valid whatever proposed the pool from data before the slot, because both laws are conditional on each member's past.
 * What would void it: honest accounts more alike than concentration 100 allows (many keys of one application with one
 * prompt template), which is why the one-application gate exists; and accounts that renew half of a broad taste
 * (concentration 9) from one slot to the next, which nothing tells from being dealt whole sessions.
 *
 * @returns natural log of the e-value's increment; 0 when no member has traffic in the slot
 */
export function stepEvenMixture(
  members: Int32Array,
  history: SparseCounts,
  slot: SparseCounts,
  population: Float64Array,
): number {
  const columns = slot.columns;
  const own = normalise(columnTotals(history, members), columns, population);
  const kernels = 2 * (REMEMBERING.length + FORGETFUL.length);
  const nullLog = new Float64Array(members.length * kernels);
  /** Over all members: one entry a concentration, and one for each member having its own. */
  const pooledLogs = new Float64Array(POOLED.length + 1);
  const active: number[] = [];
  const past = new Map<number, number>();

  for (let m = 0; m < members.length; m++) {
    const a = members[m]!;
    const from = slot.start[a]!;
    const to = slot.start[a + 1]!;
    if (from === to) continue;
    active.push(m);
    past.clear();
    let pastTotal = 0;
    for (let i = history.start[a]!; i < history.start[a + 1]!; i++) {
      past.set(history.column[i]!, history.count[i]!);
      pastTotal += history.count[i]!;
    }
    let slotTotal = 0;
    for (let i = from; i < to; i++) slotTotal += slot.count[i]!;
    const logDirichlet = (base: Float64Array, kappa: number, remember: boolean): number => {
      let value = -logRisingFactorial(kappa + (remember ? pastTotal : 0), slotTotal);
      for (let i = from; i < to; i++) {
        const c = slot.column[i]!;
        value += logRisingFactorial(kappa * base[c]! + (remember ? (past.get(c) ?? 0) : 0), slot.count[i]!);
      }
      return value;
    };
    let k = m * kernels;
    for (const base of [population, own]) {
      for (const kappa of REMEMBERING) nullLog[k++] = logDirichlet(base, kappa, true);
      for (const kappa of FORGETFUL) nullLog[k++] = logDirichlet(base, kappa, false);
    }
    const pooled = POOLED.map((kappa) => logDirichlet(own, kappa, false));
    for (const [i, log] of [...pooled, logMeanE(pooled)].entries()) pooledLogs[i]! += log;
  }

  const nullLogs = fitNull(nullLog, kernels, active);
  return logMeanE(pooledLogs) - active.reduce((sum, m) => sum + nullLogs[m]!, 0);
}

function normalise(totals: Float64Array, columns: number, base: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  let sum = 0;
  for (const value of totals) sum += value;
  for (let c = 0; c < columns; c++)
    out[c] = (0.98 * (c < totals.length ? totals[c]! : 0)) / Math.max(sum, 1e-9) + 0.02 * base[c]!;
  return out;
}
