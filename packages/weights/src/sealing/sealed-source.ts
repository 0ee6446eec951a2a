import { type ByteSource, checkRange } from '../formats/byte-source.js';
import { openHeader, readHeader } from './age-header.js';
import { CHUNK_BYTES, countChunks, derivePayloadKey, openChunk, SEALED_CHUNK_BYTES } from './age-payload.js';
import { readPayloadStart } from './sealed-stream.js';

/** Chunks that one read of the source takes: a few readers at once stay within memory. */
const READ_CHUNKS = 64;

/**
 * The plaintext of an age file as a source, read where it is wanted: `openWeightSource` finds headers and tensors in it, and only the
 * chunks that they touch are read and decrypted.
 *
 * Each byte is verified to stand where it was written. The last chunk is verified at once, and with it the length: a file that was
 * cut, or that something was added to, does not open. What lies elsewhere is verified when it is read, and not before.
 *
 * @param header takes the place of the one that the file has: from a key release
 * @throws PhalanxError `WEIGHTS_SEAL`, `WEIGHTS_KEY`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openSealed(
  source: ByteSource,
  identities: readonly string[],
  header?: Uint8Array,
): Promise<ByteSource> {
  const own = await readHeader(source);
  const fileKey = await openHeader(header ?? own, identities);
  const { nonce, start, size } = await readPayloadStart(source, own.length);
  const key = derivePayloadKey(fileKey, nonce);
  const last = countChunks(size) - 1;

  const readChunks = async (from: number, to: number): Promise<Uint8Array[]> => {
    const at = start + from * SEALED_CHUNK_BYTES;
    const end = Math.min(source.sizeBytes, start + to * SEALED_CHUNK_BYTES);
    const sealed = await source.read(at, end - at);
    return Array.from({ length: to - from }, (_, i) =>
      openChunk(
        key,
        from + i,
        from + i === last,
        sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES),
      ),
    );
  };
  /** The chunk that was read last: tables are read number by number. */
  let kept = { index: last, bytes: (await readChunks(last, last + 1))[0]! };

  return {
    name: source.name,
    sizeBytes: size,
    get bytesRead() {
      return source.bytesRead;
    },
    async read(offset, length) {
      checkRange(size, offset, length);
      const out = new Uint8Array(length);
      const put = (index: number, bytes: Uint8Array): void => {
        const begin = index * CHUNK_BYTES;
        const from = Math.max(0, offset - begin);
        const to = Math.min(bytes.length, offset + length - begin);
        if (to > from) out.set(bytes.subarray(from, to), begin + from - offset);
      };
      if (length === 0) return out;
      const end = Math.floor((offset + length - 1) / CHUNK_BYTES) + 1;
      for (let index = Math.floor(offset / CHUNK_BYTES); index < end; ) {
        if (index === kept.index) {
          put(index++, kept.bytes);
          continue;
        }
        const to = Math.min(end, index + READ_CHUNKS);
        const chunks = await readChunks(index, to);
        for (const [i, bytes] of chunks.entries()) put(index + i, bytes);
        kept = { index: to - 1, bytes: chunks.at(-1)! };
        index = to;
      }
      return out;
    },
    close: () => source.close(),
  };
}
