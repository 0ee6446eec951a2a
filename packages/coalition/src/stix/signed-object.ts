import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { OBJECT_SIGNATURE } from './extensions/object-signature.js';
import { encodeForSignature, withoutSignature } from './object-digest.js';
import { asRecord, type StixObject } from './stix-object.js';

/** A private Ed25519 key and the name that others find its public key by. */
export interface ObjectSigner {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** A public Ed25519 key and whose it is. */
export interface SignerKey {
  readonly publicKey: KeyObject;
  /** `identity--` id of the lab: it may sign what it made and what names no maker. */
  readonly identity: string;
}

/**
 * Signs an object: detached JWS in compact form (RFC 7515 appendix F, `EdDSA` of RFC 8037) over its RFC 8785 form without this
 * extension. `logIndex` tells where the digest stands in the signer's transparency log; it is not signed, the log proves it.
 *
 * @throws PhalanxError `COALITION_STIX` for a key that is not Ed25519; `CANONICAL_JSON_VALUE`
 */
export function signObject(object: StixObject, signer: ObjectSigner, logIndex?: number): StixObject {
  if (signer.privateKey.asymmetricKeyType !== 'ed25519') {
    refuse('COALITION_STIX', 'the key is not an Ed25519 key', 'make one with generateKeyPair');
  }
  const bare = withoutSignature(object);
  const payload = encodeForSignature(bare);
  const header = encodeUrl(utf8(canonicalJson({ alg: 'EdDSA', kid: signer.kid })));
  const signature = sign(null, signingInput(header, payload), signer.privateKey);
  const extension = {
    extension_type: OBJECT_SIGNATURE.kind,
    digest: createHash('sha256').update(payload).digest('hex'),
    kid: signer.kid,
    jws: `${header}..${encodeUrl(signature)}`,
    ...(logIndex === undefined ? {} : { log_index: logIndex }),
  };
  return { ...bare, extensions: { ...asRecord(bare.extensions), [OBJECT_SIGNATURE.id]: extension } };
}

/** What a signature shows. */
export interface VerifiedObject {
  readonly kid: string;
  /** Whose key it is. */
  readonly identity: string;
  /** SHA-256 of what was signed, in hexadecimal. */
  readonly digest: string;
  /** Claimed, and proved by nothing here; null where nothing is claimed. */
  readonly logIndex: number | null;
}

/**
 * Verifies the signature of an object; null when it has none.
 *
 * @throws PhalanxError `COALITION_STIX` when it has one that does not verify: another header, an unknown key, a changed object, or a
 *   key of somebody else than `created_by_ref`
 */
export function verifyObject(
  object: StixObject,
  keys: ReadonlyMap<string, SignerKey>,
): VerifiedObject | null {
  const extension = asRecord(asRecord(object.extensions)?.[OBJECT_SIGNATURE.id]);
  if (extension === null) return null;
  const { jws, kid, digest, log_index: logIndex } = extension;
  const parts = typeof jws === 'string' && jws.length <= 2048 ? jws.split('.') : [];
  const [header, payloadPart, signature] = parts;
  if (parts.length !== 3 || payloadPart !== '' || typeof kid !== 'string') return fail('no detached JWS');
  if (!isHeader(header!, kid))
    return fail('a JWS header that is not {"alg":"EdDSA","kid"} of this signature');
  const key = keys.get(kid);
  if (key === undefined) return fail('a key that is not known');
  const payload = encodeForSignature(object);
  const found = createHash('sha256').update(payload).digest('hex');
  const bytes = Buffer.from(signature!, 'base64url');
  const holds =
    digest === found &&
    encodeUrl(bytes) === signature &&
    key.publicKey.asymmetricKeyType === 'ed25519' &&
    verify(null, signingInput(header!, payload), key.publicKey, bytes);
  if (!holds) return fail('a signature of something else');
  const { created_by_ref: maker } = object;
  if (maker !== undefined && maker !== key.identity)
    return fail('a signature of somebody who did not make it');
  return {
    kid,
    identity: key.identity,
    digest: found,
    logIndex: typeof logIndex === 'number' ? logIndex : null,
  };
}

function isHeader(encoded: string, kid: string): boolean {
  const bytes = Buffer.from(encoded, 'base64url');
  if (encodeUrl(bytes) !== encoded) return false;
  try {
    const header = asRecord(JSON.parse(fromUtf8(bytes)) as Json);
    // Nothing else may stand there: `b64` and `crit` would change what was signed.
    return (
      header !== null && Object.keys(header).length === 2 && header.alg === 'EdDSA' && header.kid === kid
    );
  } catch {
    return false;
  }
}

function signingInput(header: string, payload: Uint8Array): Uint8Array {
  return utf8(`${header}.${encodeUrl(payload)}`);
}

function encodeUrl(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

function fail(what: string): never {
  return refuse('COALITION_STIX', `the object has ${what}`, 'treat it as unsigned by anybody');
}
