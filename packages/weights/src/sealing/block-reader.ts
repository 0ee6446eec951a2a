import type { ByteSource } from '../formats/byte-source.js';

/**
 * A part of a source from front to back in blocks of `blockBytes`, the last one shorter. The next block is read while one is worked
 * on: two are in memory.
 *
 * @throws PhalanxError as the source's `read`
 */
export async function* readBlocks(
  source: ByteSource,
  offset: number,
  length: number,
  blockBytes: number,
): AsyncGenerator<Uint8Array> {
  const end = offset + length;
  const readAt = (at: number): Promise<Uint8Array> | null => {
    if (at >= end) return null;
    const reading = source.read(at, Math.min(blockBytes, end - at));
    // Whoever stops half-way does not wait for it.
    reading.catch(() => undefined);
    return reading;
  };
  let next = readAt(offset);
  for (let at = offset; next !== null; ) {
    const block: Uint8Array = await next;
    at += block.length;
    next = readAt(at);
    yield block;
  }
}
