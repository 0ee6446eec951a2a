import type { TriageResult } from './score.js';
import { requireOption } from './triage-error.js';

/** Which of many texts to look at first: triage, never evidence. */
export interface Selection {
  /** Indices of the texts, ascending. */
  readonly selected: readonly number[];
  /** ln of the largest p-value selected; -Infinity when none is. */
  readonly logThreshold: number;
  /** Texts that took part: state it beside the result. What is unlike the corpus counts as p = 1; other abstentions, and known texts, do not. */
  readonly tried: number;
}

/**
 * Benjamini and Hochberg's procedure over the p-values of many texts: at most a share `rate` of those selected is expected
 * to be human texts drawn as the calibration texts were, each independently of the others. Conformal p-values against one
 * calibration set are positively dependent (PRDS), which is enough; the sets of different categories are independent.
 * Source: Bates, Candes, Lei, Romano and Sesia 2023, "Testing for outliers with conformal p-values", Annals of Statistics 51
 * (marginal conformal p-values are PRDS). Checked by a test that counts false selections.
 *
 * With n calibration texts no p-value is below 1 / (n + 1): of m texts none is selected unless k of them rank above all calibration
 * texts and k >= m / (rate (n + 1)).
 *
 * @throws PhalanxError `TRIAGE_OPTIONS` unless 0 < rate < 1.
 */
export function selectByBh(results: readonly TriageResult[], rate: number): Selection {
  requireOption(rate > 0 && rate < 1, `the rate must be in (0, 1), not ${rate}`);
  // Infinity where a text takes no part.
  const logPs = results.map(logPOf);
  const sorted = Float64Array.from(logPs.filter((logP) => logP <= 0)).sort();
  const tried = sorted.length;
  let logThreshold = Number.NEGATIVE_INFINITY;
  for (let k = tried; k >= 1; k--)
    if (sorted[k - 1]! <= Math.log((rate * k) / tried)) {
      logThreshold = sorted[k - 1]!;
      break;
    }
  const selected = logPs.flatMap((logP, i) => (logP <= logThreshold ? [i] : []));
  return { selected, logThreshold, tried };
}

/** Dropping what is unlike the corpus would make the rest look more numerous among fewer. */
function logPOf(result: TriageResult): number {
  if (result.known) return Number.POSITIVE_INFINITY;
  if (result.outcome === 'ranked') return result.logP;
  return result.reason === 'unlike-corpus' ? 0 : Number.POSITIVE_INFINITY;
}
