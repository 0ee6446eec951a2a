import { logGamma, logMeanE, type Random } from '@phalanx/stats';
import { demand, requireInteger } from './black-box-error.js';
import type { TestResult } from './test-result.js';

/** A text of the owner's training data, and what models say of it. */
export interface OrderedText {
  /** Place in the order of training; any increasing scale. */
  readonly position: number;
  /** ln of the probability that the suspect gives it, a token. */
  readonly logLikelihood: number;
  /** The same of a model that did not see this order, or null. For all texts or for none. */
  readonly reference: number | null;
}

export interface OrderOptions {
  readonly random: Random;
  /** Whether `drawOrder` made the order; else the owner's word stands for the shuffle. Default false. */
  readonly drawn?: boolean;
}

export interface OrderResult extends TestResult {
  /** Rank correlation of position and likelihood, the reference partialled out. */
  readonly correlation: number;
}

/** In standard deviations of the statistic under the null: what the e-value bets on. */
const BETS = [0.5, 1, 2, 4, 8, 16, 32, 64] as const;

/**
 * Whether a model remembers the order of our training: what was seen late it knows better (palimpsestic memorisation, arXiv 2510.19796). The order was drawn at random, so
 * that under the null positions are a random permutation whatever the texts and the model are; no control is needed.
 *
 * Statistic: `S = sum a_i (U_i - 1/2)`. `a_i` are the centred ranks of the suspect's log-likelihoods, less their regression on the reference's ranks. `U` are as
 * many independent uniform numbers as there are texts, drawn by `random` and given out in the order of positions: so they are independent and uniform exactly when
 * positions are a random permutation. P-value: `min over t of exp(-t S) prod sinh(t a_i / 2) / (t a_i / 2)` (Chernoff), an upper bound at every depth, about
 * ten times the exact one; e-value: the mean of the same for fixed `t`.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for fewer than eight texts, equal positions, or numbers that are not finite
 */
export function testOrder(
  texts: readonly OrderedText[],
  { random, drawn = false }: OrderOptions,
): OrderResult {
  requireInteger(texts.length, 'texts', 8, 10_000_000);
  const referenced = texts.filter(({ reference }) => reference !== null).length;
  demand(
    referenced === 0 || referenced === texts.length,
    'BLACK_BOX_ARGUMENT',
    'a reference for some texts only',
    'Ask it for all, or leave it out.',
  );
  const positions = rank(texts.map(({ position }) => position));
  demand(
    new Set(positions).size === positions.length,
    'BLACK_BOX_ARGUMENT',
    'two texts with one position',
    'Order them.',
  );
  const own = rank(texts.map(({ logLikelihood }) => logLikelihood));
  const weights =
    referenced === 0 ? own : takeOut(own, rank(texts.map(({ reference }) => reference ?? Number.NaN)));
  const uniforms = Float64Array.from(texts, () => random.uniform()).sort();
  const middle = (texts.length - 1) / 2;
  let score = 0;
  for (const [i, weight] of weights.entries()) score += weight * (uniforms[positions[i]! + middle]! - 0.5);
  const logP = boundTail(weights, score);
  const correlation = correlate(weights, positions);
  return {
    test: 'order',
    question: 'descent',
    standing: drawn ? 'proof' : 'triage',
    null: 'How likely the suspect finds the texts does not depend on the order in which our model was trained on them.',
    logP,
    logE: betOn(weights, score),
    logLeastP: -logGamma(texts.length + 1),
    effect: { name: 'rank correlation of training position and likelihood', value: correlation },
    counted: texts.length,
    voidedBy: drawn
      ? 'A commitment made after the suspect existed, or after its likelihoods were known: then the seed could be tried out, and one try in a million gives p of one in a million. Texts that somebody picked knowing the answers.'
      : 'An order that is no random shuffle: sorted by date, source or length, or picked by the owner. Texts that somebody picked knowing the answers.',
    cautions:
      new Set(own).size * 2 < own.length
        ? ['More than half of the likelihoods are equal to others: the host may round or cap them.']
        : [],
    correlation,
  };
}

/** Ranks from -(n - 1) / 2 to (n - 1) / 2, ties sharing their mean. */
function rank(values: readonly number[]): Float64Array {
  demand(values.every(Number.isFinite), 'BLACK_BOX_ARGUMENT', 'not a finite number', 'Leave the text out.');
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - order.length) / 2;
    from = to;
  }
  return ranks;
}

/** What is left of centred numbers after regression on others. */
function takeOut(of: Float64Array, on: Float64Array): Float64Array {
  let [product, square] = [0, 0];
  for (let i = 0; i < of.length; i++) {
    product += of[i]! * on[i]!;
    square += on[i]! ** 2;
  }
  const slope = square === 0 ? 0 : product / square;
  return of.map((value, i) => value - slope * on[i]!);
}

function correlate(a: Float64Array, b: Float64Array): number {
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    first += a[i]! ** 2;
    second += b[i]! ** 2;
  }
  return first === 0 || second === 0 ? 0 : product / Math.sqrt(first * second);
}

/** ln of E exp(t sum a_i (U_i - 1/2)) for independent uniform U. */
function logMoment(weights: Float64Array, t: number): number {
  let sum = 0;
  for (const weight of weights) {
    const x = Math.abs(t * weight) / 2;
    // ln(sinh x / x); the series is good to 1e-16 below 0.03.
    sum += x < 0.03 ? (x * x) / 6 - x ** 4 / 180 : x + Math.log1p(-Math.exp(-2 * x)) - Math.log(2 * x);
  }
  return sum;
}

function deviationOf(weights: Float64Array): number {
  let square = 0;
  for (const weight of weights) square += weight * weight;
  return Math.sqrt(square / 12);
}

/** Of the search: the interval shrinks to 1e-6 of its length. */
const STEPS = 30;

/** ln of the Chernoff bound, by golden section over ln t: every t gives a bound, so the search need not be exact. */
function boundTail(weights: Float64Array, score: number): number {
  const deviation = deviationOf(weights);
  if (score <= 0 || deviation === 0) return 0;
  const at = (logT: number) => logMoment(weights, Math.exp(logT)) - Math.exp(logT) * score;
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(1e-3 / deviation);
  let high = Math.log(1e4 / deviation);
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [valueLeft, valueRight] = [at(left), at(right)];
  let best = 0;
  for (let step = 0; step < STEPS; step++) {
    best = Math.min(best, valueLeft, valueRight);
    if (valueLeft < valueRight) {
      [high, right, valueRight] = [right, left, valueLeft];
      left = high - golden * (high - low);
      valueLeft = at(left);
    } else {
      [low, left, valueLeft] = [left, right, valueRight];
      right = low + golden * (high - low);
      valueRight = at(right);
    }
  }
  return best;
}

/** ln of the mean over fixed bets of exp(t S) / E exp(t S). */
function betOn(weights: Float64Array, score: number): number {
  const deviation = deviationOf(weights);
  if (deviation === 0) return 0;
  return logMeanE(BETS.map((bet) => (bet / deviation) * score - logMoment(weights, bet / deviation)));
}
