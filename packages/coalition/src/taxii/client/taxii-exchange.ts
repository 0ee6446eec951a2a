import { type Clock, type Json, PhalanxError, readBody, shortenText, systemClock, utf8 } from '@phalanx/core';
import { type CoalitionErrorCode, refuse } from '../../coalition-error.js';
import { parseJson } from '../../stix/json-text.js';
import { asRecord } from '../../stix/stix-object.js';
import { CLIENT_LIMITS } from './client-limits.js';
import type { Transport } from './http-transport.js';
import { readRetryAfter } from './retry-after.js';
import { salvagePage } from './salvaged-page.js';

export const TAXII_TYPE = 'application/taxii+json;version=2.1';

/**
 * Says who asks: returns the request to send, with credentials or a signature. It is asked anew for each attempt, and once more with
 * the answer when the server answers 401, which may name what it wants (a nonce of DPoP).
 */
export type Authorize = (request: Request, refusal: Response | null) => Promise<Request>;

/** How a server is reached. */
export interface TaxiiConnection {
  readonly transport: Transport;
  /** Default: nobody in particular asks. */
  readonly authorize?: Authorize;
  readonly clock?: Clock;
  /** Ends all that is going on, with its reason. */
  readonly signal?: AbortSignal;
  /** From sending a request to the last byte of its answer. Default `CLIENT_LIMITS.requestMs`. */
  readonly requestMs?: number;
  /** Waits between attempts. Default: by a timer. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What is asked. */
export interface TaxiiQuestion {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly body?: Json;
  /**
   * Whether it may be asked again after nobody knows what became of it. Some servers forget a page as they send it: there, a page that is
   * lost on the way must not be asked for again by the same `next`.
   */
  readonly repeatable: boolean;
}

/** Why there is no answer that can be used. */
export interface TaxiiFault {
  readonly kind: 'unreachable' | 'status' | 'not-json' | 'too-large' | 'redirect';
  /** Of HTTP; null when there was no answer. */
  readonly status: number | null;
  readonly message: string;
  /** Whether the same may go well later. */
  readonly retryable: boolean;
}

export type TaxiiAnswer =
  | { readonly json: Json; readonly headers: Headers; readonly status: number; readonly fault: null }
  | { readonly json: null; readonly headers: null; readonly status: null; readonly fault: TaxiiFault };

/** The server has not looked at the request. */
const UNTOUCHED = new Set([429]);
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks a server, again and again within limits, and follows redirects within its origin. Content types are not looked at: what parses
 * and has the members that it must have is an answer. Faults of the server are values; only the end of `signal` and errors of
 * `authorize` or of our own making are thrown.
 */
export async function askServer(connection: TaxiiConnection, question: TaxiiQuestion): Promise<TaxiiAnswer> {
  const { clock = systemClock, signal, wait = waitByTimer } = connection;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const { answer, retryAfterMs } = await askOnce(connection, question, clock);
    const { fault } = answer;
    if (fault === null || !fault.retryable || attempt >= CLIENT_LIMITS.attempts) return answer;
    const isUntouched = fault.status !== null && UNTOUCHED.has(fault.status);
    if (!question.repeatable && !isUntouched) return answer;
    const ms = retryAfterMs ?? CLIENT_LIMITS.firstWaitMs * 2 ** (attempt - 1);
    if (ms > CLIENT_LIMITS.longestWaitMs) return answer;
    await wait(ms, signal);
  }
}

/** @throws PhalanxError `COALITION_TAXII` with the fault; `COALITION_LIMIT` when it is one of size */
export function raiseFault(fault: TaxiiFault, url: URL): never {
  const code: CoalitionErrorCode = fault.kind === 'too-large' ? 'COALITION_LIMIT' : 'COALITION_TAXII';
  throw new PhalanxError<CoalitionErrorCode>(code, `${url.origin}${url.pathname}: ${fault.message}`, {
    advice: fault.retryable ? 'try again later' : 'ask who runs the server',
    retryable: fault.retryable,
  });
}

interface Once {
  readonly answer: TaxiiAnswer;
  readonly retryAfterMs: number | null;
}

async function askOnce(connection: TaxiiConnection, question: TaxiiQuestion, clock: Clock): Promise<Once> {
  const { requestMs = CLIENT_LIMITS.requestMs } = connection;
  const timeout = AbortSignal.timeout(requestMs);
  const signal = connection.signal === undefined ? timeout : AbortSignal.any([connection.signal, timeout]);
  let url = question.url;
  let refusal: Response | null = null;
  for (let hops = 0; ; ) {
    const request = await prepareRequest(connection, question, url, signal, refusal);
    let response: Response;
    let body: Uint8Array | null;
    try {
      response = await connection.transport(request);
      if (response.status === 401 && refusal === null && connection.authorize !== undefined) {
        await response.body?.cancel();
        refusal = response;
        continue;
      }
      body = await readBody(response, CLIENT_LIMITS.bodyBytes);
    } catch (error) {
      connection.signal?.throwIfAborted();
      if (PhalanxError.is(error)) throw error;
      const message = timeout.aborted
        ? `no answer within ${requestMs / 1000} s`
        : `no answer (${nameOf(error)})`;
      return failed({ kind: 'unreachable', status: null, message, retryable: true });
    }
    const { status, headers } = response;
    if (status >= 300 && status < 400) {
      const to = followRedirect(question, url, response);
      if (to === null || ++hops > CLIENT_LIMITS.redirects) {
        const message = `a redirect (${status}) that is not followed: to another origin, too many, or of a POST`;
        return failed({ kind: 'redirect', status, message, retryable: false });
      }
      url = to;
      continue;
    }
    const retryAfterMs = readRetryAfter(headers.get('retry-after'), clock.nowMs());
    return { answer: judge(question.method, status, headers, body), retryAfterMs };
  }
}

async function prepareRequest(
  { authorize }: TaxiiConnection,
  { method, body }: TaxiiQuestion,
  url: URL,
  signal: AbortSignal,
  refusal: Response | null,
): Promise<Request> {
  const headers: Record<string, string> = { accept: TAXII_TYPE };
  if (body !== undefined) headers['content-type'] = TAXII_TYPE;
  const request = new Request(url.href, {
    method,
    headers,
    signal,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: utf8(JSON.stringify(body)) }),
  });
  return authorize === undefined ? request : authorize(request, refusal);
}

/** Where a redirect leads if it may be followed: within the origin, so that credentials go nowhere else. */
function followRedirect({ method }: TaxiiQuestion, from: URL, response: Response): URL | null {
  const location = response.headers.get('location') ?? '';
  if (!URL.canParse(location, from.href)) return null;
  const to = new URL(location, from);
  const keepsMethod = method === 'GET' || response.status === 307 || response.status === 308;
  return to.origin === from.origin && keepsMethod ? to : null;
}

function judge(
  method: TaxiiQuestion['method'],
  status: number,
  headers: Headers,
  body: Uint8Array | null,
): TaxiiAnswer {
  if (status < 200 || status >= 300) {
    const said = body === null ? '' : readTitle(body);
    const message = `answered ${status}${said === '' ? '' : `: ${said}`}`;
    const kind = status === 413 ? 'too-large' : 'status';
    return failed({ kind, status, message, retryable: PASSING.has(status) }).answer;
  }
  if (body === null) {
    const message = `an answer of more than ${CLIENT_LIMITS.bodyBytes} bytes`;
    return failed({ kind: 'too-large', status, message, retryable: false }).answer;
  }
  // Nothing is no empty collection: that is `{}`.
  if (body.byteLength === 0 && method !== 'GET') return { json: null, headers, status, fault: null };
  try {
    return { json: parseJson(body), headers, status, fault: null };
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    const salvaged = salvagePage(body);
    if (salvaged !== null) return { json: salvaged, headers, status, fault: null };
    const kind = error.code === 'COALITION_LIMIT' ? 'too-large' : 'not-json';
    const type = headers.get('content-type') ?? 'no type';
    // A body that was cut off on the way is no JSON either.
    const message = `an answer that cannot be read (${error.message}; ${shortenText(type, 80)})`;
    return failed({ kind, status, message, retryable: kind === 'not-json' }).answer;
  }
}

/** Title of an error message (TAXII 2.1 section 3.6.1) or of problem details; empty for anything else. */
function readTitle(body: Uint8Array): string {
  try {
    const { title, detail, description } = asRecord(parseJson(body)) ?? {};
    const text = [title, description, detail].find((member) => typeof member === 'string') ?? '';
    return shortenText(text, 200);
  } catch {
    return '';
  }
}

function failed(fault: TaxiiFault): Once {
  return { answer: { json: null, headers: null, status: null, fault }, retryAfterMs: null };
}

function nameOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** Resolves after a time, rejects with the signal's reason. */
export function waitByTimer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    const end = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** Refuses what a server sent in place of what it must send. */
export function refuseAnswer(url: URL, what: string): never {
  return refuse('COALITION_TAXII', `${url.origin}${url.pathname}: ${what}`, 'ask who runs the server');
}
