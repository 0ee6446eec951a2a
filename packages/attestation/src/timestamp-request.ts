import { createHash, randomBytes } from 'node:crypto';
import { concatBytes, PhalanxError, readBody } from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';
import { normaliseResponse, type VerifiedTimestamp, verifyTimestamp } from './timestamp.js';

/** A request to a time stamping authority, and what its answer must repeat. */
export interface TimestampRequest {
  /** DER of a `TimeStampReq`. */
  readonly request: Uint8Array;
  readonly nonce: Uint8Array;
}

/** How an authority is asked. */
export interface TimestampAuthority {
  /** `http:` or `https:`; answers are signed, so that plain HTTP is no worse. */
  readonly url: string;
  /** See `TimestampTrust.certificates`. */
  readonly certificates: readonly Uint8Array[];
  /** Milliseconds for the whole exchange; default 30,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const MAX_RESPONSE_BYTES = 64_000;
const REPLY_TYPE = 'application/timestamp-reply';
const NONCE_BYTES = 8;
/** `MessageImprint` of a SHA-256 hash (RFC 3161 section 2.4.1), up to the hash. */
const IMPRINT = Uint8Array.of(
  ...[0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00],
  ...[0x04, 0x20],
);
const VERSION = Uint8Array.of(0x02, 0x01, 0x01);
const CERT_REQ = Uint8Array.of(0x01, 0x01, 0xff);

/** A request for a time stamp of some bytes: only their SHA-256 hash leaves the house. Asks for the authority's certificate. */
export function makeTimestampRequest(message: Uint8Array): TimestampRequest {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  // A positive INTEGER without a leading zero has one encoding.
  nonce[0] = (nonce[0]! & 0x3f) | 0x40;
  const body = concatBytes([
    VERSION,
    IMPRINT,
    createHash('sha256').update(message).digest(),
    Uint8Array.of(0x02, NONCE_BYTES),
    nonce,
    CERT_REQ,
  ]);
  return { request: concatBytes([Uint8Array.of(0x30, body.length), body]), nonce };
}

/**
 * Gets a time stamp of some bytes (RFC 3161 section 3.4) and verifies it.
 *
 * @returns the response as it is to be kept, and what it says
 * @throws PhalanxError `ATTESTATION_TIMESTAMP_AUTHORITY` when there is no answer, `ATTESTATION_TIMESTAMP` when the answer proves nothing
 */
export async function requestTimestamp(
  message: Uint8Array,
  authority: TimestampAuthority,
): Promise<{ readonly response: Uint8Array; readonly timestamp: VerifiedTimestamp }> {
  const { request, nonce } = makeTimestampRequest(message);
  const response = normaliseResponse(await post(authority, request));
  const { certificates } = authority;
  return { response, timestamp: verifyTimestamp(response, message, { certificates, nonce }) };
}

async function post(
  { url, timeoutMs = TIMEOUT_MS }: TimestampAuthority,
  request: Uint8Array,
): Promise<Uint8Array> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      // A connection kept for later may be closed by then, and a POST on it is lost.
      headers: { 'content-type': 'application/timestamp-query', accept: REPLY_TYPE, connection: 'close' },
      body: new Uint8Array(request),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const [type] = (answer.headers.get('content-type') ?? 'no type').toLowerCase().split(/ *;/);
    if (answer.status !== 200 || type !== REPLY_TYPE) {
      await answer.body?.cancel();
      throw authorityError(`it answered ${answer.status} with ${type}`, answer.status >= 500);
    }
    const body = await readBody(answer, MAX_RESPONSE_BYTES);
    if (body === null) throw authorityError(`it sent more than ${MAX_RESPONSE_BYTES} bytes`, false);
    return body;
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw authorityError('it did not answer', true, cause);
  }
}

/** Without the URL: it may hold a password. */
function authorityError(
  what: string,
  retryable: boolean,
  cause?: unknown,
): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_TIMESTAMP_AUTHORITY', `no time stamp: ${what}`, {
    cause,
    retryable,
    advice: 'Ask again later, or ask another authority.',
  });
}
