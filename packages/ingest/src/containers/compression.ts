import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PhalanxError } from '@phalanx/core';
import { Decompress } from 'fzstd';
import type { IngestErrorCode } from '../error.js';

/** How the bytes of a file are packed, told by their first four. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** Tells the compression from the first bytes of a file: RFC 1952 2.3.1, RFC 8878 3.1.1 and 3.1.2. */
export function detectCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const magic = head.length < 4 ? 0 : new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  return 'none';
}

/** Bytes that arrive in pieces and can be given up. */
export interface ByteStream extends AsyncIterable<Uint8Array> {
  destroy(): void;
}

/** Unpacks raw bytes. An error of either side comes after all bytes that were unpacked before it. */
export function decompress(raw: Readable, compression: 'gzip' | 'zstd'): ByteStream {
  const inflater = compression === 'gzip' ? createGunzip({ chunkSize: 256 * 1024 }) : new ZstdInflater();
  // A stream that fails drops what it holds, so bytes move to one that only ends.
  const out = new PassThrough({ highWaterMark: 1024 * 1024 });
  let failure: PhalanxError<IngestErrorCode> | null = null;
  const fail = (cause: unknown): void => {
    failure ??= new PhalanxError<IngestErrorCode>(
      'INGEST_CONTAINER',
      `broken ${compression}: ${(cause as Error).message}`,
      { cause, advice: 'What came before the damage was read; get the file again for the rest.' },
    );
    out.end();
  };
  raw.on('error', fail);
  inflater.on('error', fail);
  raw.pipe(inflater).pipe(out);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const piece of out) yield piece as Uint8Array;
      if (failure !== null) throw failure;
    },
    destroy() {
      raw.destroy();
      inflater.destroy();
      out.destroy();
    },
  };
}

/** The largest back-reference window we give memory to; zstd --long=27, and what the zstd tool itself accepts. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
/** Input fed at once: fzstd returns all output of a push together, so this bounds the memory of a zip bomb's push. */
const SLICE_BYTES = 16 * 1024;

class ZstdInflater extends Transform {
  readonly #inner: Decompress;
  #checked = false;
  #empty = true;

  constructor() {
    super({ highWaterMark: 256 * 1024 });
    this.#inner = new Decompress((data) => {
      if (data.length > 0) this.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      if (!this.#checked) {
        checkWindow(chunk);
        this.#checked = true;
      }
      this.#empty &&= chunk.length === 0;
      for (let at = 0; at < chunk.length; at += SLICE_BYTES)
        // A copy: fzstd keeps a reference to unread input, and file buffers are reused.
        this.#inner.push(Uint8Array.prototype.slice.call(chunk, at, at + SLICE_BYTES));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      if (!this.#empty) this.#inner.push(new Uint8Array(0), true);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

/** Refuses a first frame that asks for a window above the limit (RFC 8878 3.1.1.1.2). */
function checkWindow(head: Buffer): void {
  if (head.length < 6 || head.readUInt32LE(0) !== 0xfd2fb528) return;
  const singleSegment = (head[4]! & 32) !== 0;
  if (singleSegment) return;
  const base = 2 ** (10 + (head[5]! >> 3));
  const window = base + (base / 8) * (head[5]! & 7);
  if (window > MAX_WINDOW_BYTES) throw new Error(`window of ${window} bytes is above ${MAX_WINDOW_BYTES}`);
}
