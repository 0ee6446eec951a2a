import { concatBytes } from '@phalanx/core';
import { refuse } from '../coalition-error.js';

/** Bytes of a body that a signature is checked over: as many as a TAXII server takes. */
const MOST_BYTES = 10 * 1024 * 1024;

/**
 * Reads the body of a request from a copy, so that the request can still be read.
 *
 * @throws PhalanxError `COALITION_LIMIT` for more than `limit` bytes, without having read more
 */
export async function readBody(request: Request, limit = MOST_BYTES): Promise<Uint8Array> {
  const reader = request.clone().body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    parts.push(value);
    bytes += value.length;
    if (bytes > limit) {
      // Not awaited: the copy ends when the request does, which nobody reads any more.
      void reader.cancel().catch(() => undefined);
      return refuse('COALITION_LIMIT', `a body of more than ${limit} bytes`, 'send less at a time');
    }
  }
}
