/** A stretch of whole rows, cut from the decompressed stream. */
export interface Chunk {
  readonly kind: 'bytes';
  /** Owns its buffer from byte 0, so that it can be transferred to a worker. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where `bytes` begins in the decompressed stream. */
  readonly offset: number;
  /**
   * The offset that progress records once this chunk is stored: where the next chunk begins. At the end of the stream
   * a last row without a terminator lies past it, because a file that still grows may hold half of a row.
   */
  readonly end: number;
  /** Begin and end of each row in `bytes`, for containers whose rows the cutter found; null for JSONL and CSV. */
  readonly bounds: Uint32Array | null;
}

/** A row that is too long; only its beginning was kept. */
export interface OversizeRow {
  readonly kind: 'oversize';
  readonly offset: number;
  readonly end: number;
  readonly excerpt: Uint8Array;
}

/** Knows where rows end. Holds the state of one stream. */
export interface Cutter {
  /** The end of the last whole row in bytes[0, to), which begin between rows; 0 when the first row is not whole. */
  findCut(bytes: Uint8Array, to: number): number;
  /** Row bounds up to `cut`, relative to the buffer's begin; null when the worker splits rows itself. */
  takeBounds(cut: number): Uint32Array | null;
  /** After `findCut` gave 0 and the bytes were dropped: the position just after its end in bytes[from, to), or -1 to go on looking. */
  findResume(bytes: Uint8Array, from: number, to: number): number;
}

export interface ChunkOptions {
  readonly chunkBytes: number;
  readonly maxRowBytes: number;
  /** Position of the stream's first byte in the decompressed source. */
  readonly offset: number;
}

const EXCERPT_BYTES = 4096;

/**
 * Cuts a stream into chunks of about `chunkBytes` that hold whole rows. Memory: one buffer, which grows to
 * `maxRowBytes` for a long row; a longer one is passed over and reported. The last row needs no
 * terminator. When the stream fails, the whole rows that came before it are yielded first.
 */
export async function* cutChunks(
  stream: AsyncIterable<Uint8Array>,
  cutter: Cutter,
  options: ChunkOptions,
): AsyncGenerator<Chunk | OversizeRow> {
  let buffer = new Uint8Array(options.chunkBytes);
  let length = 0;
  let offset = options.offset;
  let oversize: { offset: number; excerpt: Uint8Array } | null = null;

  let failure: { readonly error: unknown } | null = null;
  const pieces = stream[Symbol.asyncIterator]();
  for (;;) {
    let piece: Uint8Array;
    try {
      const next = await pieces.next();
      if (next.done) break;
      piece = next.value;
    } catch (error) {
      failure = { error };
      break;
    }
    let at = 0;
    while (at < piece.length) {
      if (oversize !== null) {
        const resume = cutter.findResume(piece, at, piece.length);
        const next = resume === -1 ? piece.length : resume;
        offset += next - at;
        at = next;
        if (resume === -1) continue;
        yield { kind: 'oversize', ...oversize, end: offset };
        oversize = null;
        continue;
      }
      const taken = Math.min(piece.length - at, buffer.length - length);
      buffer.set(piece.subarray(at, at + taken), length);
      at += taken;
      length += taken;
      if (length < buffer.length) continue;
      const cut = cutter.findCut(buffer, length);
      if (cut > 0) {
        const next = new Uint8Array(Math.max(options.chunkBytes, (length - cut) * 2));
        next.set(buffer.subarray(cut, length));
        const bytes = buffer.subarray(0, cut);
        // All state is settled before the yield: the consumer may transfer the buffer, which empties every view of it.
        buffer = next;
        length -= cut;
        offset += cut;
        yield { kind: 'bytes', bytes, offset: offset - cut, end: offset, bounds: cutter.takeBounds(cut) };
      } else if (length >= options.maxRowBytes) {
        oversize = { offset, excerpt: buffer.slice(0, EXCERPT_BYTES) };
        offset += length;
        length = 0;
      } else {
        const next = new Uint8Array(Math.min(buffer.length * 2, options.maxRowBytes));
        next.set(buffer);
        buffer = next;
      }
    }
  }
  if (oversize !== null) yield { kind: 'oversize', ...oversize, end: offset };
  else if (length > 0) {
    const cut = cutter.findCut(buffer, length);
    // Where the stream broke off, half a row is no row.
    const bytes = buffer.slice(0, failure === null ? length : cut);
    if (bytes.length > 0)
      yield { kind: 'bytes', bytes, offset, end: offset + cut, bounds: cutter.takeBounds(bytes.length) };
  }
  if (failure !== null) throw failure.error;
}
