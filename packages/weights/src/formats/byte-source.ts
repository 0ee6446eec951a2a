import { type FileHandle, open } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import { refuse, type WeightsErrorCode } from '../weights-error.js';

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

export interface HttpSourceSettings {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Sent with every request, as for a private repository. Never shown in messages. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A file behind HTTP(S) that answers ranges (RFC 9110, 14). The first answer's ETag or date must hold for all later ones, so
 * that a file that changes meanwhile is not mixed with itself.
 *
 * @throws PhalanxError `WEIGHTS_SOURCE` when the server knows no ranges, or not the size
 */
export async function openHttpSource(url: string, settings: HttpSourceSettings = {}): Promise<ByteSource> {
  const first = await fetchRange(url, settings, 'bytes=0-0', null);
  const [, total] = /^bytes 0-0\/([0-9]{1,16})$/.exec(first.headers.get('content-range') ?? '') ?? [];
  await first.arrayBuffer();
  if (total === undefined) return refuse('WEIGHTS_SOURCE', `${url} does not say how long it is`);
  const sizeBytes = Number(total);
  const etag = first.headers.get('etag');
  const version = etag?.startsWith('"') ? etag : first.headers.get('last-modified');
  let bytesRead = 0;
  return {
    name: url,
    sizeBytes,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      checkRange(sizeBytes, offset, length);
      if (length === 0) return new Uint8Array(0);
      const last = offset + length - 1;
      const response = await fetchRange(url, settings, `bytes=${offset}-${last}`, version);
      if (response.headers.get('content-range') !== `bytes ${offset}-${last}/${sizeBytes}`)
        refuse('WEIGHTS_SOURCE', `${url} answered another range`);
      const bytes = await readBody(response, length, url);
      bytesRead += length;
      return bytes;
    },
    close: async () => {},
  };
}

async function fetchRange(
  url: string,
  { timeoutMs = 30_000, headers = {} }: HttpSourceSettings,
  range: string,
  version: string | null,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: {
        ...headers,
        range,
        'accept-encoding': 'identity',
        ...(version !== null && { 'if-range': version }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `${url} cannot be reached`, {
      cause,
      retryable: true,
    });
  }
  if (response.status === 206) return response;
  await response.body?.cancel();
  if (response.status === 200)
    return refuse('WEIGHTS_SOURCE', `${url} changed, or its server answers no ranges`);
  throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `${url} answered ${response.status}`, {
    retryable: response.status === 429 || response.status >= 500,
  });
}

/** The body, which must have exactly the length asked for: a server may send more than it said. */
async function readBody(response: Response, length: number, url: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (done + part.length > length) refuse('WEIGHTS_SOURCE', `${url} sent more than was asked for`);
    bytes.set(part, done);
    done += part.length;
  }
  if (done !== length) refuse('WEIGHTS_SOURCE', `${url} sent less than was asked for`);
  return bytes;
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

function checkRange(sizeBytes: number, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!inside || offset + length > sizeBytes)
    refuse('WEIGHTS_ARGUMENT', `bytes ${offset} to ${offset + length} of ${sizeBytes}`);
  if (length > MAX_READ) refuse('WEIGHTS_LIMIT', `a read of ${length} bytes; at most ${MAX_READ}`);
}
