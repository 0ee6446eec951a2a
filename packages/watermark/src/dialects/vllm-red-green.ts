import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PhiloxPrf } from '../prf/philox.js';
import { countCellsBelow } from '../prf/vllm-uniform.js';
import { requireWidth } from '../watermark-error.js';

/**
 * Red and green tokens by vLLM's Philox function, a token green when its number lies below `gamma` (`red_green.py` at
 * commit 381f945 of vllm-project/vllm): **not merged**, in no release, and its bits may change.
 */
export const vllmRedGreenParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(4),
  gamma: z.number().min(0.01).max(0.99).default(0.25),
  delta: z.number().gt(0).max(20).default(2),
});

/** The mark under a 64-bit key. Upstream compares in single precision; `gamma` is stated as its comparison cuts. */
export function openVllmRedGreen(
  { contextWidth, gamma, delta }: z.infer<typeof vllmRedGreenParameters>,
  key: bigint,
): Mark {
  const prf = new PhiloxPrf(key);
  const cells = countCellsBelow(gamma);
  const isGreen = (word: number) => word >>> 8 < cells;
  return {
    pivot: { kind: 'green', gamma: cells / 2 ** 24 },
    contextWidth,
    padding: -1,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      const words = prf.readNgrams(ngrams);
      const green = new Float64Array(words.length);
      for (let row = 0; row < words.length; row++) green[row] = isGreen(words[row]!) ? 1 : 0;
      return green;
    },
    reshape: (context, { tokens, logProbabilities }) => {
      const words = prf.readTokens(context, tokens);
      for (let i = 0; i < words.length; i++) if (isGreen(words[i]!)) logProbabilities[i]! += delta;
    },
  };
}
