import { answerJson, PhalanxError } from '@phalanx/core';

/** What each kind of failure is to who asked (RFC 9110). */
const STATUS: Readonly<Record<string, number>> = {
  COALITION_STIX: 400,
  COALITION_PATTERN: 400,
  COALITION_MATCHING: 400,
  COALITION_PROOF: 400,
  COALITION_TAXII: 400,
  COALITION_TRUST: 409,
  COALITION_POLICY: 403,
  COALITION_IDENTITY: 401,
  COALITION_LIMIT: 429,
  STORE_UNAVAILABLE: 503,
  STORE_ARGUMENT: 400,
};

/** What is told to who asked: never the words of an error of identity, which would help who guesses. */
export function answerError(error: unknown): Response | null {
  if (!PhalanxError.is(error)) return null;
  const status = STATUS[error.code];
  if (status === undefined) return null;
  if (status === 401) return answerUnauthorized();
  if (status === 503) return problem(503, 'the store is not there', undefined, { 'retry-after': '5' });
  return problem(status, error.message, error.advice, error.retryable ? { 'retry-after': '1' } : {});
}

/** 401, with what a caller may authenticate by besides a certificate (RFC 9110 section 11.6.1). */
export function answerUnauthorized(): Response {
  return problem(401, 'who asks is not known', undefined, { 'www-authenticate': 'DPoP, Bearer' });
}

/** Problem details (RFC 9457): `title` says what, `detail` what to do. */
export function problem(
  status: number,
  title: string,
  detail?: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return answerJson(
    status,
    { status, title, ...(detail !== undefined && { detail }) },
    { type: 'application/problem+json', headers },
  );
}
