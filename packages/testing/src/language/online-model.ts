import type { NextTokens } from './ngram-model.js';

export interface OnlineModelOptions {
  /** Ids are below it. Every context has a row of so many numbers. */
  readonly vocabularySize: number;
  /** Of the gradient step; larger: late texts count for more. Default 0.5. */
  readonly rate?: number;
}

/**
 * A bigram model trained by stochastic gradient descent on cross-entropy, one text after the other: a row of logits for each token. It shows what
 * training in some order leaves behind, as networks do: texts that came late are likelier than those that came early.
 */
export class OnlineModel {
  readonly #size: number;
  readonly #rate: number;
  readonly #logits: Float64Array;

  constructor({ vocabularySize, rate = 0.5 }: OnlineModelOptions) {
    this.#size = vocabularySize;
    this.#rate = rate;
    this.#logits = new Float64Array(vocabularySize ** 2);
  }

  /** One step of descent for each pair of neighbours. */
  learn(tokens: Int32Array): void {
    for (let at = 1; at < tokens.length; at++) {
      const row = this.#row(tokens[at - 1]!);
      const logP = normalise(row);
      for (let token = 0; token < this.#size; token++) {
        const isNext = token === tokens[at] ? 1 : 0;
        row[token]! += this.#rate * (isNext - Math.exp(logP[token]!));
      }
    }
  }

  /** A copy that goes on learning alone. */
  clone(): OnlineModel {
    const copy = new OnlineModel({ vocabularySize: this.#size, rate: this.#rate });
    copy.#logits.set(this.#logits);
    return copy;
  }

  /** A copy whose logits are rounded to multiples of `step`, as by quantisation. */
  quantise(step: number): OnlineModel {
    const copy = this.clone();
    for (let i = 0; i < copy.#logits.length; i++)
      copy.#logits[i] = Math.round(copy.#logits[i]! / step) * step;
    return copy;
  }

  /** The distribution after the last token of a context. */
  next(context: Int32Array): NextTokens {
    return {
      tokens: Int32Array.from({ length: this.#size }, (_, token) => token),
      logProbabilities: normalise(this.#row(context.at(-1) ?? 0)),
    };
  }

  #row(token: number): Float64Array {
    return this.#logits.subarray(token * this.#size, (token + 1) * this.#size);
  }
}

function normalise(logits: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (const logit of logits) most = Math.max(most, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - most);
  const total = most + Math.log(sum);
  return logits.map((logit) => logit - total);
}
