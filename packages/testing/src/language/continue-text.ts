import type { Random } from '@phalanx/stats';
import type { Llama } from './llama.js';

export interface ContinueSettings {
  /** Tokens in all, those given included. */
  readonly length: number;
  /** 0 takes the likeliest token, the first of equals; default 1. */
  readonly temperature?: number;
  /** Needed for a temperature above 0. */
  readonly random?: Random;
  /** Tokens after which nothing follows; the token is not part of the answer. */
  readonly stop?: readonly number[];
}

/** Tokens and what a model says after them. */
export function continueTokens(
  model: Llama,
  given: ArrayLike<number>,
  { length, temperature = 1, random, stop = [] }: ContinueSettings,
): Int32Array {
  const tokens = Array.from(given);
  const next = model.begin();
  for (let i = 0; tokens.length < length; i++) {
    const logP = next(tokens[i]!);
    if (i + 1 < tokens.length) continue;
    const token =
      temperature > 0 && random !== undefined
        ? draw(logP, temperature, random)
        : logP.indexOf(Math.max(...logP));
    if (stop.includes(token)) break;
    tokens.push(token);
  }
  return Int32Array.from(tokens);
}

/** By adding up probabilities until a uniform number is reached. */
function draw(logP: Float64Array, temperature: number, random: Random): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of logP) most = Math.max(most, value);
  const mass = logP.map((value) => Math.exp((value - most) / temperature));
  let left = random.uniform() * mass.reduce((sum, value) => sum + value, 0);
  for (let token = 0; token < mass.length; token++) {
    left -= mass[token]!;
    if (left < 0) return token;
  }
  return logP.indexOf(most);
}
