/** Tenths of log10 of an e-value; null is an e-value of 0. */
export type Tenths = number | null;

/**
 * log10 e-value for "fewer than `u` of these labs' pools are as claimed", 1 <= u <= n: the product of the n - u + 1 smallest.
 *
 * Under that hypothesis at least n - u + 1 labs are null. The product of theirs is an e-value when, given the past, chance at one lab does
 * not depend on chance at another, and the product of the smallest n - u + 1 is never above it (Benjamini and Heller 2008, for
 * e-values Vovk and Wang 2021). Void where one exchange, or one event, moves the evidence of several labs.
 *
 * From u = 2 on it also bears one lab that says too much: whatever it says, the product of the n - 1 smallest is at most that of the others.
 */
export function combineLabs(evidence: readonly Tenths[], u: number): number {
  if (!(Number.isInteger(u) && u >= 1 && u <= evidence.length))
    throw new RangeError(`u = ${u} of ${evidence.length}`);
  const sorted = evidence.map((tenths) => tenths ?? Number.NEGATIVE_INFINITY).sort((a, b) => a - b);
  return sorted.slice(0, evidence.length - u + 1).reduce((sum, tenths) => sum + tenths, 0) / 10;
}

/**
 * log10 e-value that candidate `number` needs to be reported: number (number + 1) / alpha. The parts of alpha, alpha / (number (number + 1)),
 * add up to alpha over all candidates ever opened, and each is fixed when its candidate is opened. By Ville's inequality the probability
 * that any candidate is reported on any day as what it is not is at most alpha (`judgeCandidate`).
 */
export function neededLog10E(number: number, alpha: number): number {
  return Math.log10((number * (number + 1)) / alpha);
}

/**
 * The largest u for which "fewer than u" is rejected; 0 when none is. One level suffices for all u: where a false u passes, so does the
 * smallest false one, since dropping an e-value above 1 from a product above 1 lowers it.
 */
export function countProved(evidence: readonly Tenths[], neededLog10: number): number {
  for (let u = evidence.length; u >= 1; u--) if (combineLabs(evidence, u) >= neededLog10) return u;
  return 0;
}
