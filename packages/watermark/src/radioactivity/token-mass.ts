import type { AnswerStep, Prediction } from '@phalanx/suspect';
import type { Candidates } from '../mark.js';
import type { TokenMass } from './open-test.js';

/** What a test needs of a vocabulary: `Tokenizer` has it. */
export interface Vocabulary {
  encode(text: string): Int32Array;
  decode(tokens: Int32Array): string;
  /** Where each token begins in the text, and its end; null when tokens do not spell it. */
  locate(text: string, tokens: Int32Array): Uint32Array | null;
}

/** Most candidates of one prediction that are looked at. */
export const MAX_CANDIDATES = 300_000;

/**
 * A prediction as probabilities of our tokens. Candidates told as text are put down to the first token that our vocabulary spells
 * them with: a piece of another vocabulary may go on in more ways than its token, so that power is lost where vocabularies
 * differ, but nothing here knows a key. Text that is no whole characters is left out.
 */
export function toTokenMass(
  prediction: Prediction,
  vocabulary: Pick<Vocabulary, 'encode'> | null,
): TokenMass {
  const { candidates, logProbabilities } = prediction;
  const mass = new Map<number, number>();
  const count = Math.min(candidates.length, logProbabilities.length, MAX_CANDIDATES);
  for (let i = 0; i < count; i++) {
    const candidate = candidates[i]!;
    const p = Math.exp(Math.min(0, logProbabilities[i]!));
    if (!(p > 0)) continue;
    const token = typeof candidate === 'number' ? candidate : firstToken(candidate, vocabulary);
    if (token !== null) mass.set(token, (mass.get(token) ?? 0) + p);
  }
  return limitMass(mass);
}

/** The same for what a mark shapes. */
export function massOf({ tokens, logProbabilities }: Candidates): TokenMass {
  return toTokenMass({ candidates: tokens, logProbabilities }, null);
}

/** A context, our tokens only, and what the suspect said may follow it. */
export interface StepContext {
  /** All of our tokens before the step, the last one latest. */
  readonly before: Int32Array;
  readonly prediction: Prediction;
}

/**
 * The steps of an answer at which our vocabulary has a boundary too, with our tokens before it. Steps at which the suspect's tokens begin
 * inside one of ours are left out; with one vocabulary none is. Empty when the tokens do not spell the text.
 */
export function alignSteps(steps: readonly AnswerStep[], vocabulary: Vocabulary): StepContext[] {
  const text = steps.map((step) => step.text ?? '').join('');
  const tokens = vocabulary.encode(text);
  const places = vocabulary.locate(text, tokens);
  if (places === null) return [];
  const aligned: StepContext[] = [];
  let at = 0;
  let ours = 0;
  for (const { text: piece, prediction } of steps) {
    while (ours < tokens.length && places[ours]! < at) ours++;
    if (places[ours] === at) aligned.push({ before: tokens.subarray(0, ours), prediction });
    at += (piece ?? '').length;
  }
  return aligned;
}

function firstToken(text: string, vocabulary: Pick<Vocabulary, 'encode'> | null): number | null {
  if (vocabulary === null || text === '' || text.length > 1024 || text.includes('\uFFFD')) return null;
  return vocabulary.encode(text)[0] ?? null;
}

/** A suspect may say more than 1; scaled down it still is a distribution. */
function limitMass(mass: Map<number, number>): TokenMass {
  let sum = 0;
  for (const p of mass.values()) sum += p;
  if (sum > 1) for (const [token, p] of mass) mass.set(token, p / sum);
  return mass;
}
