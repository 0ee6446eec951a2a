import { type FileHandle, open } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import { refuse } from '../weights-error.js';

/** Bytes that are read where they are wanted: a file, or a server that answers ranges. */
export interface ByteSource {
  /** Path or address, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes read so far, which a report states. */
  readonly bytesRead: number;
  /**
   * Exactly `length` bytes from `offset`.
   *
   * @throws PhalanxError `WEIGHTS_ARGUMENT` outside the source, `WEIGHTS_LIMIT` above `MAX_READ`, `WEIGHTS_SOURCE`
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Most bytes of one read. */
export const MAX_READ = 256 * 1024 * 1024;

/** @throws PhalanxError `WEIGHTS_SOURCE` when there is no regular file that can be read */
export async function openFileSource(path: string): Promise<ByteSource> {
  let handle: FileHandle;
  let sizeBytes: number;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat();
    if (!stat.isFile()) {
      await handle.close();
      return refuse('WEIGHTS_SOURCE', `${path} is no regular file`);
    }
    sizeBytes = stat.size;
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
  let bytesRead = 0;
  return {
    name: path,
    sizeBytes,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      checkRange(sizeBytes, offset, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead: got } = await handle.read(bytes, done, length - done, offset + done);
        if (got === 0) refuse('WEIGHTS_SOURCE', `${path} became shorter while it was read`);
        done += got;
      }
      bytesRead += length;
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Bytes in memory as a source. */
export function openBytesSource(bytes: Uint8Array, name = 'memory'): ByteSource {
  let bytesRead = 0;
  return {
    name,
    sizeBytes: bytes.length,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      checkRange(bytes.length, offset, length);
      bytesRead += length;
      // A Buffer's own slice would share its memory.
      return Uint8Array.prototype.slice.call(bytes, offset, offset + length);
    },
    close: async () => {},
  };
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` outside `sizeBytes`, `WEIGHTS_LIMIT` above `MAX_READ` */
export function checkRange(sizeBytes: number, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!inside || offset + length > sizeBytes)
    refuse('WEIGHTS_ARGUMENT', `bytes ${offset} to ${offset + length} of ${sizeBytes}`);
  if (length > MAX_READ) refuse('WEIGHTS_LIMIT', `a read of ${length} bytes; at most ${MAX_READ}`);
}
