import { concatBytes } from './bytes.js';

/**
 * The whole body of a request or an answer.
 *
 * @param maxBytes counted after decompression
 * @returns null when it is longer; the rest is then not read
 * @throws whatever the transfer fails with
 */
export async function readBody(
  { body }: Pick<Request, 'body'> | Pick<Response, 'body'>,
  maxBytes: number,
): Promise<Uint8Array | null> {
  if (body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    bytes += value.length;
    if (bytes > maxBytes) {
      // Not awaited: a copy of a body that is never read to its end would not resolve.
      void reader.cancel().catch(() => undefined);
      return null;
    }
    parts.push(value);
  }
}
