import {
  logBinomialUpperTail,
  logIncompleteGamma,
  logTwoGammaUpperTail,
  logWeightedBinomialUpperTail,
} from '@phalanx/stats';
import type { Mark, Pivot } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { demand, requireInteger } from '../watermark-error.js';
import { countRows } from './rows.js';

/** What one test of one key on one set of n-grams says. */
export interface MarkTest {
  /** Null: the key that was tested has nothing to do with how these tokens were chosen. */
  readonly logP: number;
  /** N-grams that counted. */
  readonly scored: number;
  /** Effect: mean score an n-gram over its mean under the null, minus 1; 0 without a mark. */
  readonly excess: number;
}

/** Settings of the fixed-sample test; whatever is chosen before the values are seen leaves it valid. */
export interface MarkTestOptions {
  /** Two streams: the weight b of the second in (1 - b) S_A + b S_B, in [0, 1]; 1/2 weighs them alike. Default 0.1, the share of tokens that dual-key dialects give their second key. */
  readonly secondShare?: number;
  /** Layers: a positive integer weight a layer. Default: all alike. */
  readonly layerWeights?: ArrayLike<number>;
  /** Green lists: tokens that share a context share a list, so greens of one context are drawn without replacement. */
  readonly withoutReplacement?: boolean;
}

/** Share of tokens that dual-key dialects route to their second key by default. */
export const SECOND_SHARE = 0.1;

const MAX_LAYER_WEIGHT = 10_000;

/**
 * Fixed-sample test of values that `Mark.read` returned, exact but for the conservative step that `Pivot` names, in log
 * space; logP is 0 when nothing is scored.
 *
 * - `uniform`: sum of -ln(1 - u) against Gamma(n); with two streams the sums S_A and S_B, weighted, against the exact
 *   law of the sum of two gammas of different scales (a gamma of the same mean and variance, as others use, has too light a tail).
 * - `green`: greens against binomial(n, gamma). Where lists are shared, the count is a sum of hypergeometric ones, each a sum of
 *   independent Bernoulli variables (Vatutin and Mikhailov 1982), and such a sum of mean n gamma exceeds c with at most the
 *   binomial's probability for every c >= n gamma + 1 (Hoeffding 1956, theorem 4). Below, `withoutReplacement` gives 1, since
 *   there the binomial may be too small; without it such p-values, none below about 0.3, are not bounds.
 * - `layers`: ones against binomial(n layers, 1/2), or their weighted sum against its own law.
 *
 * Vectors: `pvalues_scipy.json` and mpmath, in conformance suite `watermark-statistics`.
 *
 * @throws PhalanxError `MARK_ARGUMENT` on values that the pivot cannot have, or options out of range.
 */
export function testMark(pivot: Pivot, values: Float64Array, options: MarkTestOptions = {}): MarkTest {
  const scored = countRows(pivot, values);
  if (scored === 0) return { logP: 0, scored, excess: 0 };
  switch (pivot.kind) {
    case 'uniform':
      return pivot.streams === 1
        ? testSum(sumExponentials(values, 0, 1), scored)
        : testTwoStreams(values, scored, options.secondShare ?? SECOND_SHARE);
    case 'green': {
      const greens = sumValues(values);
      const surely = options.withoutReplacement === true && greens < scored * pivot.gamma + 1;
      return {
        logP: surely ? 0 : logBinomialUpperTail(greens, scored, pivot.gamma),
        scored,
        excess: greens / scored / pivot.gamma - 1,
      };
    }
    case 'layers':
      return testLayers(values, scored, pivot.layers, options.layerWeights);
  }
}

/**
 * The test of one key on n-grams: the mark's own where it has one (`Mark.test`), else `testMark` on what it reads of its distinct
 * n-grams, with its share of the second stream, and `withoutReplacement` wherever n-grams, and not contexts, count once.
 */
export function testKey(mark: Mark, ngrams: Ngrams, options: MarkTestOptions = {}): MarkTest {
  if (mark.test !== undefined) return mark.test(ngrams);
  const values = mark.read(mark.distinct?.(ngrams) ?? ngrams);
  return testMark(mark.pivot, values, {
    secondShare: mark.secondShare ?? SECOND_SHARE,
    withoutReplacement: mark.unit === 'ngram',
    ...options,
  });
}

/**
 * Weights that fall linearly from 10 to 1, the first layer's first, as integers in ratio (SynthID's weighted mean): early layers
 * see the whole distribution and carry more.
 */
export function linearLayerWeights(layers: number): Int32Array {
  requireInteger(layers, 'layers', 1, 1024);
  if (layers === 1) return Int32Array.of(1);
  const unit = (layers - 1) % 9 === 0 ? 9 : (layers - 1) % 3 === 0 ? 3 : 1;
  return Int32Array.from({ length: layers }, (_, l) => (10 * (layers - 1) - 9 * l) / unit);
}

function testSum(sum: number, scored: number): MarkTest {
  return { logP: logIncompleteGamma(scored, sum).logUpper, scored, excess: sum / scored - 1 };
}

function testTwoStreams(values: Float64Array, scored: number, share: number): MarkTest {
  demand(
    share >= 0 && share <= 1,
    'MARK_ARGUMENT',
    'the share of the second stream is in [0, 1]',
    'Take the share of the profile.',
  );
  const a = sumExponentials(values, 0, 2);
  const b = sumExponentials(values, 1, 2);
  if (share === 0) return testSum(a, scored);
  if (share === 1) return testSum(b, scored);
  const sum = (1 - share) * a + share * b;
  const logP = logTwoGammaUpperTail(
    sum,
    { shape: scored, scale: 1 - share },
    { shape: scored, scale: share },
  );
  return { logP, scored, excess: sum / scored - 1 };
}

function testLayers(
  values: Float64Array,
  scored: number,
  layers: number,
  weights: ArrayLike<number> | undefined,
): MarkTest {
  if (weights === undefined) {
    let ones = 0;
    for (const word of values) ones += countOnes(word);
    const bits = scored * layers;
    return { logP: logBinomialUpperTail(ones, bits, 0.5), scored, excess: ones / bits / 0.5 - 1 };
  }
  demand(weights.length === layers, 'MARK_ARGUMENT', 'one weight a layer', 'Give as many weights as layers.');
  const words = Math.ceil(layers / 32);
  let total = 0;
  let sum = 0;
  for (let layer = 0; layer < layers; layer++) {
    requireInteger(weights[layer]!, 'layer weight', 1, MAX_LAYER_WEIGHT);
    total += weights[layer]!;
    let ones = 0;
    for (let at = layer >> 5; at < values.length; at += words) ones += (values[at]! >>> (layer & 31)) & 1;
    sum += weights[layer]! * ones;
  }
  const logP = logWeightedBinomialUpperTail(sum, weights, scored, 0.5);
  return { logP, scored, excess: sum / scored / (total / 2) - 1 };
}

/** Sum of -ln(1 - u) over every `stride`th value: one logarithm for sixteen factors, none below 2^-53. */
function sumExponentials(values: Float64Array, from: number, stride: number): number {
  let sum = 0;
  let product = 1;
  let factors = 0;
  for (let i = from; i < values.length; i += stride) {
    const rest = 1 - values[i]!;
    if (!(rest > 0 && rest <= 1)) requireUniform(values[i]!);
    product *= rest;
    if (++factors === 16) {
      sum -= Math.log(product);
      product = 1;
      factors = 0;
    }
  }
  return sum - Math.log(product) + 0;
}

function requireUniform(value: number): void {
  demand(
    false,
    'MARK_ARGUMENT',
    `a uniform value is in [0, 1), not ${value}`,
    'Use values that Mark.read gave.',
  );
}

function sumValues(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function countOnes(word: number): number {
  let w = word >>> 0;
  w -= (w >>> 1) & 0x55555555;
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
