import { PhalanxError } from '@phalanx/core';
import { refuse, type WeightsErrorCode } from '../weights-error.js';
import { type ByteSource, checkRange } from './byte-source.js';

export interface HttpSourceSettings {
  /** Of one request with its redirects. Default 30,000. */
  readonly timeoutMs?: number;
  /** Sent to the origin of the address alone, as for a private repository. Never shown in messages. */
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_REDIRECTS = 5;

/**
 * A file behind HTTP(S) that answers ranges (RFC 9110, 14). The first answer's length and its ETag or date must hold for all later
 * ones, so that a file that changes meanwhile is not mixed with itself.
 *
 * Redirects are followed, five at most, as hubs send readers to storage elsewhere: to the same origin, or to any other over https,
 * which gets none of the headers. A redirect over plain http to elsewhere is refused: it would lead to addresses of the
 * reader's own network.
 *
 * @throws PhalanxError `WEIGHTS_SOURCE` when the server knows no ranges, or not the size
 */
export async function openHttpSource(url: string, settings: HttpSourceSettings = {}): Promise<ByteSource> {
  const name = hideCredentials(url);
  const first = await fetchRange(url, name, settings, 'bytes=0-0', null);
  const [, total] = /^bytes 0-0\/([0-9]{1,15})$/.exec(first.headers.get('content-range') ?? '') ?? [];
  if (total === undefined) {
    await first.body?.cancel();
    return refuse('WEIGHTS_SOURCE', `${name} does not say how long it is`);
  }
  await readBody(first, 1, name);
  const sizeBytes = Number(total);
  const version = readVersion(first);
  let bytesRead = 0;
  return {
    name,
    sizeBytes,
    get bytesRead() {
      return bytesRead;
    },
    async read(offset, length) {
      checkRange(sizeBytes, offset, length);
      if (length === 0) return new Uint8Array(0);
      const last = offset + length - 1;
      const response = await fetchRange(url, name, settings, `bytes=${offset}-${last}`, version);
      const asked = response.headers.get('content-range') === `bytes ${offset}-${last}/${sizeBytes}`;
      // A server that does not know If-Range answers 206 with the tag of what the file has become.
      if (!asked || readVersion(response) !== version) {
        await response.body?.cancel();
        refuse('WEIGHTS_SOURCE', `${name} ${asked ? 'changed' : 'answered another range'}`);
      }
      const bytes = await readBody(response, length, name);
      bytesRead += length;
      return bytes;
    },
    close: async () => {},
  };
}

/** A strong tag, else the date: what If-Range may carry (RFC 9110, 13.1.5). */
function readVersion({ headers }: Response): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : headers.get('last-modified');
}

async function fetchRange(
  url: string,
  name: string,
  settings: HttpSourceSettings,
  range: string,
  version: string | null,
): Promise<Response> {
  const response = await follow(url, name, settings, {
    range, // With which fetch asks for the identity encoding (Fetch, 5.6).
    ...(version !== null && { 'if-range': version }),
  });
  if (response.status === 206) return response;
  await response.body?.cancel();
  if (response.status === 200)
    return refuse('WEIGHTS_SOURCE', `${name} changed, or its server answers no ranges`);
  throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `${name} answered ${response.status}`, {
    retryable: response.status === 429 || response.status >= 500,
  });
}

async function follow(
  url: string,
  name: string,
  { timeoutMs = 30_000, headers = {} }: HttpSourceSettings,
  own: Readonly<Record<string, string>>,
): Promise<Response> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { origin } = new URL(url);
  let address = new URL(url);
  for (let redirects = 0; ; redirects++) {
    const response = await send(address, name, {
      headers: address.origin === origin ? { ...headers, ...own } : own,
      redirect: 'manual',
      signal,
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    if (redirects === MAX_REDIRECTS || !URL.canParse(location, address.href))
      return refuse('WEIGHTS_SOURCE', `${name} redirects without end, or to no address`);
    address = new URL(location, address.href);
    if (address.origin !== origin && address.protocol !== 'https:')
      return refuse('WEIGHTS_SOURCE', `${name} redirects to elsewhere without https`);
  }
}

async function send(address: URL, name: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address.href, request);
  } catch (cause) {
    throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `${name} cannot be reached`, {
      cause,
      retryable: true,
    });
  }
}

/** The body, which must have exactly the length asked for: a server may send more than it said. */
async function readBody(response: Response, length: number, name: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  try {
    for await (const part of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
      if (done + part.length > length) refuse('WEIGHTS_SOURCE', `${name} sent more than was asked for`);
      bytes.set(part, done);
      done += part.length;
    }
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw new PhalanxError<WeightsErrorCode>('WEIGHTS_SOURCE', `${name} broke off`, {
      cause,
      retryable: true,
    });
  }
  if (done !== length) refuse('WEIGHTS_SOURCE', `${name} sent less than was asked for`);
  return bytes;
}

/** An address as it may be shown: without user, password and query, which signed addresses have their secret in. */
function hideCredentials(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return refuse('WEIGHTS_ARGUMENT', 'no http or https address');
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
