import { canonicalJson } from '@phalanx/core';
import { refuse } from '../weights-error.js';
import { deriveStreamKey, drawKeyStream } from './key-stream.js';
import { deriveMarkUse, type MarkKey, type MarkParameters } from './mark-key.js';

/** Who or what a copy is for: a recipient, or a place where a copy lies (a bucket, a node, a laptop), as a canary. */
export interface CopyHolder {
  readonly kind: 'recipient' | 'location';
  /** 1 to 256 bytes of UTF-8. Two spellings are two holders. */
  readonly name: string;
}

/** A Tardos code: how likely a one is at each position, and what each symbol counts. */
export interface FingerprintCode {
  /** Of a position: a word has a one with probability threshold / 2^32. */
  readonly thresholds: Uint32Array;
  /** Score of a one, sqrt((1-p)/p), where the file shows +1. */
  readonly one: Float64Array;
  /** Score of a zero, -sqrt(p/(1-p)). */
  readonly zero: Float64Array;
}

const MAX_NAME_BYTES = 256;
const WORD = 2 ** 32;

/**
 * Biases of a code (Tardos 2003, cut-off 1/(300 c) as there; scores of Skoric, Katzenbeisser and Celik 2008): p = sin^2(u), u uniform
 * between t and pi/2 - t, sin^2(t) = 1/(300 c), out of the key stream of the use `biases`. Each p is rounded to a multiple of 2^-32, and
 * code words are drawn with the rounded one, so that tails are exact. Vectors: `docs/spec/vectors/weight-marks.json`.
 */
export function openFingerprintCode({ secret, parameters }: Pick<MarkKey, 'secret' | 'parameters'>) {
  const key = deriveMarkUse(secret, 'biases').subarray(0, 16);
  const uniforms = readWords(drawKeyStream(key, 0, parameters.codeLength * 4));
  return makeFingerprintCode(uniforms, parameters);
}

/** As `openFingerprintCode`, from 32-bit uniforms given. */
export function makeFingerprintCode(
  uniforms: Uint32Array,
  { colluders }: Pick<MarkParameters, 'colluders'>,
): FingerprintCode {
  const low = Math.asin(Math.sqrt(1 / (300 * colluders)));
  const thresholds = new Uint32Array(uniforms.length);
  const one = new Float64Array(uniforms.length);
  const zero = new Float64Array(uniforms.length);
  for (let i = 0; i < uniforms.length; i++) {
    const angle = low + ((uniforms[i]! + 0.5) / WORD) * (Math.PI / 2 - 2 * low);
    thresholds[i] = Math.round(Math.sin(angle) ** 2 * WORD);
    const p = thresholds[i]! / WORD;
    one[i] = Math.sqrt((1 - p) / p);
    zero[i] = -Math.sqrt(p / (1 - p));
  }
  return { thresholds, one, zero };
}

/**
 * The code word of a holder, a byte (0 or 1) a position: independent draws out of the key stream of the use `words`, HMAC-keyed by the canonical
 * JSON of [kind, name].
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a name that is empty, too long or no Unicode
 */
export function drawCodeWord(
  { thresholds }: FingerprintCode,
  secret: Uint8Array,
  { kind, name }: CopyHolder,
): Uint8Array {
  checkName(name);
  const key = deriveStreamKey(deriveMarkUse(secret, 'words'), canonicalJson([kind, name]));
  const uniforms = readWords(drawKeyStream(key, 0, thresholds.length * 4));
  const word = new Uint8Array(thresholds.length);
  for (let i = 0; i < word.length; i++) word[i] = uniforms[i]! < thresholds[i]! ? 1 : 0;
  return word;
}

/** Sum over positions of what the file shows there, -1 to 1, times the score of the word's symbol. */
export function scoreWord({ one, zero }: FingerprintCode, word: Uint8Array, shown: Float64Array): number {
  let score = 0;
  for (let i = 0; i < word.length; i++) score += shown[i]! * (word[i] === 1 ? one[i]! : zero[i]!);
  return score;
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` */
export function checkName(name: string): void {
  const bytes = Buffer.from(name);
  if (bytes.length < 1 || bytes.length > MAX_NAME_BYTES || bytes.toString() !== name)
    refuse('WEIGHTS_ARGUMENT', `a name has 1 to ${MAX_NAME_BYTES} bytes of UTF-8`);
}

/** Little-endian, as are all machines that Node runs on here. */
function readWords(bytes: Uint8Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
