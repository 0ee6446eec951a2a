import type { Random } from '@phalanx/stats';
import type { Mark } from '../mark.js';

/** A text whose every token is drawn from a fresh random distribution over `vocabulary` tokens, as the mark shapes it. */
export function writeText(mark: Mark, length: number, vocabulary: number, random: Random): Int32Array {
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const text = new Int32Array(length);
  const uniform = () => random.uniform();
  for (let at = 0; at < length; at++) {
    const logProbabilities = Float64Array.from(tokens, () => 3 * random.uniform());
    const context = Int32Array.from(
      { length: mark.contextWidth },
      (_, i) => text[at - mark.contextWidth + i] ?? mark.padding ?? 0,
    );
    mark.reshape(context, { tokens, logProbabilities }, uniform);
    text[at] = draw(logProbabilities, random.uniform());
  }
  return text;
}

function draw(logProbabilities: Float64Array, u: number): number {
  const weights = logProbabilities.map((value) => Math.exp(value));
  let left = u * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
