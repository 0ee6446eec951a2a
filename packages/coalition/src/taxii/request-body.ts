import { readBody } from '@phalanx/core';
import { TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest } from './taxii-refusal.js';

/** A body of `bodyBytes` at most; a longer one that says so is not begun. @throws TaxiiRefusal 413 */
export async function readRequestBody(
  headers: Headers,
  body: ReadableStream<Uint8Array> | null,
): Promise<Uint8Array> {
  const tooLarge = () => refuseRequest(413, `a body may have ${TAXII_LIMITS.bodyBytes} bytes`);
  if (Number(headers.get('content-length') ?? 0) > TAXII_LIMITS.bodyBytes) tooLarge();
  return (await readBody({ body }, TAXII_LIMITS.bodyBytes)) ?? tooLarge();
}
