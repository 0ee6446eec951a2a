import { logMeanE, logRisingFactorial } from '@phalanx/stats';
import { fitNull } from './fitted-null.js';

/** One member's counts: inside the component and in all, before and during the slot. */
export interface ComponentCounts {
  readonly pastInside: Float64Array;
  readonly pastAll: Float64Array;
  readonly slotInside: Float64Array;
  readonly slotAll: Float64Array;
}

const MEMORIES = [1, 5, 19];
/** Honest drift: a slot that ignores the past. */
const FORGETFUL = [1, 5];
/** Dealt shares: whole sessions on one account, or request by request. */
const SHARED = [60, 5000];
/** Weights of the alternatives: as many requests for each account, and the two of `SHARED`. */
const PRIOR = [0.5, 0.25, 0.25];

/**
 * Is one kind of request dealt out evenly to accounts that otherwise differ?
 *
 * Null: each member has its own taste for the component. Given its past share, its slot follows a mixture, common to the
 * members and fitted in the null's favour, of beta-binomials with prior concentration at most 19 (intra-account
 * correlation at least 0.05; the smallest measured on honest users is 0.056) around seven means from "never" to "always",
 * or of slots that ignore the past at concentration at most 5. Alternative, half and half: everybody the same share of their traffic, or everybody the same number of requests, as a
 * least-recently-used scheduler deals them.
 *
 * Sees a pool whose accounts keep their own cover traffic, where whole profiles differ and `even-mixture` is blind.
 * @returns natural log of the e-value's increment for this slot
 */
export function stepComponentEvenness(counts: ComponentCounts): number {
  const n = counts.slotAll.length;
  let inside = 0;
  let all = 0;
  let slotTotal = 0;
  const rows: number[] = [];
  for (let m = 0; m < n; m++) {
    inside += counts.pastInside[m]!;
    all += counts.pastAll[m]!;
    slotTotal += counts.slotAll[m]!;
    if (counts.slotAll[m]! > 0) rows.push(m);
  }
  if (inside < 5 || rows.length < 10) return 0;
  const mean = Math.min(0.98, Math.max(1e-4, inside / all));
  const means = [1e-4, mean / 4, mean, Math.min(0.5, 4 * mean), 0.3, 0.7, 0.97];
  const kernels = means.length * (MEMORIES.length + FORGETFUL.length);
  const nullLog = new Float64Array(n * kernels);
  const evenCount = (mean * slotTotal) / n;
  const logAlternatives = new Float64Array(1 + SHARED.length);
  for (const m of rows) {
    const x = counts.slotInside[m]!;
    const all2 = counts.slotAll[m]!;
    let k = m * kernels;
    const pastIn = counts.pastInside[m]!;
    const pastOut = counts.pastAll[m]! - pastIn;
    for (const mu of means) {
      for (const kappa of MEMORIES)
        nullLog[k++] = logBetaBinomial(x, all2, kappa * mu + pastIn, kappa * (1 - mu) + pastOut);
      for (const kappa of FORGETFUL) nullLog[k++] = logBetaBinomial(x, all2, kappa * mu, kappa * (1 - mu));
    }
    // Poisson counts, divided by C(n, x) because the beta-binomials leave that coefficient out.
    logAlternatives[0]! +=
      x * Math.log(evenCount) - evenCount - logRisingFactorial(1, x) - logChoose(all2, x);
    for (const [i, kappa] of SHARED.entries())
      logAlternatives[i + 1]! += logBetaBinomial(x, all2, kappa * mean, kappa * (1 - mean));
  }
  const nullLogs = fitNull(nullLog, kernels, rows);
  return logMeanE(logAlternatives, PRIOR) - rows.reduce((sum, m) => sum + nullLogs[m]!, 0);
}

/** Without the binomial coefficient. */
function logBetaBinomial(x: number, n: number, a: number, b: number): number {
  return logRisingFactorial(a, x) + logRisingFactorial(b, n - x) - logRisingFactorial(a + b, n);
}

function logChoose(n: number, k: number): number {
  return logRisingFactorial(n - k + 1, k) - logRisingFactorial(1, k);
}
