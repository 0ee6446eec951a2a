import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PrfScheme, SipHashPrf } from '../prf/siphash.js';

/**
 * Green tokens (Kirchenbauer et al. 2023), each decided by itself: a token is green after a context when its value lies below
 * `gamma`, so that reading one costs one value and not a permutation of the vocabulary. Green logits gain `delta`, which
 * shifts the model's distribution: use it where a student model shall learn the mark, and Gumbel or SynthID elsewhere.
 */
export const phalanxKgwParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(1),
  gamma: z.number().min(0.01).max(0.99).default(0.25),
  delta: z.number().gt(0).max(20).default(2),
});

/** Green tokens that no context changes (Unigram, Zhao et al. 2023): they survive edits best and are found out soonest. */
export const phalanxUnigramParameters = phalanxKgwParameters.omit({ contextWidth: true });

/** The mark under a key of 16 bytes. The first tokens of an answer, which have no whole context in it, are not marked. */
export function openPhalanxKgw(
  { contextWidth, gamma, delta }: z.infer<typeof phalanxKgwParameters>,
  key: Uint8Array,
): Mark {
  const prf = new SipHashPrf(key, PrfScheme.KGW, contextWidth);
  // The upper word alone decides: P(word < threshold) is gamma, stated as it is cut.
  const threshold = Math.floor(gamma * 2 ** 32);
  return {
    pivot: { kind: 'green', gamma: threshold / 2 ** 32 },
    contextWidth,
    padding: null,
    unit: 'ngram',
    read(ngrams) {
      const words = prf.readNgrams(ngrams);
      const green = new Float64Array(ngrams.count);
      for (let i = 0; i < green.length; i++) green[i] = words[2 * i + 1]! < threshold ? 1 : 0;
      return green;
    },
    reshape(context, { tokens, logProbabilities }) {
      const words = prf.readTokens(context, tokens);
      for (let i = 0; i < tokens.length; i++)
        if (words[2 * i + 1]! < threshold) logProbabilities[i]! += delta;
    },
  };
}

/** `openPhalanxKgw` with a context of no tokens. */
export function openPhalanxUnigram(
  parameters: z.infer<typeof phalanxUnigramParameters>,
  key: Uint8Array,
): Mark {
  return openPhalanxKgw({ ...parameters, contextWidth: 0 }, key);
}
