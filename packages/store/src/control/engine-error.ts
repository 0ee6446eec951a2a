import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';

interface Verdict {
  readonly code: StoreErrorCode;
  readonly advice: string;
  readonly retryable?: boolean;
}

const UNREACHABLE: Verdict = {
  code: 'STORE_UNAVAILABLE',
  advice: 'Try again; when it persists, see whether the PostgreSQL server runs and can be reached.',
  retryable: true,
};
const BUSY: Verdict = {
  code: 'STORE_UNAVAILABLE',
  advice: 'Another writer was in the way; try the same call again.',
  retryable: true,
};
const REFUSED: Verdict = {
  code: 'STORE_ARGUMENT',
  advice: 'Check user, password, database and rights of the URL under which the control store is opened.',
};
const INVALID: Verdict = {
  code: 'STORE_ROW_INVALID',
  advice: 'Correct the value that the message names; nothing was written.',
};

/** By SQLSTATE, longest prefix first (PostgreSQL 18, appendix A). */
const VERDICTS: readonly (readonly [state: string, verdict: Verdict])[] = [
  ['57014', { code: 'STORE_LIMIT', advice: 'The statement ran into its time limit; ask for less at once.' }],
  ['25P04', { code: 'STORE_LIMIT', advice: 'The transaction ran into its time limit; do less in one.' }],
  ['53300', UNREACHABLE],
  ['53100', { code: 'STORE_LIMIT', advice: "Make room on the disk of the server's data directory." }],
  ['53', { code: 'STORE_LIMIT', advice: 'The server has no memory left for this; ask for less at once.' }],
  ['54', { code: 'STORE_LIMIT', advice: 'The value is larger than PostgreSQL takes.' }],
  ['57P', UNREACHABLE],
  ['08', UNREACHABLE],
  ['55P03', BUSY],
  ['40', BUSY],
  ['28', REFUSED],
  ['3D000', REFUSED],
  ['42501', REFUSED],
  ['22', INVALID],
  ['23', INVALID],
];

const QUERY: Verdict = { code: 'STORE_QUERY', advice: 'This is a fault in Phalanx; please report it.' };

/** What Node and `pg` say when there is no connection, or none any more. */
const NO_CONNECTION =
  /^(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOST|ENETUNREACH)|Connection terminated|timeout (exceeded|expired)|Client has encountered a connection error|not queryable/;

/**
 * What an engine raised, as a `PhalanxError` with advice. The cause keeps SQLSTATE and message; the rest of the engine's error, which
 * quotes rows and knows the connection, is dropped.
 */
export function describeEngineError(error: unknown): PhalanxError<StoreErrorCode> {
  if (PhalanxError.is<StoreErrorCode>(error)) return error;
  const {
    code: state,
    message,
    constraint,
  } = error as { code?: unknown; message?: unknown; constraint?: unknown };
  const code = typeof state === 'string' ? state : '';
  const text = typeof message === 'string' ? message : String(error);
  const isSqlState = /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');
  const verdict = isSqlState
    ? (VERDICTS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? QUERY)
    : NO_CONNECTION.test(code) || NO_CONNECTION.test(text)
      ? UNREACHABLE
      : QUERY;
  const what = isSqlState ? `PostgreSQL ${code}` : 'PostgreSQL';
  const where = typeof constraint === 'string' ? ` (${constraint})` : '';
  return new PhalanxError(verdict.code, `${what}: ${text || code}${where}`, {
    advice: verdict.advice,
    retryable: verdict.retryable ?? false,
    cause: new Error(`${code} ${text}`.trim()),
  });
}
