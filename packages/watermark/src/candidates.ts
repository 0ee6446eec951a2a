import type { Candidates } from './mark.js';
import { demand, requireInteger } from './watermark-error.js';

/** Most numbers in a row of logits. */
export const MAX_VOCABULARY = 2 ** 24;

/** What is left of a distribution before a token is drawn; the order of an engine: temperature, top-k, top-p. */
export interface Truncation {
  /** Above 0; logits are divided by it. */
  readonly temperature: number;
  /** 0: all. Ties at the border are decided for lower ids. */
  readonly topK: number;
  /** In (0, 1]; the fewest of the likeliest tokens that reach it stay. */
  readonly topP: number;
}

/**
 * The tokens that may come and ln of their probabilities, from one row of logits (any finite scale; -Infinity: cannot come).
 *
 * @throws PhalanxError `MARK_ARGUMENT` when a logit is NaN or +Infinity, or none is finite
 */
export function truncateLogits(logits: ArrayLike<number>, truncation: Truncation): Candidates {
  requireInteger(logits.length, 'vocabulary size', 1, MAX_VOCABULARY);
  const kept: number[] = [];
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    demand(
      logit < Number.POSITIVE_INFINITY,
      'MARK_ARGUMENT',
      'a logit that is NaN or +Infinity',
      'Look at the engine.',
    );
    if (logit > Number.NEGATIVE_INFINITY) kept.push(token);
  }
  const tokens = Int32Array.from(kept);
  const logProbabilities = Float64Array.from(kept, (token) => logits[token]!);
  return truncateCandidates({ tokens, logProbabilities }, truncation);
}

/**
 * The same from candidates, which may be unnormalised but must ascend by id.
 *
 * @throws PhalanxError `MARK_ARGUMENT` when there is none, or ids do not ascend
 */
export function truncateCandidates(
  candidates: Candidates,
  { temperature, topK, topP }: Truncation,
): Candidates {
  let { tokens, logProbabilities } = candidates;
  demand(
    temperature > 0 && topP > 0 && topP <= 1,
    'MARK_ARGUMENT',
    'temperature or top-p out of range',
    'A temperature of 0 draws nothing.',
  );
  requireInteger(topK, 'top-k', 0, MAX_VOCABULARY);
  demand(isAscending(tokens), 'MARK_ARGUMENT', 'candidates must ascend by id', 'Sort them.');
  logProbabilities = normalise(Float64Array.from(logProbabilities, (value) => value / temperature));
  if (topK > 0 && topK < tokens.length)
    [tokens, logProbabilities] = pick(tokens, logProbabilities, rank(logProbabilities).slice(0, topK));
  if (topP < 1) {
    const ranked = rank(logProbabilities);
    let mass = 0;
    let count = 0;
    while (count < ranked.length && mass < topP) mass += Math.exp(logProbabilities[ranked[count++]!]!);
    [tokens, logProbabilities] = pick(tokens, logProbabilities, ranked.slice(0, count));
  }
  return { tokens, logProbabilities };
}

/** Draws a candidate by its probability; `u` in [0, 1). */
export function drawCandidate({ tokens, logProbabilities }: Candidates, u: number): number {
  let peak = Number.NEGATIVE_INFINITY;
  for (const value of logProbabilities) peak = Math.max(peak, value);
  let total = 0;
  for (const value of logProbabilities) total += Math.exp(value - peak);
  let rest = u * total;
  let drawn = -1;
  for (let i = 0; i < tokens.length; i++) {
    const mass = Math.exp(logProbabilities[i]! - peak);
    if (mass === 0) continue;
    drawn = i;
    if (rest < mass) break;
    rest -= mass;
  }
  demand(drawn >= 0, 'MARK_ARGUMENT', 'no token may come', 'Look at the logits.');
  return tokens[drawn]!;
}

/** The likeliest candidate; ties go to the lower id. */
export function findLikeliest({ tokens, logProbabilities }: Candidates): number {
  let best = -1;
  for (let i = 0; i < tokens.length; i++)
    if (best < 0 || logProbabilities[i]! > logProbabilities[best]!) best = i;
  demand(best >= 0, 'MARK_ARGUMENT', 'no token may come', 'Look at the logits.');
  return tokens[best]!;
}

function isAscending(tokens: Int32Array): boolean {
  for (let i = 1; i < tokens.length; i++) if (tokens[i]! <= tokens[i - 1]!) return false;
  return true;
}

function normalise(values: Float64Array): Float64Array {
  let peak = Number.NEGATIVE_INFINITY;
  for (const value of values) peak = Math.max(peak, value);
  demand(Number.isFinite(peak), 'MARK_ARGUMENT', 'no token may come', 'Look at the logits.');
  let total = 0;
  for (const value of values) total += Math.exp(value - peak);
  const shift = peak + Math.log(total);
  return values.map((value) => value - shift);
}

/** Places by falling probability, ties by rising id. */
function rank(logProbabilities: Float64Array): Uint32Array {
  return Uint32Array.from(logProbabilities.keys()).sort(
    (a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b,
  );
}

function pick(
  tokens: Int32Array,
  logProbabilities: Float64Array,
  places: Uint32Array,
): [Int32Array, Float64Array] {
  places.sort();
  const values = Float64Array.from(places, (place) => logProbabilities[place]!);
  return [Int32Array.from(places, (place) => tokens[place]!), normalise(values)];
}
