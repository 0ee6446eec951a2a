import { PhalanxError, readBody } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';

/** What a call may cost. */
export interface FetchLimits {
  /** For the whole call, the body included. */
  readonly timeoutMs: number;
  /** Of the answer, after decompression. */
  readonly maxBytes: number;
}

/** An answer, all of it. */
export interface FetchedAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Asks a server whom nobody trusts: redirects are not followed, and neither time nor bytes go beyond the limits.
 *
 * @param base the prefix of the server, with or without a slash at its end
 * @param path below it
 * @param post body of a POST; null: a GET
 * @throws PhalanxError `LEDGER_REMOTE` when there is no whole answer within the limits
 */
export async function fetchWithin(
  base: string,
  path: string,
  post: Uint8Array | null,
  { timeoutMs, maxBytes }: FetchLimits,
): Promise<FetchedAnswer> {
  const url = `${parseBase(base)}/${path}`;
  try {
    const answer = await fetch(url, {
      ...(post !== null && { method: 'POST', body: post }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await readBody(answer, maxBytes);
    if (body !== null) return { status: answer.status, body };
  } catch (cause) {
    throw remoteError(`${url} does not answer: ${reasonOf(cause)}`, cause);
  }
  throw remoteError(`${url} answers with more than ${maxBytes} bytes`);
}

/** What to say of a server that did not answer as it should. */
export function remoteError(what: string, cause?: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_REMOTE', what, {
    cause,
    retryable: true,
    advice: 'Try again later; if it stays so, ask whoever runs the server.',
  });
}

/**
 * The prefix of a server, without the slash at its end.
 *
 * @throws PhalanxError `LEDGER_REMOTE` unless it is an http or https URL without credentials, query and fragment
 */
export function parseBase(base: string): string {
  let url: URL | null = null;
  try {
    url = new URL(base);
  } catch {}
  const isPlain =
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!isPlain)
    throw new PhalanxError<LedgerErrorCode>('LEDGER_REMOTE', 'not the http or https address of a server', {
      advice: 'Give a prefix such as https://log.example, without name, password, query and fragment.',
    });
  return base.replace(/\/+$/, '');
}

/** `fetch` hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return 'time is up';
  return cause?.code ?? cause?.message ?? message;
}
