import { encodeBlocks } from './quantization.js';
import type { WrittenTensor } from './written-tensor.js';

/** A tensor of these numbers, given in pieces of so many bytes. */
export function makeTensor(
  name: string,
  format: string,
  shape: readonly number[],
  numbers: Float32Array,
  chunkBytes = 1_000,
): WrittenTensor {
  const bytes = encodeBlocks(format, numbers);
  return {
    name,
    format,
    shape,
    *chunks() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
  };
}

export async function collectChunks(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Uint8Array.from(Buffer.concat(all));
}
