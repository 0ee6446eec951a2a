import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { deny } from './denial.js';

/** Algorithms of RFC 9421 section 3.3 that a key of ours can have. HMAC is none: a hub that can check it could forge it. */
export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256-sha256' | 'rsa-pss-sha512';

/** The one algorithm of a key: what a message says about it is compared, and never decides. @throws PhalanxError `COALITION_IDENTITY` */
export function algorithmOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): SignatureAlgorithm {
  if (type === 'ed25519') return 'ed25519';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ecdsa-p256-sha256';
  if ((type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= 2048)
    return 'rsa-pss-sha512';
  return deny('a key of an algorithm that is not used here');
}

/** Signs bytes with the algorithm of the key. @throws PhalanxError `COALITION_IDENTITY` for a key of another algorithm */
export function signBytes(privateKey: KeyObject, bytes: Uint8Array): Uint8Array {
  return sign(digestOf(privateKey), bytes, { key: privateKey, ...ENCODING });
}

/** Whether a signature of the key's algorithm holds. @throws PhalanxError `COALITION_IDENTITY` for a key of another algorithm */
export function verifyBytes(publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(digestOf(publicKey), bytes, { key: publicKey, ...ENCODING }, signature);
}

/** Each option is ignored by the algorithms that it is not of: r and s in 64 bytes; a salt as long as the digest. */
const ENCODING = {
  dsaEncoding: 'ieee-p1363',
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: 64,
} as const;

function digestOf(key: KeyObject): string | null {
  return { ed25519: null, 'ecdsa-p256-sha256': 'sha256', 'rsa-pss-sha512': 'sha512' }[algorithmOf(key)];
}
