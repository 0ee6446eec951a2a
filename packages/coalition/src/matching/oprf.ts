import { concatBytes, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { digestOf, framed, integerBytes } from './framed-bytes.js';
import { hashToGroup, hashToScalar } from './hash-to-group.js';
import {
  decodePoint,
  drawScalar,
  invertScalar,
  invertScalars,
  isZero,
  multiplyBase,
  multiplyPoint,
} from './ristretto.js';

/** Mode of RFC 9497: 0 is OPRF, 1 is VOPRF. */
export type OprfMode = 0 | 1;

/** A key of one server. */
export interface OprfKey {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** What a client remembers of one input, and what it sends: `point`. */
export interface BlindedInput {
  readonly blind: Uint8Array;
  readonly point: Uint8Array;
}

const INPUT_BYTES = 65_535;
const FINALIZE = utf8('Finalize');

/** `contextString` of RFC 9497 section 3.1 for ristretto255-SHA512. */
export function oprfContext(mode: OprfMode): Uint8Array {
  return concatBytes([utf8('OPRFV1-'), integerBytes(mode, 1), utf8('-ristretto255-SHA512')]);
}

const HASH_TO_GROUP = [0, 1].map((mode) =>
  concatBytes([utf8('HashToGroup-'), oprfContext(mode as OprfMode)]),
);

/**
 * `DeriveKeyPair` (RFC 9497 section 3.2.1). For tests and backups: servers make theirs together, see `KeyGeneration`.
 *
 * @param seed 32 secret bytes
 * @param info public, up to 65,535 bytes
 */
export function deriveOprfKey(seed: Uint8Array, info: Uint8Array, mode: OprfMode): OprfKey {
  if (seed.length !== 32) refuse('COALITION_MATCHING', 'a seed has 32 bytes', 'Draw another.');
  const dst = concatBytes([utf8('DeriveKeyPair'), oprfContext(mode)]);
  for (let counter = 0; counter < 256; counter++) {
    const secretKey = hashToScalar(concatBytes([seed, framed(info), integerBytes(counter, 1)]), dst);
    if (!isZero(secretKey)) return { secretKey, publicKey: multiplyBase(secretKey) };
  }
  return refuse('COALITION_MATCHING', 'this seed makes no key', 'Draw another.');
}

/**
 * `Blind` (RFC 9497 section 3.3.1): the point tells the server nothing about the input, whatever the server can compute.
 *
 * @param input up to 65,535 bytes; make it with `matchingInput`
 * @param blind a fresh scalar; given only to check vectors
 * @throws PhalanxError `COALITION_LIMIT` for a longer input
 */
export function blindInput(input: Uint8Array, mode: OprfMode, blind = drawScalar()): BlindedInput {
  return { blind, point: multiplyPoint(blind, hashInput(input, mode)) };
}

/**
 * `BlindEvaluate` without proof for each point (RFC 9497 section 3.3.1).
 *
 * @throws PhalanxError `COALITION_MATCHING` for a point that is none
 */
export function evaluatePoints(secretKey: Uint8Array, points: readonly Uint8Array[]): Uint8Array[] {
  return points.map((point) => multiplyPoint(secretKey, point));
}

/**
 * `Finalize` (RFC 9497 section 3.3.1): 64 bytes, the same for every blind.
 *
 * @throws PhalanxError `COALITION_MATCHING` for a point that is none
 */
export function finalizeInput(input: Uint8Array, blind: Uint8Array, evaluated: Uint8Array): Uint8Array {
  return hashOutput(input, multiplyPoint(invertScalar(blind), decodePoint(evaluated)));
}

/** `finalizeInput` for a batch, with one inversion. */
export function finalizeInputs(
  inputs: readonly Uint8Array[],
  blinded: readonly BlindedInput[],
  evaluated: readonly Uint8Array[],
): Uint8Array[] {
  const inverses = invertScalars(blinded.map(({ blind }) => blind));
  return inputs.map((input, i) => hashOutput(input, multiplyPoint(inverses[i]!, evaluated[i]!)));
}

/** `Evaluate` (RFC 9497 section 3.3.1): by whoever has key and input. */
export function evaluateInput(secretKey: Uint8Array, input: Uint8Array, mode: OprfMode): Uint8Array {
  return hashOutput(input, multiplyPoint(secretKey, hashInput(input, mode)));
}

function hashInput(input: Uint8Array, mode: OprfMode): Uint8Array {
  if (input.length > INPUT_BYTES)
    refuse('COALITION_LIMIT', `an input of ${input.length} bytes`, `At most ${INPUT_BYTES}.`);
  return hashToGroup(input, HASH_TO_GROUP[mode]!);
}

function hashOutput(input: Uint8Array, unblinded: Uint8Array): Uint8Array {
  return digestOf('sha512', framed(input, unblinded), FINALIZE);
}
