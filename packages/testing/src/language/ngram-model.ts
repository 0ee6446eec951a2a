/** Tokens that may come next, ascending, with ln of their probabilities. */
export interface NextTokens {
  readonly tokens: Int32Array;
  readonly logProbabilities: Float64Array;
}

export interface NgramModelOptions {
  /** Tokens of context + 1; default 3. */
  readonly order?: number;
  /** Ids that exist; what was never counted has a share of the last resort. */
  readonly vocabularySize: number;
  /** Share of the next shorter context at each step; default 0.15. Larger: more entropy. */
  readonly backOff?: number;
}

/**
 * A language model small enough to be exact: next-token counts after contexts of `order` - 1, ..., 1, 0 tokens, mixed with fixed
 * shares (Jelinek-Mercer). It stands in for a model wherever what matters is that its distribution is known: to be marked,
 * to learn from marked text, and to be asked for probabilities.
 */
export class NgramModel {
  readonly #order: number;
  readonly #vocabularySize: number;
  readonly #backOff: number;
  /** By context length, then by context: counts of next tokens. */
  readonly #counts: Map<string, Map<number, number>>[];

  constructor({ order = 3, vocabularySize, backOff = 0.15 }: NgramModelOptions) {
    this.#order = order;
    this.#vocabularySize = vocabularySize;
    this.#backOff = backOff;
    this.#counts = Array.from({ length: order }, () => new Map());
  }

  /** Counts a text. */
  learn(tokens: Int32Array): void {
    for (let at = 0; at < tokens.length; at++)
      for (let size = 0; size < this.#order && size <= at; size++) {
        const context = tokens.subarray(at - size, at).join();
        let next = this.#counts[size]!.get(context);
        if (next === undefined) {
          next = new Map();
          this.#counts[size]!.set(context, next);
        }
        next.set(tokens[at]!, (next.get(tokens[at]!) ?? 0) + 1);
      }
  }

  /**
   * The distribution after a context, longest match first. Tokens seen after the longest known context and the next shorter one
   * are candidates; the rest of the mass, below `backOff` squared, is left out and the whole normalised.
   */
  next(context: Int32Array): NextTokens {
    const mass = new Map<number, number>();
    let share = 1;
    let used = 0;
    for (let size = Math.min(this.#order - 1, context.length); size >= 0 && used < 2; size--) {
      const counts = this.#counts[size]!.get(context.subarray(context.length - size).join());
      if (counts === undefined) continue;
      let total = 0;
      for (const count of counts.values()) total += count;
      const part = size === 0 ? share : share * (1 - this.#backOff);
      for (const [token, count] of counts) mass.set(token, (mass.get(token) ?? 0) + (part * count) / total);
      share -= part;
      used++;
    }
    if (mass.size === 0)
      for (let token = 0; token < this.#vocabularySize; token++) mass.set(token, 1 / this.#vocabularySize);
    const tokens = Int32Array.from(mass.keys()).sort();
    let sum = 0;
    for (const p of mass.values()) sum += p;
    return {
      tokens,
      logProbabilities: Float64Array.from(tokens, (token) => Math.log(mass.get(token)! / sum)),
    };
  }
}

/** Entropy of a distribution in nats. */
export function measureEntropy({ logProbabilities }: NextTokens): number {
  let entropy = 0;
  for (const logP of logProbabilities) if (logP > Number.NEGATIVE_INFINITY) entropy -= Math.exp(logP) * logP;
  return entropy;
}
