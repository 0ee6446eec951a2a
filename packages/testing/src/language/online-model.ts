import type { Continuation, ServedModel } from '../endpoint/model-endpoint.js';

export interface OnlineModelOptions {
  /** Letters it knows, each a token; others are read as the first. */
  readonly alphabet: string;
  /** Letters that it looks back. Default 5. */
  readonly contextWidth?: number;
  /** Rows of logits that contexts share by hash: fewer forget sooner. Default 16,384. */
  readonly rows?: number;
  /** Of the gradient step; larger: late texts count for more. Default 3. */
  readonly rate?: number;
}

/**
 * A model of letters trained by stochastic gradient descent on cross-entropy, one text after the other: a row of logits for each hashed context. It shows what
 * training in some order leaves behind, as networks do: texts that came late are likelier than those that came early, and
 * further training wears that off.
 */
export class OnlineModel implements ServedModel {
  readonly #options: Required<OnlineModelOptions>;
  readonly #letters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #logits: Float64Array;

  constructor(options: OnlineModelOptions) {
    this.#options = { contextWidth: 5, rows: 16_384, rate: 3, ...options };
    this.#letters = [...options.alphabet];
    this.#ids = new Map(this.#letters.map((letter, id) => [letter, id]));
    this.#logits = new Float64Array(this.#options.rows * this.#letters.length);
  }

  /** One step of descent for each letter. */
  learn(text: string): void {
    const tokens = this.encode(text);
    for (let at = 0; at < tokens.length; at++) {
      const row = this.#row(tokens, at);
      const logP = normalise(row);
      for (let token = 0; token < row.length; token++) {
        const isNext = token === tokens[at] ? 1 : 0;
        row[token]! += this.#options.rate * (isNext - Math.exp(logP[token]!));
      }
    }
  }

  /** A copy that goes on learning alone. */
  clone(): OnlineModel {
    const copy = new OnlineModel(this.#options);
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

  encode(text: string): Int32Array {
    return Int32Array.from(Array.from(text), (letter) => this.#ids.get(letter) ?? 0);
  }

  decode(tokens: Int32Array): string {
    return Array.from(tokens, (token) => this.#letters[token] ?? '').join('');
  }

  begin(): Continuation {
    let context = new Int32Array(0);
    const all = Int32Array.from(this.#letters, (_, token) => token);
    return {
      next: () => ({
        tokens: all,
        logProbabilities: normalise(this.#row(context, context.length)),
      }),
      push: (token) => {
        context = Int32Array.of(...context.slice(-this.#options.contextWidth), token);
      },
    };
  }

  /** The row of what stands before a place, by FNV-1a. */
  #row(tokens: Int32Array, at: number): Float64Array {
    let hash = 2_166_136_261;
    for (let i = Math.max(0, at - this.#options.contextWidth); i < at; i++)
      hash = Math.imul(hash ^ tokens[i]!, 16_777_619);
    const row = ((hash ^ (hash >>> 15)) >>> 0) % this.#options.rows;
    return this.#logits.subarray(row * this.#letters.length, (row + 1) * this.#letters.length);
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
