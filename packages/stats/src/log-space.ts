/** Natural logarithm to base 10: divide by ln 10. Relative error below 3e-16. */
export function toLog10(ln: number): number {
  return ln / Math.LN10;
}

/** Base 10 to natural logarithm. Relative error below 3e-16. */
export function fromLog10(log10: number): number {
  return log10 * Math.LN10;
}

/**
 * ln(1 - e^x) for x <= 0; -Infinity at 0, NaN above. Relative error below 4e-16 by switching between `log1p` and
 * `log(-expm1)` at -ln 2 (Maechler 2012, "Accurately computing log(1 - exp(-|a|))").
 */
export function log1mexp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}

/**
 * ln(sum of e^x) over natural logarithms; -Infinity for an empty list. Never overflows. Absolute error below
 * n * 2e-16 for n terms.
 */
export function logSumExp(logs: ArrayLike<number>): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logs.length; i++) {
    if (Number.isNaN(logs[i]!)) return Number.NaN;
    if (logs[i]! > peak) peak = logs[i]!;
  }
  if (!Number.isFinite(peak)) return peak;
  let sum = 0;
  for (let i = 0; i < logs.length; i++) sum += Math.exp(logs[i]! - peak);
  return peak + Math.log(sum);
}

/** ln(e^a + e^b). */
export function logAddExp(a: number, b: number): number {
  const high = Math.max(a, b);
  if (!Number.isFinite(high)) return high;
  return high + Math.log1p(Math.exp(-Math.abs(a - b)));
}
