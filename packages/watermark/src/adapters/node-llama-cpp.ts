import type { Truncation } from '../candidates.js';
import type { DrawnToken, Sampler } from '../sampler.js';
import { requireInteger } from '../watermark-error.js';

/** A `LlamaContextSequence` of node-llama-cpp (3.22.1); its token ids are branded numbers, which no other type can name. */
export interface LlamaSequence {
  evaluateWithMetadata(tokens: never[], metadata: { readonly probabilities: true }, options: object): object;
}

/** What that method returns. */
interface LlamaSteps {
  next(
    replacement?: number,
  ): Promise<IteratorResult<{ readonly probabilities: ReadonlyMap<number, number> }, unknown>>;
  return(value: undefined): Promise<unknown>;
}

export interface LlamaOptions {
  readonly maxTokens: number;
  /**
   * Likeliest tokens that the engine hands over, 0: all. Each one costs time at every step, so do not take 0 with a large
   * vocabulary. At least the top-k of the profile, which is applied after it.
   */
  readonly topK: number;
  /** Tokens that end the answer; the one that does is yielded. `model.tokens.eos` and `eot`, as a rule. */
  readonly stop?: ReadonlySet<number>;
  /** In place of the profile's null members. */
  readonly request?: Partial<Truncation>;
  /** More options of `evaluateWithMetadata`, penalties for instance; sampling options among them have no effect. */
  readonly engine?: Readonly<Record<string, unknown>>;
}

/**
 * Generates an answer with node-llama-cpp (3.22.1) under a sampler: the engine hands over the distribution, the sampler draws,
 * and the drawn token goes back in place of the engine's own.
 *
 *     for await (const { token, marked } of generateMarked(sequence, model.tokenize(prompt), openSampler(profile, key), options))
 *
 * The engine is asked to yield its end token: its own draw of one would otherwise end an answer that the sampler goes on with.
 * Not with a token predictor: its speculation takes tokens that the sampler has not drawn.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for no prompt token, or a limit out of range
 */
export async function* generateMarked(
  sequence: LlamaSequence,
  prompt: readonly number[],
  sampler: Sampler,
  { maxTokens, topK, stop, request = {}, engine = {} }: LlamaOptions,
): AsyncGenerator<DrawnToken, void, undefined> {
  requireInteger(prompt.length, 'prompt length', 1, 10_000_000);
  requireInteger(maxTokens, 'maxTokens', 1, 1_000_000);
  requireInteger(topK, 'topK', 0, 2 ** 24);
  const promptTokens = Int32Array.from(prompt);
  const drawn = new Int32Array(maxTokens);
  const sampling = { temperature: 1, topK, topP: 1, minP: 0, yieldEogToken: true };
  const steps = sequence.evaluateWithMetadata(
    [...prompt] as unknown as never[],
    { probabilities: true },
    { ...engine, ...sampling },
  ) as LlamaSteps;
  try {
    let replacement: number | undefined;
    for (let count = 0; count < maxTokens; count++) {
      const step = await steps.next(replacement);
      if (step.done) return;
      const entries = [...step.value.probabilities].filter(([, p]) => p > 0).sort(([a], [b]) => a - b);
      const next = sampler.next({
        candidates: {
          tokens: Int32Array.from(entries, ([token]) => token),
          logProbabilities: Float64Array.from(entries, ([, p]) => Math.log(p)),
        },
        answer: drawn.subarray(0, count),
        prompt: promptTokens,
        request,
      });
      drawn[count] = next.token;
      yield next;
      if (stop?.has(next.token)) return;
      replacement = next.token;
    }
  } finally {
    await steps.return(undefined);
  }
}
