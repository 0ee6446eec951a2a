import { requireDomain, requireShape } from './stats-error.js';

/** What e-BH decided. */
export interface EbhResult {
  /** Indices of the rejected hypotheses, ascending. */
  readonly rejected: readonly number[];
  /** ln of the e-value (times its weight) at or above which a hypothesis is rejected; Infinity when none is. */
  readonly logThreshold: number;
  /** Hypotheses tried: state it beside the result. */
  readonly tried: number;
}

/**
 * The e-BH procedure: rejects the k largest e-values where k is the greatest with e_(k) >= m / (alpha k). False
 * discovery rate at most alpha (times the share of true nulls) under ARBITRARY dependence. Source: Wang and Ramdas
 * 2022, "False discovery rate control with e-values", JRSS-B 84, definition 1 and theorem 2.
 *
 * `logEs` natural logarithms of e-values (not running maxima of e-processes); `alpha` in (0, 1]. `weights`:
 * non-negative prior weights fixed without looking at these data, rescaled to mean 1; weight 0 never rejects.
 *
 * @throws PhalanxError `STATS_DOMAIN` on NaN, alpha or weights out of range; `STATS_SHAPE` when lengths differ.
 */
export function rejectByEbh(logEs: ArrayLike<number>, alpha: number, weights?: ArrayLike<number>): EbhResult {
  requireDomain(alpha > 0 && alpha <= 1, `alpha must be in (0, 1], not ${alpha}`);
  const tried = logEs.length;
  const weighted = Float64Array.from(logEs);
  if (weights !== undefined) {
    requireShape(weights.length === tried, 'one weight for each e-value');
    let total = 0;
    for (let i = 0; i < tried; i++) {
      requireDomain(weights[i]! >= 0 && Number.isFinite(weights[i]!), 'weights must be finite and >= 0');
      total += weights[i]!;
    }
    requireDomain(total > 0 || tried === 0, 'weights must not all be zero');
    for (let i = 0; i < tried; i++) {
      weighted[i] =
        weights[i] === 0 ? Number.NEGATIVE_INFINITY : weighted[i]! + Math.log((weights[i]! * tried) / total);
    }
  }
  for (const logE of weighted) requireDomain(!Number.isNaN(logE), 'a log e-value is NaN');

  const descending = weighted.slice().sort().reverse();
  let logThreshold = Number.POSITIVE_INFINITY;
  for (let k = tried; k >= 1; k--) {
    const level = Math.log(tried) - Math.log(alpha) - Math.log(k);
    if (descending[k - 1]! >= level) {
      logThreshold = level;
      break;
    }
  }
  const rejected: number[] = [];
  if (logThreshold < Number.POSITIVE_INFINITY)
    for (let i = 0; i < tried; i++) if (weighted[i]! >= logThreshold) rejected.push(i);
  return { rejected, logThreshold, tried };
}
