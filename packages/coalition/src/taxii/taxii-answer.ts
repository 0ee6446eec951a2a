import { canonicalJson, type Json } from '@phalanx/core';
import type { TaxiiRefusal } from './taxii-refusal.js';

/** The one version that is spoken (TAXII 2.1 section 1.6.5). */
export const TAXII_MEDIA_TYPE = 'application/taxii+json;version=2.1';

/** An answer of ready JSON that no cache keeps. */
export function answerText(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  // Bytes, since a Response would encode the text once more when it is read.
  return new Response(Buffer.from(text), {
    status,
    headers: { ...headers, 'content-type': TAXII_MEDIA_TYPE, 'cache-control': 'no-store' },
  });
}

export function answerResource(status: number, resource: Json): Response {
  return answerText(status, canonicalJson(resource));
}

/** Clients of the reference server compare the title of these two. */
const TITLES: Readonly<Record<number, string>> = {
  400: 'ProcessingError',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'ProcessingError',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** An error message (section 3.6.1). */
export function answerRefusal({ status, message, headers }: TaxiiRefusal): Response {
  const error = { title: TITLES[status] ?? 'Error', description: message, http_status: String(status) };
  return answerText(status, canonicalJson(error), headers);
}
