import { timingSafeEqual } from 'node:crypto';
import { concatBytes, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { hashToScalar } from './hash-to-group.js';
import {
  addPoints,
  decodeScalar,
  drawScalar,
  GENERATOR,
  multiplyBase,
  multiplyPoint,
  multiplyScalars,
  subtractScalars,
} from './ristretto.js';

/** Bytes of a proof: challenge and response. */
export const PROOF_BYTES = 64;
/** Pairs in one proof: RFC 9497 counts them in two bytes. */
export const MAX_PROVED = 65_535;

/** What is proved: one scalar k leads from the generator to `publicKey` and from every `from[i]` to `to[i]`. */
export interface EqualityClaim {
  /** Who proves what to whom: a text of the protocol, as `contextString` of RFC 9497. */
  readonly context: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly from: readonly Uint8Array[];
  readonly to: readonly Uint8Array[];
}

/**
 * `GenerateProof` (RFC 9497 section 2.2.1), a batched proof of equal discrete logarithms after Chaum and Pedersen. One multiplication an
 * element and four. Checked by the vectors of appendix A.1.2.
 *
 * @param random a fresh scalar; given only to check vectors
 */
export function proveEquality(
  secretKey: Uint8Array,
  claim: EqualityClaim,
  random = drawScalar(),
): Uint8Array {
  const weights = weightsOf(claim);
  const m = weightedSum(weights, claim.from);
  const z = multiplyPoint(secretKey, m);
  const challenge = challengeOf(claim, m, z, multiplyBase(random), multiplyPoint(random, m));
  return concatBytes([challenge, subtractScalars(random, multiplyScalars(challenge, secretKey))]);
}

/**
 * `VerifyProof` (RFC 9497 section 2.2.2). Two multiplications an element. Soundness: a prover without one such k passes with a
 * probability of about the number of its tries over 2^252, in the random oracle model.
 */
export function verifyEquality(claim: EqualityClaim, proof: Uint8Array): boolean {
  if (proof.length !== PROOF_BYTES) return false;
  try {
    const challenge = decodeScalar(proof.subarray(0, 32));
    const response = decodeScalar(proof.subarray(32));
    const weights = weightsOf(claim);
    const m = weightedSum(weights, claim.from);
    const z = weightedSum(weights, claim.to);
    const t2 = addPoints(multiplyBase(response), multiplyPoint(challenge, claim.publicKey));
    const t3 = addPoints(multiplyPoint(response, m), multiplyPoint(challenge, z));
    return timingSafeEqual(challengeOf(claim, m, z, t2, t3), challenge);
  } catch {
    // What is no point or no scalar proves nothing.
    return false;
  }
}

function weightsOf({ context, publicKey, from, to }: EqualityClaim): Uint8Array[] {
  if (from.length === 0 || from.length !== to.length || from.length > MAX_PROVED)
    refuse('COALITION_LIMIT', `a proof over ${from.length} pairs`, `1 to ${MAX_PROVED}.`);
  const seed = digestOf('sha512', framed(publicKey, concatBytes([utf8('Seed-'), context])));
  const dst = concatBytes([utf8('HashToScalar-'), context]);
  const end = utf8('Composite');
  return from.map((point, i) =>
    hashToScalar(concatBytes([framed(seed), integerBytes(i, 2), framed(point, to[i]!), end]), dst),
  );
}

function weightedSum(weights: readonly Uint8Array[], points: readonly Uint8Array[]): Uint8Array {
  return points.map((point, i) => multiplyPoint(weights[i]!, point)).reduce(addPoints);
}

function challengeOf(
  { context, publicKey }: EqualityClaim,
  m: Uint8Array,
  z: Uint8Array,
  t2: Uint8Array,
  t3: Uint8Array,
): Uint8Array {
  const transcript = concatBytes([framed(publicKey, m, z, t2, t3), utf8('Challenge')]);
  return hashToScalar(transcript, concatBytes([utf8('HashToScalar-'), context]));
}

/** Proof that somebody knows k behind `publicKey` (Schnorr, made non-interactive over `context`). */
export function provePossession(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
  context: Uint8Array,
): Uint8Array {
  const random = drawScalar();
  const challenge = possessionChallenge(publicKey, multiplyBase(random), context);
  return concatBytes([challenge, subtractScalars(random, multiplyScalars(challenge, secretKey))]);
}

/** Whether `proof` shows that its maker knows k behind `publicKey`. */
export function verifyPossession(publicKey: Uint8Array, context: Uint8Array, proof: Uint8Array): boolean {
  if (proof.length !== PROOF_BYTES) return false;
  try {
    const challenge = decodeScalar(proof.subarray(0, 32));
    const response = decodeScalar(proof.subarray(32));
    const t = addPoints(multiplyBase(response), multiplyPoint(challenge, publicKey));
    return timingSafeEqual(possessionChallenge(publicKey, t, context), challenge);
  } catch {
    return false;
  }
}

function possessionChallenge(publicKey: Uint8Array, t: Uint8Array, context: Uint8Array): Uint8Array {
  return hashToScalar(framed(GENERATOR, publicKey, t), concatBytes([utf8('Possession-'), context]));
}
