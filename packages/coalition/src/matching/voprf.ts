import { refuse } from '../coalition-error.js';
import { proveEquality, verifyEquality } from './equality-proof.js';
import { type BlindedInput, evaluatePoints, finalizeInputs, type OprfKey, oprfContext } from './oprf.js';
import { decodePoint } from './ristretto.js';

/** Answer of a server to a batch of blinded points. */
export interface VerifiableEvaluation {
  readonly points: readonly Uint8Array[];
  /** One proof for all, 64 bytes. */
  readonly proof: Uint8Array;
}

const CONTEXT = oprfContext(1);

/**
 * `BlindEvaluate` in mode 1 (RFC 9497 section 3.3.2) for a batch of 1 to 65,535. Blind with `blindInput(input, 1)`.
 *
 * @param random a fresh scalar; given only to check vectors
 * @throws PhalanxError `COALITION_MATCHING` for a point that is none
 */
export function evaluateVerifiably(
  key: OprfKey,
  points: readonly Uint8Array[],
  random?: Uint8Array,
): VerifiableEvaluation {
  const evaluated = evaluatePoints(key.secretKey, points);
  const claim = { context: CONTEXT, publicKey: key.publicKey, from: points, to: evaluated };
  return { points: evaluated, proof: proveEquality(key.secretKey, claim, random) };
}

/**
 * `Finalize` in mode 1 (RFC 9497 section 3.3.2) for a batch: 64 bytes for each input.
 *
 * @throws PhalanxError `COALITION_PROOF` when the server used another key for any of them
 */
export function finalizeVerifiably(
  publicKey: Uint8Array,
  inputs: readonly Uint8Array[],
  blinded: readonly BlindedInput[],
  evaluation: VerifiableEvaluation,
): Uint8Array[] {
  const from = blinded.map(({ point }) => point);
  const claim = { context: CONTEXT, publicKey: decodePoint(publicKey), from, to: evaluation.points };
  if (evaluation.points.length !== from.length || !verifyEquality(claim, evaluation.proof))
    refuse(
      'COALITION_PROOF',
      'the server did not use its key',
      'Use nothing of this answer, and tell the others.',
    );
  return finalizeInputs(inputs, blinded, evaluation.points);
}
