import { verify } from 'node:crypto';
import {
  canonicalJson,
  concatBytes,
  fromBase64,
  fromUtf8,
  PhalanxError,
  toBase64,
  utf8,
} from '@phalanx/core';
import type { AttestationErrorCode } from './attestation-error.js';
import { parsePublicKey, type StatementSigner } from './statement-signer.js';

/** A DSSE v1.0.2 envelope with one signature, which is what Sigstore bundles hold. */
export interface Envelope {
  /** Media type of the payload. */
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** See `StatementSigner.sign`. */
  readonly signature: Uint8Array;
}

/** Larger than any statement here; a log entry holds a hash of it. */
export const MAX_PAYLOAD_BYTES = 16_000_000;
const MAX_JSON_BYTES = 22_000_000;
const MAX_TYPE_BYTES = 256;
/** An ECDSA signature over P-256 is at most 72 bytes of DER. */
const MAX_SIGNATURE_BYTES = 72;

/** What is signed (DSSE, pre-authentication encoding): type and payload with their lengths in front. */
export function encodePreAuth(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concatBytes([utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload]);
}

/** @throws PhalanxError `ATTESTATION_ENVELOPE` when payload or type is out of range */
export async function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signer: StatementSigner,
): Promise<Envelope> {
  checkSizes(payloadType, payload);
  return { payloadType, payload, signature: await signer.sign(encodePreAuth(payloadType, payload)) };
}

/**
 * @param publicKey see `parsePublicKey`
 * @throws PhalanxError `ATTESTATION_SIGNATURE`; `ATTESTATION_KEY`
 */
export function verifyEnvelope({ payloadType, payload, signature }: Envelope, publicKey: Uint8Array): void {
  const key = parsePublicKey(publicKey);
  if (verify('sha256', encodePreAuth(payloadType, payload), key, signature)) return;
  throw new PhalanxError<AttestationErrorCode>(
    'ATTESTATION_SIGNATURE',
    'the envelope is not signed by this key',
    {
      advice: 'Do not use it: it was altered, or the key is another.',
    },
  );
}

/** The envelope as canonical JSON. */
export function formatEnvelope({ payloadType, payload, signature }: Envelope): Uint8Array {
  return utf8(
    canonicalJson({
      payload: toBase64(payload),
      payloadType,
      signatures: [{ keyid: '', sig: toBase64(signature) }],
    }),
  );
}

/**
 * Reads an envelope in the form that `formatEnvelope` writes. No signature is checked.
 *
 * @throws PhalanxError `ATTESTATION_ENVELOPE`
 */
export function parseEnvelope(json: Uint8Array): Envelope {
  if (json.length > MAX_JSON_BYTES) throw envelopeError(`${json.length} bytes, more than ${MAX_JSON_BYTES}`);
  let envelope: Envelope;
  try {
    const value = JSON.parse(fromUtf8(json));
    const { payload, payloadType, signatures } = value as {
      payload: string;
      payloadType: string;
      signatures: { sig: string }[];
    };
    if (typeof payloadType !== 'string') throw envelopeError('its type is no text');
    envelope = { payloadType, payload: fromBase64(payload), signature: fromBase64(signatures[0]!.sig) };
    checkSizes(payloadType, envelope.payload);
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw envelopeError('it lacks a payload, a type or a signature', cause);
  }
  const { length } = envelope.signature;
  if (length === 0 || length > MAX_SIGNATURE_BYTES) throw envelopeError(`a signature of ${length} bytes`);
  // One form only: what else there may be in the JSON would not be signed.
  if (Buffer.compare(formatEnvelope(envelope), json) !== 0)
    throw envelopeError('it is not canonical JSON of a payload, its type and one signature');
  return envelope;
}

function checkSizes(payloadType: string, payload: Uint8Array): void {
  if (payloadType === '' || utf8(payloadType).length > MAX_TYPE_BYTES)
    throw envelopeError(`its type is empty or longer than ${MAX_TYPE_BYTES} bytes`);
  if (payload.length === 0 || payload.length > MAX_PAYLOAD_BYTES)
    throw envelopeError(`a payload of ${payload.length} bytes, not 1 to ${MAX_PAYLOAD_BYTES}`);
}

function envelopeError(what: string, cause?: unknown): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_ENVELOPE', `not a DSSE envelope: ${what}`, { cause });
}
