import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { PROOF_BYTES, proveEquality, verifyEquality } from './equality-proof.js';
import { checkQuorum, type KeyGroup, keyIdOf, MAX_SERVERS } from './key-group.js';
import type { KeyShare } from './key-share.js';
import { bytesField, listField } from './message.js';
import { type BlindedInput, blindInput, evaluatePoints, finalizeInputs, oprfContext } from './oprf.js';
import { addPoints, multiplyPoint, multiplyScalars, POINT_BYTES } from './ristretto.js';
import { lagrangeAtZero } from './shamir.js';

/** Points in one request. */
export const MAX_POINTS = 16_384;
/** Characters of a request or an answer. */
export const MAX_EVALUATION_TEXT = 1_048_576;

const place = z.int().min(1).max(MAX_SERVERS);
const points = listField(POINT_BYTES, 1, MAX_POINTS);

/** To each server of the quorum, the same to all. */
export const evaluationRequestSchema = z.strictObject({
  type: z.literal('phalanx-evaluation-request-v1'),
  key: bytesField(32),
  quorum: z.array(place).min(1).max(MAX_SERVERS),
  /** Whether the answer must carry a proof. Without, ask for one over a combination: `askForProof`. */
  proved: z.boolean(),
  points,
});
export type EvaluationRequest = z.output<typeof evaluationRequestSchema>;

/** From one server. */
export const partialEvaluationSchema = z.strictObject({
  type: z.literal('phalanx-partial-evaluation-v1'),
  key: bytesField(32),
  server: place,
  points,
  proof: bytesField(PROOF_BYTES).nullable(),
});
export type PartialEvaluation = z.output<typeof partialEvaluationSchema>;

/** What a client sends and what it keeps. */
export interface ThresholdRequest {
  readonly request: EvaluationRequest;
  readonly inputs: readonly Uint8Array[];
  readonly blinded: readonly BlindedInput[];
}

const CONTEXT = oprfContext(1);

/**
 * Blinds inputs for `quorum`. The output for an input is that of RFC 9497, mode 1, under the key that nobody has.
 *
 * @param inputs 1 to 16,384, made by `matchingInput`
 * @param quorum exactly as many members as the threshold, ascending
 * @param proved false leaves the proofs to `askForProof`, which costs both sides less
 */
export function blindForServers(
  group: KeyGroup,
  quorum: readonly number[],
  inputs: readonly Uint8Array[],
  proved = true,
): ThresholdRequest {
  checkQuorum(group, quorum);
  if (inputs.length === 0 || inputs.length > MAX_POINTS)
    refuse('COALITION_LIMIT', `${inputs.length} inputs`, `Send 1 to ${MAX_POINTS} at a time.`);
  const blinded = inputs.map((input) => blindInput(input, 1));
  const request: EvaluationRequest = {
    type: 'phalanx-evaluation-request-v1',
    key: keyIdOf(group),
    quorum: [...quorum],
    proved,
    points: blinded.map(({ point }) => point),
  };
  return { request, inputs, blinded };
}

/**
 * A server's part: each point times w_i k_i, where w_i is its Lagrange weight in this quorum, and, if asked for, a proof of RFC 9497 against
 * w_i k_i G. Count the points first: see `EpochQuota`.
 *
 * @throws PhalanxError `COALITION_MATCHING` when the request is for another key or quorum, holds what is no point, or the share is destroyed
 */
export function evaluateShare(share: KeyShare, request: EvaluationRequest): PartialEvaluation {
  const { group, index } = share;
  const key = keyIdOf(group);
  checkQuorum(group, request.quorum);
  if (!timingSafeEqual(key, request.key) || !request.quorum.includes(index))
    refuse(
      'COALITION_MATCHING',
      'the request is for another key or another server',
      'Fetch the current key group.',
    );
  const { weight, publicKey } = weightedShare(group, request.quorum, index);
  return share.use((secret) => {
    const secretKey = multiplyScalars(weight, secret);
    const evaluated = evaluatePoints(secretKey, request.points);
    const claim = { context: CONTEXT, publicKey, from: request.points, to: evaluated };
    const proof = request.proved ? proveEquality(secretKey, claim) : null;
    return { type: 'phalanx-partial-evaluation-v1', key, server: index, points: evaluated, proof };
  });
}

/**
 * Checks every server's proof and adds their parts.
 *
 * @returns 64 bytes for each input, in order
 * @throws PhalanxError `COALITION_PROOF` naming the servers whose answer is false or missing
 */
export function finalizeFromServers(
  group: KeyGroup,
  { request, inputs, blinded }: ThresholdRequest,
  answers: readonly PartialEvaluation[],
): Uint8Array[] {
  const parts = answersInOrder(request, answers);
  nameFalse(request, (server, i) => !isProved(group, request, server, parts[i]!));
  return finalizeInputs(inputs, blinded, addParts(parts));
}

/** The parts of all servers, point by point. */
export function addParts(parts: readonly (PartialEvaluation | null)[]): Uint8Array[] {
  return parts[0]!.points.map((_, i) => parts.map((part) => part!.points[i]!).reduce(addPoints));
}

/** One answer for each server of the quorum, in its order; null where there is none, several, or one of another shape. */
export function answersInOrder(
  { quorum, key, points }: EvaluationRequest,
  answers: readonly PartialEvaluation[],
): (PartialEvaluation | null)[] {
  return quorum.map((server) => {
    const [answer, second] = answers.filter((one) => one.server === server);
    const fits =
      answer !== undefined &&
      second === undefined &&
      answer.points.length === points.length &&
      timingSafeEqual(answer.key, key);
    return fits ? answer : null;
  });
}

/** Whether a server's answer carries a proof that it used its share. */
export function isProved(
  group: KeyGroup,
  { quorum, points }: EvaluationRequest,
  server: number,
  answer: PartialEvaluation | null,
): boolean {
  if (answer === null || answer.proof === null) return false;
  const { publicKey } = weightedShare(group, quorum, server);
  return verifyEquality({ context: CONTEXT, publicKey, from: points, to: answer.points }, answer.proof);
}

/** @throws PhalanxError `COALITION_PROOF` naming the servers for which `isFalse` */
export function nameFalse(
  { quorum }: EvaluationRequest,
  isFalse: (server: number, i: number) => boolean,
): void {
  const named = quorum.filter(isFalse);
  if (named.length > 0)
    refuse(
      'COALITION_PROOF',
      `no valid answer of server ${named.join(', ')}`,
      'Ask another quorum, without them.',
    );
}

function weightedShare(group: KeyGroup, quorum: readonly number[], server: number) {
  const weight = lagrangeAtZero(quorum)[quorum.indexOf(server)]!;
  return { weight, publicKey: multiplyPoint(weight, group.publicShares[group.members.indexOf(server)]!) };
}
