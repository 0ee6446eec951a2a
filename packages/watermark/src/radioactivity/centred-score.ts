import { type Pivot, valuesPerNgram } from '../mark.js';

/**
 * One score an n-gram from the values that `Mark.read` gave, of mean 0 (at most 0 for conservative pivots) without a mark:
 * green - gamma; the mean of -ln(1 - u) over streams, minus 1; the mean of layers as -1 and 1.
 */
export function scoreValues(pivot: Pivot, values: Float64Array): Float64Array {
  const each = valuesPerNgram(pivot);
  const scores = new Float64Array(values.length / each);
  switch (pivot.kind) {
    case 'green':
      for (let i = 0; i < scores.length; i++) scores[i] = values[i]! - pivot.gamma;
      return scores;
    case 'uniform':
      for (let i = 0; i < values.length; i++) scores[Math.floor(i / each)]! -= Math.log1p(-values[i]!);
      for (let i = 0; i < scores.length; i++) scores[i] = scores[i]! / each - 1;
      return scores;
    case 'layers':
      for (let i = 0; i < values.length; i++) scores[Math.floor(i / each)]! += countOnes(values[i]!);
      for (let i = 0; i < scores.length; i++) scores[i] = (2 * scores[i]!) / pivot.layers - 1;
      return scores;
  }
}

/**
 * ln E exp(t s) of a score s under the null. For `uniform` t < streams, else Infinity. For t >= 0 no less than the truth where
 * the pivot is conservative.
 */
export function logTiltMean(pivot: Pivot, t: number): number {
  switch (pivot.kind) {
    case 'green':
      return Math.log1p(pivot.gamma * Math.expm1(t)) - pivot.gamma * t;
    case 'uniform':
      return t < pivot.streams
        ? -pivot.streams * Math.log1p(-t / pivot.streams) - t
        : Number.POSITIVE_INFINITY;
    case 'layers': {
      const a = Math.abs(t / pivot.layers);
      return pivot.layers * (a + Math.log1p(Math.expm1(-2 * a) / 2));
    }
  }
}

function countOnes(word: number): number {
  let w = word >>> 0;
  w -= (w >>> 1) & 0x55555555;
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
