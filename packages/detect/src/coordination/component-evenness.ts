import { logRisingFactorial } from '@phalanx/stats';
import { fitMixtureLogs } from './even-mixture-test.js';

/** One member's counts: inside the component and in all, before and during the slot. */
export interface ComponentCounts {
  readonly pastInside: Float64Array;
  readonly pastAll: Float64Array;
  readonly slotInside: Float64Array;
  readonly slotAll: Float64Array;
}

const MEMORIES = [1, 5, 19];

/**
 * Is one kind of request dealt out evenly to accounts that otherwise differ?
 *
 * Null: each member has its own taste for the component. Given its past share, its slot follows a mixture, common to the
 * members and fitted in the null's favour, of beta-binomials with prior concentration at most 19 (intra-account
 * correlation at least 0.05; the smallest measured on honest users is 0.056) around seven means from "never" to "always".
 * Alternative, half and half: everybody the same share of their traffic, or everybody the same number of requests, as a
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
  const kernels = means.length * MEMORIES.length;
  const nullLog = new Float64Array(n * kernels);
  const evenCount = (mean * slotTotal) / n;
  let logPooled = 0;
  for (const m of rows) {
    const x = counts.slotInside[m]!;
    const all2 = counts.slotAll[m]!;
    let k = m * kernels;
    for (const mu of means)
      for (const kappa of MEMORIES)
        nullLog[k++] = logBetaBinomial(
          x,
          all2,
          kappa * mu + counts.pastInside[m]!,
          kappa * (1 - mu) + counts.pastAll[m]! - counts.pastInside[m]!,
        );
    const shares = [60, 5000].map((kappa) => logBetaBinomial(x, all2, kappa * mean, kappa * (1 - mean)));
    // Poisson counts, divided by C(n, x) because the beta-binomials leave that coefficient out.
    const dealt = x * Math.log(evenCount) - evenCount - logRisingFactorial(1, x) - logChoose(all2, x);
    const top = Math.max(dealt, ...shares);
    const odds = shares.reduce((sum, share) => sum + Math.exp(share - top) / 4, Math.exp(dealt - top) / 2);
    logPooled += top + Math.log(odds);
  }
  const nullMixture = fitMixtureLogs(nullLog, kernels, rows);
  return rows.reduce((sum, m) => sum - nullMixture[m]!, logPooled);
}

/** Without the binomial coefficient. */
function logBetaBinomial(x: number, n: number, a: number, b: number): number {
  return logRisingFactorial(a, x) + logRisingFactorial(b, n - x) - logRisingFactorial(a + b, n);
}

function logChoose(n: number, k: number): number {
  return logRisingFactorial(n - k + 1, k) - logRisingFactorial(1, k);
}
