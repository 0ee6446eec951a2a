import type { Ngrams } from '../ngrams.js';

/** Every n-gram of a text, repeats and all, as the detectors of transformers and synthid-text read it. */
export function unfold(tokens: Int32Array, width: number): Ngrams {
  const count = Math.max(0, tokens.length - width + 1);
  const rows = new Int32Array(count * width);
  for (let row = 0; row < count; row++) rows.set(tokens.subarray(row, row + width), row * width);
  const none = new Uint32Array(count);
  return { width, count, tokens: rows, text: none, position: none, repeated: 0, unscored: 0 };
}

const MULTIPLIER = 6364136223846793005n;

/** The step of the hash in arithmetic that cannot overflow. */
export function stepExactly(hash: bigint, token: bigint): bigint {
  return BigInt.asUintN(64, (hash + token) * MULTIPLIER + 1n);
}

/** Keys of 30 layers, two thirds of them negative and large. */
export const KEYS: readonly bigint[] = Array.from(
  { length: 30 },
  (_, l) => BigInt(l * l * 37 + 11) - 200_000_000_000_000_000n * BigInt(l % 3),
);

/** Twelve tokens for pinned words. */
export const TOKENS = Int32Array.from({ length: 12 }, (_, i) => (i * 7919 + 13) % 50257);
