import type { Exchange } from '@phalanx/domain';
import { isJsonObject } from '@phalanx/wire';
import { readText } from './field.js';

/** Headers that describe the client software. Whatever is not named here is dropped: it may be a credential. */
const DESCRIBING =
  /^(?:user-agent|accept|accept-language|accept-encoding|content-type|origin|referer|priority|http-referer|x-title|x-app|x-client-version|anthropic-version|anthropic-beta|anthropic-dangerous-direct-browser-access|openai-beta|helicone-user-agent|sec-ch-ua(?:-[a-z]+)*|sec-fetch-[a-z]+|x-stainless-[a-z-]+|x-goog-api-client)$/;

const MAX_HEADERS = 64;

/** Headers that describe client software, and how many there are. */
export interface PickedHeaders {
  readonly kept: Readonly<Record<string, string>>;
  readonly count: number;
}

/** Nothing picked. */
export const NO_HEADERS: PickedHeaders = { kept: {}, count: 0 };

/**
 * Lower-cases header names and keeps those that are known to describe client software, at most 64, values cut to 512.
 */
export function pickHeaders(headers: unknown): PickedHeaders {
  if (!isJsonObject(headers)) return NO_HEADERS;
  const kept: Record<string, string> = {};
  let count = 0;
  for (const name in headers) {
    const lower = name.toLowerCase();
    const value = headers[name];
    if (typeof value !== 'string' || !DESCRIBING.test(lower) || count >= MAX_HEADERS) continue;
    kept[lower] = value.slice(0, 512);
    count++;
  }
  return { kept, count };
}

/** What a source knows of the client; absent when nothing is known. */
export function describeClient(userAgent: unknown, ip: unknown, headers: unknown): Exchange['client'] {
  return describePicked(userAgent, ip, pickHeaders(headers));
}

/** As `describeClient`, with headers picked before. */
export function describePicked(
  userAgent: unknown,
  ip: unknown,
  { kept, count }: PickedHeaders,
): Exchange['client'] {
  const agent = readText(userAgent, 1024) ?? kept['user-agent'];
  const address = readText(ip, 64);
  if (agent === undefined && address === undefined && count === 0) return undefined;
  const client: {
    -readonly [Key in keyof NonNullable<Exchange['client']>]: NonNullable<Exchange['client']>[Key];
  } = {};
  if (agent !== undefined) client.userAgent = agent;
  if (address !== undefined) client.ip = address;
  if (count > 0) client.headers = kept;
  return client;
}
