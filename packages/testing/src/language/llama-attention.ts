import type { LlamaLayer, LlamaWeights } from './llama-weights.js';
import { multiplyVector } from './matrix-vector.js';
import { applyTurns } from './rotary-position.js';
import { toLogProbabilities } from './softmax.js';

/**
 * Attention of one layer: each call takes the next position of a sequence, and gives what heads take from all positions so far. Several heads
 * share keys and values (grouped-query attention, Ainslie et al. 2023).
 */
export function beginAttention(
  { query, key, value, output }: LlamaLayer,
  { sizes, pairs }: LlamaWeights,
): (x: Float64Array, turns: Float64Array) => Float64Array {
  const { width, heads, keyGroups } = sizes;
  const size = width / heads;
  const stride = keyGroups * size;
  let keys = new Float64Array(64 * stride);
  let values = new Float64Array(64 * stride);
  let positions = 0;
  return (x, turns) => {
    const queries = applyTurns(multiplyVector(query, x), turns, pairs);
    if (positions * stride === keys.length) [keys, values] = [lengthen(keys), lengthen(values)];
    keys.set(applyTurns(multiplyVector(key, x), turns, pairs), positions * stride);
    values.set(multiplyVector(value, x), positions * stride);
    positions++;
    const mixed = new Float64Array(width);
    const shares = new Float64Array(positions);
    for (let head = 0; head < heads; head++) {
      const at = head * size;
      const group = Math.floor((head * keyGroups) / heads) * size;
      for (let t = 0; t < positions; t++) {
        let sum = 0;
        for (let i = 0; i < size; i++) sum += queries[at + i]! * keys[t * stride + group + i]!;
        shares[t] = sum / Math.sqrt(size);
      }
      toLogProbabilities(shares);
      for (let t = 0; t < positions; t++) {
        const share = Math.exp(shares[t]!);
        for (let i = 0; i < size; i++) mixed[at + i]! += share * values[t * stride + group + i]!;
      }
    }
    return multiplyVector(output, mixed);
  };
}

function lengthen(kept: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(2 * kept.length);
  out.set(kept);
  return out;
}
