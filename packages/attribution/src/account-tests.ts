import { boundProportionBelow, logBinomialUpperTail, logHypergeometricUpperTail } from '@phalanx/stats';

/** Chance that the share of exclusive responses is overestimated; added to the p-values that rest on it. */
export const SHARE_RISK = 1e-15;

/** What a sample of stored responses, matched like rows of the data set, came to. */
export interface ProbeTally {
  readonly probes: number;
  /** Probes whose matches are one exchange: their own. */
  readonly single: number;
}

/** A lower bound of the share of stored responses that one account received, once; wrong with probability 1e-15 at most. */
export function boundExclusiveShare({ probes, single }: ProbeTally): number {
  return probes === 0 ? 0 : boundProportionBelow(single, probes, SHARE_RISK);
}

/**
 * ln of the p-value of "the exclusive items were drawn from the provider's exclusive responses without regard to account".
 *
 * Given how many exclusive items there are, those of the account are then binomial with its share of all exclusive responses:
 * at most what it received in all, over the lower bound of how many exclusive ones there are. (Drawing without replacement
 * has a lighter tail, Hoeffding 1963.) `SHARE_RISK` is added for the bound.
 *
 * @param items of the account, `allItems` of everybody
 * @param received by the account, `allReceived` by everybody
 */
export function testAccount(
  items: number,
  allItems: number,
  received: number,
  allReceived: number,
  exclusiveShare: number,
): number {
  if (items === 0) return 0;
  const share = Math.min(1, received / (allReceived * exclusiveShare));
  const tail = logBinomialUpperTail(items, allItems, Number.isNaN(share) ? 1 : share);
  return Math.min(
    0,
    Math.max(tail, Math.log(SHARE_RISK)) + Math.log1p(Math.exp(-Math.abs(tail - Math.log(SHARE_RISK)))),
  );
}

/**
 * ln of the p-value of "rows of the data set match no more often than rows of the control" (Fisher's exact test, one side): items
 * fall on the rows of both alike.
 */
export function testControl(items: number, rows: number, controlItems: number, controlRows: number): number {
  const all = items + controlItems;
  return logHypergeometricUpperTail(items, rows + controlRows, Math.min(all, rows + controlRows), rows);
}

/**
 * ln of the p-value of "whether a response is in the data set does not depend on whether it was given before the data set was
 * published": items given before are then binomial with the share of exchanges before.
 */
export function testPublication(
  before: number,
  after: number,
  receivedBefore: number,
  receivedAfter: number,
): number {
  if (before + after === 0) return 0;
  return logBinomialUpperTail(before, before + after, receivedBefore / (receivedBefore + receivedAfter));
}

/** Holm's adjusted p-values (1979), logarithms in and out: rejecting those at most alpha keeps the family-wise error at alpha. */
export function adjustByHolm(logPs: readonly number[], tried: number): number[] {
  const order = [...logPs.keys()].sort((a, b) => logPs[a]! - logPs[b]!);
  const adjusted = new Array<number>(logPs.length);
  let least = Number.NEGATIVE_INFINITY;
  order.forEach((index, rank) => {
    least = Math.max(least, Math.min(0, logPs[index]! + Math.log(tried - rank)));
    adjusted[index] = least;
  });
  return adjusted;
}

/**
 * How many discrete tests count as tried: the least K such that at most K of them could reach alpha / K at all (Tarone 1990).
 *
 * @param leastLogPs the least p-value that each can reach given its margins
 */
export function countTestable(leastLogPs: readonly number[], alpha: number): number {
  const sorted = [...leastLogPs].sort((a, b) => a - b);
  let tried = 1;
  while (tried < sorted.length && sorted[tried]! <= Math.log(alpha / tried)) tried++;
  return tried;
}
