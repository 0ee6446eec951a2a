import { columnTotals, type SparseCounts } from '../population/sparse-counts.js';

const ROUNDS = 15;
const RESTARTS = 3;
const MAX_PARTS = 12;
/** A split must predict the last day better than no split by this many standard errors. */
const STANDARD_ERRORS = 5;

/**
 * Splits accounts that draw from plainly different mixtures (two relays with different customers), recursively in two.
 * A split is fitted on the days before the last and kept only when it predicts the last day better than the undivided group does, so
 * that noise does not split a pool. Deterministic: restarts begin at fixed positions of the list.
 */
export function splitByMixture(
  members: Int32Array,
  history: SparseCounts,
  lastDay: SparseCounts,
  minAccounts: number,
): Int32Array[] {
  const done: Int32Array[] = [];
  const open = [members];
  while (open.length > 0) {
    const group = open.pop()!;
    const parts = done.length + open.length < MAX_PARTS ? splitInTwo(group, history, lastDay) : null;
    if (parts?.every((part) => part.length >= minAccounts)) open.push(...parts);
    else if (group.length >= minAccounts) done.push(group);
  }
  return done;
}

function splitInTwo(
  group: Int32Array,
  history: SparseCounts,
  lastDay: SparseCounts,
): [Int32Array, Int32Array] | null {
  let best: { logLikelihood: number; side: Uint8Array } | null = null;
  for (let restart = 0; restart < RESTARTS; restart++) {
    const side = Uint8Array.from(
      group,
      (_, k) => (Math.imul(k + 1, 2654435761 + restart * 40503) >>> 16) & 1,
    );
    let logLikelihood = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const logs = [0, 1].map((s) =>
        logMix(
          history,
          group.filter((_, k) => side[k] === s),
        ),
      );
      logLikelihood = 0;
      let moved = 0;
      for (let k = 0; k < group.length; k++) {
        const left = score(history, group[k]!, logs[0]!);
        const right = score(history, group[k]!, logs[1]!);
        const better = right > left ? 1 : 0;
        if (better !== side[k]) moved++;
        side[k] = better;
        logLikelihood += Math.max(left, right);
      }
      if (moved === 0) break;
    }
    if (!best || logLikelihood > best.logLikelihood) best = { logLikelihood, side };
  }
  const side = best!.side;
  const parts = [0, 1].map((s) => group.filter((_, k) => side[k] === s)) as [Int32Array, Int32Array];
  if (parts.some((part) => part.length === 0)) return null;
  const whole = logMix(history, group);
  const logs = parts.map((part) => logMix(history, part));
  let sum = 0;
  let squares = 0;
  for (let k = 0; k < group.length; k++) {
    const gain = score(lastDay, group[k]!, logs[side[k]!]!) - score(lastDay, group[k]!, whole);
    sum += gain;
    squares += gain * gain;
  }
  return sum > STANDARD_ERRORS * Math.sqrt(squares) ? parts : null;
}

function logMix(counts: SparseCounts, rows: Int32Array): Float64Array {
  const totals = columnTotals(counts, rows);
  let sum = 0;
  for (const value of totals) sum += value + 0.5;
  return totals.map((value) => Math.log((value + 0.5) / sum));
}

function score(counts: SparseCounts, row: number, logs: Float64Array): number {
  let value = 0;
  for (let i = counts.start[row]!; i < counts.start[row + 1]!; i++)
    value += counts.count[i]! * logs[counts.column[i]!]!;
  return value;
}
