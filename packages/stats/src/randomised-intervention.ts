import { type RandomizationResult, testByEnumeration, testByRandomization } from './permutation.js';
import type { Random } from './random.js';
import { logChoose } from './special.js';
import { requireDomain, requireInteger, requireShape } from './stats-error.js';

/**
 * How the treated accounts were drawn. `complete`: m of n, all sets equally likely, m as observed. `bernoulli`: each
 * account on its own with this probability in (0, 1), one for all or one an account.
 */
export type AssignmentDesign =
  | { readonly kind: 'complete' }
  | { readonly kind: 'bernoulli'; readonly probability: number | Float64Array };

/** One intervention: parallel arrays, one entry an account. */
export interface Intervention {
  /** Load (requests, tokens) before and after, same unit and window length; finite. */
  readonly before: ArrayLike<number>;
  readonly after: ArrayLike<number>;
  /** 1 where the account was treated, 0 where it was left alone, as the recorded draw says. */
  readonly treated: Uint8Array;
  readonly design: AssignmentDesign;
}

/** Designs with at most this many assignments are enumerated. */
export const ENUMERATION_LIMIT = 20_000;

/**
 * Exact test for load that moves from treated to untreated accounts (one hand steering both). Statistic: mean change
 * of control minus mean change of treated, in units of load; large when load shifts. Its null distribution is that of
 * the draw itself: enumerated when the design has at most 20,000 assignments, else Monte-Carlo with
 * p = (1 + #)/(1 + draws). Source: Fisher 1935; Imbens and Rubin 2015, chapter 5.
 *
 * H0 (sharp): each account's load is what it would have been under any other assignment. No model of the traffic is
 * assumed. An account that slows because its own requests were delayed violates H0 without any shift: compare the
 * after-window that follows the delay, or read the result as "treatment had an effect", not as "load moved".
 * Void when the recorded assignment was not drawn at random or accounts were chosen after it.
 *
 * @throws PhalanxError `STATS_SHAPE` when lengths differ, `STATS_DOMAIN` on loads that are not finite, treated not 0/1,
 *   probabilities outside (0, 1), or a complete design with an empty group.
 */
export function testLoadShift(
  intervention: Intervention,
  options: { readonly draws: number; readonly random: Random },
): RandomizationResult {
  const { before, after, treated, design } = intervention;
  const n = treated.length;
  requireShape(before.length === n && after.length === n, 'before, after and treated differ in length');
  const change = new Float64Array(n);
  let m = 0;
  let tieScale = 0;
  for (let i = 0; i < n; i++) {
    change[i] = after[i]! - before[i]!;
    requireDomain(Number.isFinite(change[i]), 'loads must be finite');
    requireInteger(treated[i]!, 'treated', 0, 1);
    m += treated[i]!;
    tieScale = Math.max(tieScale, Math.abs(change[i]!));
  }
  const statistic = (assignment: Uint8Array) => contrast(change, assignment);
  if (design.kind === 'complete') {
    requireDomain(m > 0 && m < n, 'a complete design needs treated and control accounts');
    if (logChoose(n, m) <= Math.log(ENUMERATION_LIMIT) + 1e-9)
      return testByEnumeration({ observed: treated, statistic, tieScale, assignments: subsets(n, m) });
    const scratch = treated.slice();
    const draw = (random: Random) => random.shuffle(scratch);
    return testByRandomization({ observed: treated, statistic, tieScale, draw, ...options });
  }
  const probability =
    typeof design.probability === 'number'
      ? new Float64Array(n).fill(design.probability)
      : design.probability;
  requireShape(probability.length === n, 'one probability for each account');
  for (const p of probability) requireDomain(p > 0 && p < 1, 'probabilities must be in (0, 1)');
  if (2 ** n <= ENUMERATION_LIMIT)
    return testByEnumeration({ observed: treated, statistic, tieScale, assignments: coinFlips(probability) });
  const scratch = new Uint8Array(n);
  const draw = (random: Random) => {
    for (let i = 0; i < n; i++) scratch[i] = random.bernoulli(probability[i]!) ? 1 : 0;
    return scratch;
  };
  return testByRandomization({ observed: treated, statistic, tieScale, draw, ...options });
}

/** Mean change of control minus mean change of treated; -Infinity when a group is empty, which never counts as evidence. */
function contrast(change: Float64Array, assignment: Uint8Array): number {
  let treatedSum = 0;
  let controlSum = 0;
  let m = 0;
  for (let i = 0; i < change.length; i++) {
    if (assignment[i] === 1) {
      treatedSum += change[i]!;
      m++;
    } else controlSum += change[i]!;
  }
  if (m === 0 || m === change.length) return Number.NEGATIVE_INFINITY;
  return controlSum / (change.length - m) - treatedSum / m;
}

/** Every m-subset of n as 0/1 marks, equally likely, in lexicographic order. The array is reused. */
function* subsets(n: number, m: number): Generator<{ assignment: Uint8Array; probability: number }> {
  const chosen = Array.from({ length: m }, (_, i) => i);
  const assignment = new Uint8Array(n);
  for (;;) {
    assignment.fill(0);
    for (const i of chosen) assignment[i] = 1;
    yield { assignment, probability: 1 };
    let i = m - 1;
    while (i >= 0 && chosen[i] === n - m + i) i--;
    if (i < 0) return;
    chosen[i]!++;
    for (let j = i + 1; j < m; j++) chosen[j] = chosen[j - 1]! + 1;
  }
}

/** Every outcome of independent flips with its probability. The array is reused. */
function* coinFlips(probability: Float64Array): Generator<{ assignment: Uint8Array; probability: number }> {
  const n = probability.length;
  const assignment = new Uint8Array(n);
  for (let code = 0; code < 2 ** n; code++) {
    let weight = 1;
    for (let i = 0; i < n; i++) {
      assignment[i] = (code >> i) & 1;
      weight *= assignment[i] === 1 ? probability[i]! : 1 - probability[i]!;
    }
    yield { assignment, probability: weight };
  }
}
