import type { Ngrams } from '@phalanx/watermark';

/** Every n-gram of a text, repeats and all: what the detectors of transformers and synthid-text unfold. */
export function unfold(tokens: Int32Array, width: number): Ngrams {
  const count = Math.max(0, tokens.length - width + 1);
  const rows = new Int32Array(count * width);
  for (let row = 0; row < count; row++) rows.set(tokens.subarray(row, row + width), row * width);
  const none = new Uint32Array(count);
  return { width, count, tokens: rows, text: none, position: none, repeated: 0, unscored: 0 };
}

/** Bits of each n-gram, layer 0 first, of what a mark of `depth` layers read. */
export function layersOf(values: Float64Array, depth: number): number[][] {
  const size = Math.ceil(depth / 32);
  return Array.from({ length: values.length / size }, (_, row) =>
    Array.from({ length: depth }, (_, layer) => (values[row * size + (layer >> 5)]! >>> (layer & 31)) & 1),
  );
}
