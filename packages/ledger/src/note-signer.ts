import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type Clock, PhalanxError, utf8 } from '@phalanx/core';
import { cosignedMessage, cosignedText, formatCosignature } from './cosignature.js';
import type { LedgerErrorCode } from './ledger-error.js';
import type { NoteSigner } from './signed-note.js';
import { keyIdOf, SignatureType } from './verifier-key.js';

/** Signs bytes with a key that lies somewhere: in a file, a token, or shared among people. */
export interface SigningKey {
  /** 32 bytes for Ed25519, 1,312 for ML-DSA-44. */
  readonly publicKey: Uint8Array;
  /** A pure Ed25519 (RFC 8032) or ML-DSA-44 (FIPS 204, empty context) signature. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * An Ed25519 key that this process holds.
 *
 * @throws PhalanxError `LEDGER_KEY` for a key of another kind
 */
export function signingKeyOf(privateKey: KeyObject): SigningKey {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519')
    throw new PhalanxError<LedgerErrorCode>('LEDGER_KEY', 'not a private Ed25519 key');
  // The key itself ends the DER of its SubjectPublicKeyInfo (RFC 8410).
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** Signs note texts with Ed25519, as logs do. */
export function makeNoteSigner(keyName: string, key: SigningKey): NoteSigner {
  return {
    keyName,
    keyId: keyIdOf(keyName, SignatureType.ED25519, key.publicKey),
    sign: (text) => key.sign(utf8(text)),
  };
}

/**
 * Cosigns checkpoints, as witnesses do. Whoever calls it states that the checkpoint is the largest consistent one seen.
 *
 * `sign` throws PhalanxError `LEDGER_CHECKPOINT` when ML-DSA-44 is to sign what is no checkpoint.
 *
 * @param type An Ed25519 key must not serve cosigners of different names: its signature does not say who signed.
 */
export function makeCosigner(
  keyName: string,
  type: typeof SignatureType.ED25519_COSIGNATURE | typeof SignatureType.ML_DSA_44_COSIGNATURE,
  key: SigningKey,
  clock: Clock,
): NoteSigner {
  return {
    keyName,
    keyId: keyIdOf(keyName, type, key.publicKey),
    async sign(text) {
      const timestampS = Math.floor(clock.nowMs() / 1000);
      const message =
        type === SignatureType.ED25519_COSIGNATURE
          ? cosignedText(text, timestampS)
          : cosignedMessage(keyName, text, timestampS);
      if (message === null)
        throw new PhalanxError<LedgerErrorCode>('LEDGER_CHECKPOINT', 'only checkpoints are cosigned');
      return formatCosignature({ timestampS, signature: await key.sign(message) });
    },
  };
}
