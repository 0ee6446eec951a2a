import { readBody } from '@phalanx/core';
import { refuse } from './suspect-error.js';

export interface PostLimits {
  /** Time for one try, connecting and reading, in ms. */
  readonly timeoutMs: number;
  /** Tries after the first, on 408, 429, 5xx and a broken connection. */
  readonly retries: number;
  readonly maxResponseBytes: number;
  /** Waits between tries, in ms; a test passes its own. */
  readonly wait: (ms: number) => Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Posts JSON and reads JSON. Never follows a redirect: the credential was meant for the first address. What it throws names the
 * address's host and the status, never a header, the body sent or the body received.
 *
 * @throws PhalanxError `SUSPECT_ANSWER`, retryable when a later try may succeed
 */
export async function postJson(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  limits: PostLimits,
): Promise<unknown> {
  let why = '';
  for (let attempt = 0; ; attempt++) {
    const answer = await tryOnce(url, headers, body, limits);
    if ('value' in answer) return answer.value;
    why = answer.why;
    if (!answer.retryable || attempt === limits.retries) break;
    await limits.wait(Math.min(LONGEST_WAIT_MS, answer.retryAfterMs ?? FIRST_WAIT_MS * 2 ** attempt));
  }
  return refuse('SUSPECT_ANSWER', `${url.host}: ${why}`, 'Look whether the model serves this dialect there.');
}

type Attempt =
  | { readonly value: unknown }
  | { readonly why: string; readonly retryable: boolean; readonly retryAfterMs?: number };

async function tryOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  limits: PostLimits,
): Promise<Attempt> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      const { status } = response;
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      return {
        why: `status ${status}`,
        retryable: status === 408 || status === 429 || status >= 500,
        ...(seconds >= 0 && { retryAfterMs: seconds * 1000 }),
      };
    }
    const bytes = await readBody(response, limits.maxResponseBytes);
    if (bytes === null) return { why: `more than ${limits.maxResponseBytes} bytes`, retryable: false };
    try {
      return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
    } catch {
      return { why: 'the answer is no JSON', retryable: false };
    }
  } catch {
    return {
      why: signal.aborted ? `no answer in ${limits.timeoutMs} ms` : 'the connection broke',
      retryable: true,
    };
  }
}
