import { logBinomialUpperTail, logIncompleteGamma } from '@phalanx/stats';
import type { Pivot } from '../mark.js';

/** What one test of one key on one set of n-grams says. */
export interface MarkTest {
  /** Null: the key that was tested has nothing to do with how these tokens were chosen. */
  readonly logP: number;
  /** N-grams that counted. */
  readonly scored: number;
  /** Effect: mean score an n-gram over its mean under the null, minus 1; 0 without a mark. */
  readonly excess: number;
}

/**
 * Fixed-sample test of values that `Mark.read` returned, exact but for the conservative step that `Pivot` names:
 * sum of -ln(1 - u) against Gamma(n), greens against binomial(n, gamma), ones of all layers against binomial.
 * Computed in log space (vectors: `pvalues_scipy.json`); logP is 0 when nothing is scored.
 */
export function testMark(pivot: Pivot, values: Float64Array): MarkTest {
  switch (pivot.kind) {
    case 'uniform': {
      if (pivot.streams === 2) throw new RangeError('two streams are not read yet');
      let sum = 0;
      for (const u of values) sum -= Math.log1p(-u);
      const scored = values.length;
      if (scored === 0) return { logP: 0, scored, excess: 0 };
      return { logP: logIncompleteGamma(scored, sum).logUpper, scored, excess: sum / scored - 1 };
    }
    case 'green': {
      let greens = 0;
      for (const green of values) greens += green;
      const scored = values.length;
      const excess = scored === 0 ? 0 : greens / scored / pivot.gamma - 1;
      return { logP: logBinomialUpperTail(greens, scored, pivot.gamma), scored, excess };
    }
    case 'layers': {
      let ones = 0;
      for (const word of values) ones += countOnes(word);
      const scored = values.length / Math.ceil(pivot.layers / 32);
      const bits = scored * pivot.layers;
      const excess = bits === 0 ? 0 : ones / bits / 0.5 - 1;
      return { logP: logBinomialUpperTail(ones, bits, 0.5), scored, excess };
    }
  }
}

function countOnes(word: number): number {
  let w = word >>> 0;
  w -= (w >>> 1) & 0x55555555;
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
