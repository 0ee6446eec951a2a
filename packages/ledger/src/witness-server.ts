import { readBody, utf8 } from '@phalanx/core';
import { answer, type HttpHandler, refuse, TEXT_TYPE } from './log-server.js';
import { MAX_REQUEST_BYTES, type Witness } from './witness.js';

/** Limits of a witness's face. */
export interface WitnessServerSettings {
  /** Time for the body of a request to come. Default 10 s. */
  readonly bodyTimeoutMs?: number;
}

const TIMED_OUT = Symbol('timed out');

/**
 * C2SP tlog-witness v1.0.0 over HTTP: `POST /add-checkpoint`, and `GET /<origin hash>/checkpoint` for monitors. Everything else that
 * the specification does not name is 404, 405, 408 or 413.
 *
 * The handler throws what `Witness.addCheckpoint` throws; after `LEDGER_DISK` the process should end.
 */
export function makeWitnessHandler(
  witness: Witness,
  { bodyTimeoutMs = 10_000 }: WitnessServerSettings = {},
): HttpHandler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/add-checkpoint') {
      if (request.method !== 'POST') return refuse(405, { allow: 'POST' });
      const body = await within(bodyTimeoutMs, readBody(request, MAX_REQUEST_BYTES));
      if (body === TIMED_OUT) return refuse(408, { connection: 'close' });
      if (body === null) return refuse(413, { connection: 'close' });
      const { status, contentType, body: text } = await witness.addCheckpoint(body);
      return answer(
        request,
        utf8(text),
        { 'content-type': contentType, 'cache-control': 'no-store' },
        status,
      );
    }
    const [, originHash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(pathname) ?? [];
    if (originHash === undefined) return refuse(404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, { allow: 'GET, HEAD' });
    const note = witness.readCheckpoint(originHash);
    if (note === null) return refuse(404);
    return answer(request, note, { 'content-type': TEXT_TYPE, 'cache-control': 'max-age=1' });
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | typeof TIMED_OUT> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(resolve, ms, TIMED_OUT);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
