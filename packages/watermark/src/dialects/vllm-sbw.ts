import { z } from 'zod';
import { findRepeatedDraws, listFirstDraws } from '../detect/repeated-draws.js';
import type { Mark } from '../mark.js';
import { selectNgrams } from '../ngrams.js';
import { SbwDraw } from '../prf/sbw-draw.js';
import { requireWidth } from '../watermark-error.js';

/**
 * SBW, green tokens each decided by itself, as vLLM's open pull request 56859 emits it (`sbw.py` at commit d6d2f2c): **not
 * merged**, in no release, and its bits may change. Its detector hashes the context of `lefthash` and its generator
 * does not, so that it does not find its own text; this dialect reads what the generator emits.
 */
export const vllmSbwParameters = z.strictObject({
  scheme: z.enum(['selfhash', 'lefthash']).default('selfhash'),
  /** Upstream 4 for `selfhash` and 1 for `lefthash` when it is not set. */
  contextWidth: z.int().min(1).max(16).default(4),
  gamma: z.number().min(0.01).max(0.99).default(0.5),
  delta: z.number().min(0).max(20).default(2),
});

const LARGEST = 2 ** 31 - 1;

/**
 * The mark under a 64-bit key. Under `selfhash` the least of a few products decides, so n-grams of a frequent token share
 * draws, with one another and under some keys only; those of `lefthash` whose contexts have equal sums share them under
 * every key. A draw counts once: upstream's z counts each n-gram, and is not one of independent draws.
 */
export function openVllmSbw(
  { scheme, contextWidth, gamma, delta }: z.infer<typeof vllmSbwParameters>,
  key: bigint,
): Mark {
  const draw = new SbwDraw(key, scheme);
  const threshold = Math.trunc(gamma * LARGEST);
  return {
    pivot: { kind: 'green', gamma: threshold / (LARGEST + 1) },
    contextWidth,
    padding: -1,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      const { values, origins } = draw.readNgrams(ngrams);
      const repeated = findRepeatedDraws(origins, 3);
      const green = new Float64Array(values.length);
      for (let row = 0; row < values.length; row++)
        green[row] = values[row]! < threshold && repeated[row] === 0 ? 1 : 0;
      return green;
    },
    distinct: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      return selectNgrams(ngrams, listFirstDraws(findRepeatedDraws(draw.readNgrams(ngrams).origins, 3)));
    },
    reshape: (context, { tokens, logProbabilities }) => {
      const values = draw.readTokens(context, tokens);
      for (let i = 0; i < values.length; i++) if (values[i]! < threshold) logProbabilities[i]! += delta;
    },
  };
}
