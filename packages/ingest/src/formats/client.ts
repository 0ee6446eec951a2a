import type { Exchange } from '@phalanx/domain';
import { isJsonObject } from '@phalanx/wire';
import { readText } from './field.js';

/** Headers that describe the client software. Whatever is not named here is dropped: it may be a credential. */
const DESCRIBING =
  /^(?:user-agent|accept|accept-language|accept-encoding|content-type|origin|referer|priority|http-referer|x-title|x-app|x-client-version|anthropic-version|anthropic-beta|anthropic-dangerous-direct-browser-access|openai-beta|helicone-user-agent|sec-ch-ua(?:-[a-z]+)*|sec-fetch-[a-z]+|x-stainless-[a-z-]+|x-goog-api-client)$/;

const MAX_HEADERS = 64;

/**
 * What a source knows of the client. Header names are lower-cased and kept only if they are known to describe client
 * software; values are cut to 512. Absent when nothing is known.
 */
export function describeClient(userAgent: unknown, ip: unknown, headers: unknown): Exchange['client'] {
  const kept: Record<string, string> = {};
  let count = 0;
  if (isJsonObject(headers)) {
    for (const name in headers) {
      const lower = name.toLowerCase();
      const value = headers[name];
      if (typeof value !== 'string' || !DESCRIBING.test(lower) || count >= MAX_HEADERS) continue;
      kept[lower] = value.slice(0, 512);
      count++;
    }
  }
  const agent = readText(userAgent, 1024) ?? kept['user-agent'];
  const address = readText(ip, 64);
  if (agent === undefined && address === undefined && count === 0) return undefined;
  return {
    ...(agent === undefined ? {} : { userAgent: agent }),
    ...(address === undefined ? {} : { ip: address }),
    ...(count === 0 ? {} : { headers: kept }),
  };
}
