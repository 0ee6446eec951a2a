import { createHash } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import {
  type Checkpoint,
  hashLeaf,
  parseCheckpoint,
  parseNote,
  SignatureType,
  type TlogProof,
  type VerifierKey,
  verifyInclusion,
} from '@phalanx/ledger';
import type { AttestationErrorCode } from './attestation-error.js';
import { type Envelope, encodePreAuth } from './dsse.js';
import { type SignatureTimestamp, verifySigstoreBundle } from './sigstore-verifier.js';
import { LEAF_KIND, makeStatementLeaf } from './statement-leaf.js';
import { keyHintOf } from './statement-signer.js';
import { logIdOf } from './trusted-root.js';

/** What a bundle is made of. */
export interface StatementBundle {
  readonly envelope: Envelope;
  /** Key that signed the envelope, see `parsePublicKey`. Bundles name it by `keyHintOf`. */
  readonly publicKey: Uint8Array;
  /** Key of the log that signed the checkpoint; Ed25519. */
  readonly logKey: VerifierKey;
  /** That `makeStatementLeaf` of this envelope and key is in the log. */
  readonly proof: TlogProof;
  /** RFC 3161 responses over the signature of the envelope, DER. Verifiers ask for at least one. */
  readonly timestamps: readonly Uint8Array[];
}

/** What a bundle of ours proves. */
export interface VerifiedStatementBundle {
  readonly envelope: Envelope;
  /** Entry of the log, as `makeStatementLeaf` makes it. */
  readonly leaf: Uint8Array;
  /** For `verifyTlogProof`, with a policy that says whose cosignatures are asked for. */
  readonly proof: TlogProof;
  readonly checkpoint: Checkpoint;
  readonly timestamps: readonly SignatureTimestamp[];
}

/** Where an entry lies. */
interface Place {
  readonly logId: Uint8Array;
  readonly proof: TlogProof;
  readonly checkpoint: Checkpoint;
}

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * A Sigstore bundle v0.3 for a statement in our ledger, as canonical JSON. Cosignatures of witnesses stay in the checkpoint.
 *
 * @throws PhalanxError `ATTESTATION_LOG` when the proof is not of this statement or not by this log
 */
export function formatStatementBundle(bundle: StatementBundle): Uint8Array {
  const { envelope, publicKey, timestamps } = bundle;
  return format(envelope, publicKey, placeOf(bundle), timestamps, contentOf(envelope));
}

/**
 * The same statement, log entry and time stamps as the signature of a message, for verifiers that know no `hashedrekord` of an
 * envelope (`@sigstore/verify` before 4). The message is what `encodePreAuth` makes of the envelope, and is handed over beside it.
 *
 * @throws PhalanxError `ATTESTATION_LOG`
 */
export function formatMessageBundle(bundle: StatementBundle): Uint8Array {
  const { envelope, publicKey, timestamps } = bundle;
  const signed = encodePreAuth(envelope.payloadType, envelope.payload);
  return format(envelope, publicKey, placeOf(bundle), timestamps, {
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: toBase64(createHash('sha256').update(signed).digest()),
      },
      signature: toBase64(envelope.signature),
    },
  });
}

/**
 * Verifies a bundle that `formatStatementBundle` wrote, and nothing else: `verifySigstoreBundle`, one entry of the one kind, at least one time
 * stamp, and every byte as it would be written again. So no bit of the file can change unnoticed but in the lines of cosigners that the
 * trusted root does not know: those are for `verifyTlogProof` to check, under a policy that knows them.
 *
 * @param publicKey of the signer, see `parsePublicKey`
 * @throws PhalanxError as `verifySigstoreBundle`
 */
export function verifyStatementBundle(
  json: Uint8Array,
  { trustedRoot, publicKey }: { readonly trustedRoot: Uint8Array; readonly publicKey: Uint8Array },
): VerifiedStatementBundle {
  const { envelope, entries, timestamps } = verifySigstoreBundle(json, { trustedRoot, publicKey });
  const [{ log, leaf, proof, checkpoint }, ...more] = entries as [(typeof entries)[0], ...typeof entries];
  if (envelope === null || proof === null || checkpoint === null || more.length > 0)
    throw bundleError('it is not one envelope with one proof');
  if (timestamps.length === 0) throw bundleError('it has no time stamp');
  if (Buffer.compare(leaf, makeStatementLeaf(envelope, publicKey)) !== 0)
    throw bundleError('its log entry is of another form');
  const place = { logId: log.id, proof, checkpoint };
  const responses = timestamps.map(({ response }) => response);
  if (Buffer.compare(json, format(envelope, publicKey, place, responses, contentOf(envelope))) !== 0)
    throw bundleError('it is not written as it should be');
  return { envelope, leaf, proof, checkpoint, timestamps };
}

function format(
  envelope: Envelope,
  publicKey: Uint8Array,
  { logId, proof, checkpoint }: Place,
  timestamps: readonly Uint8Array[],
  content: { readonly [member: string]: Json },
): Uint8Array {
  const index = String(proof.index);
  return utf8(
    canonicalJson({
      mediaType: BUNDLE_TYPE,
      verificationMaterial: {
        publicKey: { hint: keyHintOf(publicKey) },
        timestampVerificationData: {
          rfc3161Timestamps: timestamps.map((response) => ({ signedTimestamp: toBase64(response) })),
        },
        tlogEntries: [
          {
            canonicalizedBody: toBase64(makeStatementLeaf(envelope, publicKey)),
            inclusionProof: {
              checkpoint: { envelope: fromUtf8(proof.checkpoint) },
              hashes: proof.inclusion.map(toBase64),
              logIndex: index,
              rootHash: toBase64(checkpoint.root),
              treeSize: String(checkpoint.size),
            },
            // A log of Rekor's second version says no time of its own.
            integratedTime: '0',
            kindVersion: { ...LEAF_KIND },
            logId: { keyId: toBase64(logId) },
            logIndex: index,
          },
        ],
      },
      ...content,
    }),
  );
}

function contentOf({ payload, payloadType, signature }: Envelope): { readonly dsseEnvelope: Json } {
  return {
    dsseEnvelope: {
      payload: toBase64(payload),
      payloadType,
      signatures: [{ keyid: '', sig: toBase64(signature) }],
    },
  };
}

function placeOf({ envelope, publicKey, logKey, proof }: StatementBundle): Place {
  if (logKey.type !== SignatureType.ED25519)
    throw logError(`a key of type ${logKey.type} signs no checkpoint here`);
  const { text, signatures } = parseNote(proof.checkpoint);
  const checkpoint = parseCheckpoint(text);
  const isSigned = signatures.some(
    ({ keyName, keyId, signature }) =>
      keyName === logKey.keyName && keyId === logKey.keyId && logKey.verify(text, signature),
  );
  if (!isSigned) throw logError(`${logKey.keyName} did not sign the checkpoint`);
  const leaf = makeStatementLeaf(envelope, publicKey);
  if (!verifyInclusion(hashLeaf(leaf), proof.index, checkpoint.size, proof.inclusion, checkpoint.root))
    throw logError(`entry ${proof.index} is not this statement`);
  return { logId: logIdOf(logKey), proof, checkpoint };
}

function bundleError(what: string): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_BUNDLE', `not a bundle of a statement in the ledger: ${what}`);
}

function logError(what: string): PhalanxError<AttestationErrorCode> {
  return new PhalanxError('ATTESTATION_LOG', `no bundle can be made: ${what}`);
}
