import { TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest } from './taxii-refusal.js';

/** A body of `bodyBytes` at most. @throws TaxiiRefusal 413 */
export async function readBody(
  headers: Headers,
  body: ReadableStream<Uint8Array> | null,
): Promise<Uint8Array> {
  const tooLarge = () => refuseRequest(413, `a body may have ${TAXII_LIMITS.bodyBytes} bytes`);
  if (Number(headers.get('content-length') ?? 0) > TAXII_LIMITS.bodyBytes) tooLarge();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream.
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > TAXII_LIMITS.bodyBytes) tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
