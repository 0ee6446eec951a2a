import { type Clock, systemClock } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { CLIENT_ASSERTION_TYPE, makeClientAssertion } from './client-assertion.js';
import type { ClientKey } from './client-key.js';
import { makeDpopProof } from './dpop.js';
import { signRequest } from './http-signature.js';

/** Makes a request say who asks. Called anew for each attempt: what it adds is used once. */
export type ClientAuthorizer = (request: Request) => Promise<Request>;

/** For a connection whose certificate says it (mutual TLS). */
export const authorizeByCertificate: ClientAuthorizer = async (request) => request;

/** By a signature over each request (RFC 9421). */
export function authorizeBySignature(key: ClientKey, clock: Clock = systemClock): ClientAuthorizer {
  return (request) => signRequest(request, key, clock);
}

/** By name and password (RFC 7617): for servers that know nothing better. */
export function authorizeByPassword(user: string, password: string): ClientAuthorizer {
  const value = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return async (request) => withHeaders(request, { authorization: value });
}

/** Where and as whom a client gets its tokens. */
export interface TokenSource {
  readonly tokenEndpoint: string;
  /** Whom assertions are for. */
  readonly issuer: string;
  readonly clientId: string;
  /** Signs assertions. */
  readonly key: ClientKey;
  /** Signs DPoP proofs; may be the same, or one that lives as long as the process. */
  readonly dpopKey: ClientKey;
  /** Sends the requests for tokens; for instance through a proxy. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  /** More parameters of the request, as `scope` or `resource`, that a server of others wants. */
  readonly parameters?: Readonly<Record<string, string>>;
}

interface HeldToken {
  readonly token: string;
  readonly refreshAtMs: number;
}

/**
 * By access tokens that are bound to a key (RFC 6749 section 4.4, RFC 7523, RFC 9449). A token is fetched when it is first needed, and again
 * when four fifths of its time are over; requests that come meanwhile wait for the same one.
 *
 * The authorizer throws `COALITION_IDENTITY` when the server gives no such token.
 */
export function authorizeByToken(source: TokenSource): ClientAuthorizer {
  const clock = source.clock ?? systemClock;
  let held: Promise<HeldToken> | null = null;
  const obtain = async (): Promise<string> => {
    const current = await held;
    if (current !== null && clock.nowMs() < current.refreshAtMs) return current.token;
    // Somebody who waited for the same one may have begun already.
    if (held === null || (await held) === current) {
      held = fetchToken(source, clock).catch((error) => {
        held = null;
        throw error;
      });
    }
    return (await held).token;
  };
  return async (request) => {
    const token = await obtain();
    const use = { method: request.method, url: request.url, accessToken: token };
    const proof = await makeDpopProof(source.dpopKey, use, null, clock);
    return withHeaders(request, { authorization: `DPoP ${token}`, dpop: proof });
  };
}

/** Longest answer of a token endpoint that is read. */
const MOST_CHARACTERS = 64 * 1024;

async function fetchToken(source: TokenSource, clock: Clock): Promise<HeldToken> {
  let nonce: string | null = null;
  // The first answer may ask for a nonce (RFC 9449 section 8); the second may not.
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await sendTokenRequest(source, nonce, clock);
    const text = await answer.text();
    if (text.length > MOST_CHARACTERS) return refuseAnswer('a long answer');
    const body = parseAnswer(text);
    if (answer.ok) return readToken(body, clock);
    nonce = answer.headers.get('dpop-nonce');
    if (body.error !== 'use_dpop_nonce' || nonce === null) return refuseAnswer(`status ${answer.status}`);
  }
  return refuseAnswer('a nonce asked for twice');
}

async function sendTokenRequest(source: TokenSource, nonce: string | null, clock: Clock): Promise<Response> {
  const { tokenEndpoint, issuer, clientId, key, dpopKey } = source;
  const use = { method: 'POST', url: tokenEndpoint, accessToken: null };
  return (source.fetch ?? fetch)(tokenEndpoint, {
    method: 'POST',
    redirect: 'error',
    headers: { dpop: await makeDpopProof(dpopKey, use, nonce, clock), accept: 'application/json' },
    body: new URLSearchParams({
      ...source.parameters,
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: CLIENT_ASSERTION_TYPE,
      client_assertion: await makeClientAssertion(clientId, issuer, key, clock),
    }),
  });
}

function parseAnswer(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function readToken(body: Record<string, unknown>, clock: Clock): HeldToken {
  const { access_token: token, token_type: type, expires_in: seconds = 300 } = body;
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(token)) return refuseAnswer('no token');
  // A bearer token would be worth as much to whoever steals it.
  if (typeof type !== 'string' || type.toLowerCase() !== 'dpop')
    return refuseAnswer('a token that is bound to no key');
  if (typeof seconds !== 'number' || !(seconds > 0)) return refuseAnswer('a token that has no time');
  return { token, refreshAtMs: clock.nowMs() + seconds * 800 };
}

function refuseAnswer(what: string): never {
  return refuse(
    'COALITION_IDENTITY',
    `the token endpoint answered with ${what}`,
    'look at client id, key and clock of this member',
  );
}

function withHeaders(request: Request, added: Readonly<Record<string, string>>): Request {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(added)) headers.set(name, value);
  return new Request(request, { headers });
}
