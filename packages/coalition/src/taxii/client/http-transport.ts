import { type LookupAddress, lookup as lookUpName } from 'node:dns';
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { refuse } from '../../coalition-error.js';
import { isPublicAddress } from './public-address.js';

/** Sends a request and gives the answer with its body not yet read. Redirects are answers. Rejects when there is no answer. */
export type Transport = (request: Request) => Promise<Response>;

export interface HttpTransportSettings {
  /** Addresses that are not public, and HTTP without TLS, are allowed: for hubs in one's own network. */
  readonly inside?: boolean;
  /** PEM of the certificates that alone are trusted to certify the server. Default: those of the platform. */
  readonly ca?: string;
  /** PEM of the client's certificate and key, for mTLS. */
  readonly identity?: { readonly cert: string; readonly key: string };
}

const CONNECTIONS = 4;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * A transport over node's HTTP: TLS 1.2 or later, no redirects followed, no content encoding. Addresses are checked as they are
 * connected to, so that a name cannot lead elsewhere after it was looked at.
 *
 * It rejects with COALITION_TAXII for a URL or address that is not allowed, and with node's errors.
 */
export function makeHttpTransport({ inside = false, ca, identity }: HttpTransportSettings): Transport {
  const common = { keepAlive: true, maxSockets: CONNECTIONS };
  const plain = new HttpAgent(common);
  const secure = new HttpsAgent({
    ...common,
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...identity,
  });
  return async (request) => {
    const url = new URL(request.url);
    requireAllowed(url, inside);
    const body = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
    const headers: Record<string, string> = Object.fromEntries(request.headers);
    headers['accept-encoding'] = 'identity';
    if (body !== null) headers['content-length'] = `${body.byteLength}`;
    const options = {
      method: request.method,
      headers,
      maxHeaderSize: MAX_HEADER_BYTES,
      signal: request.signal,
      lookup: inside ? lookUpName : lookUpPublic,
    };
    return new Promise<Response>((resolve, reject) => {
      const sent: ClientRequest =
        url.protocol === 'https:'
          ? requestHttps(url, { ...options, agent: secure })
          : requestHttp(url, { ...options, agent: plain });
      sent.on('error', reject);
      sent.on('response', (message) => {
        try {
          resolve(toResponse(message));
        } catch (error) {
          message.destroy();
          reject(error);
        }
      });
      sent.end(body ?? undefined);
    });
  };
}

function requireAllowed(url: URL, inside: boolean): void {
  if (url.protocol !== 'https:' && !(inside && url.protocol === 'http:')) {
    refuse(
      'COALITION_TAXII',
      `${url.origin} is not asked by TLS`,
      'use https, or say that the hub is inside',
    );
  }
  // Names are checked when they are looked up; an address never is.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (!inside && family !== 0 && !isPublicAddress(host, family as 4 | 6)) refuseAddress(host);
}

function refuseAddress(host: string): never {
  return refuse('COALITION_TAXII', `${host} is no public address`, 'say that the hub is inside, if it is');
}

type LookedUp = (error: Error | null, found: string | LookupAddress[], family?: number) => void;

/** `dns.lookup` that answers with public addresses alone; as `net.connect` calls it. */
const lookUpPublic = (host: string, options: object, done: LookedUp): void => {
  lookUpName(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, []);
    const open = found.filter(({ address, family }) => isPublicAddress(address, family as 4 | 6));
    const [first] = open;
    if (first === undefined) {
      try {
        refuseAddress(host);
      } catch (refused) {
        return done(refused as Error, []);
      }
    }
    if ((options as { all?: boolean }).all === true) return done(null, open);
    done(null, first!.address, first!.family);
  });
};

/** Statuses whose answers have no body (Fetch standard, null body status). */
const BODILESS = new Set([101, 103, 204, 205, 304]);

function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode!;
  const headers = new Headers();
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at]!, message.rawHeaders[at + 1]!);
  }
  if (BODILESS.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array>, { status, headers });
}
