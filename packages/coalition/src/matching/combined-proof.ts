import { randomBytes } from 'node:crypto';
import type { KeyGroup } from './key-group.js';
import { finalizeInputs } from './oprf.js';
import { addPoints, multiplyPoint, SCALAR_BYTES } from './ristretto.js';
import {
  addParts,
  answersInOrder,
  type EvaluationRequest,
  isProved,
  nameFalse,
  type PartialEvaluation,
  type ThresholdRequest,
} from './threshold-oprf.js';

/** What proves a whole batch at once. */
export interface CombinedCheck {
  /** To the same servers: one point, with proof. It counts as one evaluation. */
  readonly request: EvaluationRequest;
  /** Secret until all servers have answered `request`. */
  readonly weights: readonly Uint8Array[];
  readonly answers: readonly (PartialEvaluation | null)[];
}

/**
 * Once all servers have answered without proof: asks each for M = sum of d_i B_i with a proof, where d_i are 127 secret random bits and B_i
 * the blinded points. Their answers were fixed before d_i were drawn, so a batch of which any output is wrong passes with a
 * probability of 2^-127, whatever servers agree on. Two multiplications an element, however many servers there are.
 *
 * @throws PhalanxError `COALITION_PROOF` naming the servers that did not answer
 */
export function askForProof(
  { request }: ThresholdRequest,
  answers: readonly PartialEvaluation[],
): CombinedCheck {
  const parts = answersInOrder(request, answers);
  nameFalse(request, (_, i) => parts[i] === null);
  const weights = request.points.map(() => {
    const weight = new Uint8Array(SCALAR_BYTES);
    weight.set(randomBytes(16));
    weight[0]! |= 1; // never zero, and 127 bits
    return weight;
  });
  const combined = combine(weights, request.points);
  return { request: { ...request, proved: true, points: [combined] }, weights, answers: parts };
}

/**
 * Checks the proofs over M and that the answers fit them, and adds the parts.
 *
 * @param proofs what the servers answered to `check.request`
 * @returns 64 bytes for each input, in order
 * @throws PhalanxError `COALITION_PROOF` naming the servers whose answers are false
 */
export function finalizeCombined(
  group: KeyGroup,
  { inputs, blinded }: ThresholdRequest,
  check: CombinedCheck,
  proofs: readonly PartialEvaluation[],
): Uint8Array[] {
  const { request, weights, answers } = check;
  const proved = answersInOrder(request, proofs);
  nameFalse(request, (server, i) => !isProved(group, request, server, proved[i]!));
  const expected = addParts(proved)[0]!;
  const evaluated = attempt(() => addParts(answers));
  const found = evaluated && attempt(() => combine(weights, evaluated));
  if (evaluated === null || found === null || Buffer.compare(found, expected) !== 0) {
    // Somebody's: now each by itself.
    nameFalse(request, (_, i) => {
      const own = attempt(() => combine(weights, answers[i]!.points));
      return own === null || Buffer.compare(own, proved[i]!.points[0]!) !== 0;
    });
  }
  return finalizeInputs(inputs, blinded, evaluated!);
}

function combine(weights: readonly Uint8Array[], points: readonly Uint8Array[]): Uint8Array {
  return points.map((point, i) => multiplyPoint(weights[i]!, point)).reduce(addPoints);
}

/** Null when a point was none. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}
