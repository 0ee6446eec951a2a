import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PhiloxPrf } from '../prf/philox.js';
import { chooseByGumbel } from '../schemes/gumbel.js';

/** Single-key Gumbel-max as vLLM 0.33 emits it (`vllm/v1/watermarking`, algorithm `gumbel`, PRF `philox4x32-10-v1`). */
export const vllmGumbelParameters = z.strictObject({ contextWidth: z.int().min(1).max(16).default(4) });

const CELLS = 2 ** 24;

/** The mark under vLLM's 64-bit key. vLLM pads the start of an answer with -1 and never looks at the prompt. */
export function openVllmGumbel(parameters: z.infer<typeof vllmGumbelParameters>, key: bigint): Mark {
  const prf = new PhiloxPrf(key);
  return {
    pivot: { kind: 'uniform', streams: 1 },
    contextWidth: parameters.contextWidth,
    padding: -1,
    unit: 'context',
    // vLLM's u is (mantissa + 1) / (2^24 + 1); mantissa / 2^24 is the lower edge that `Pivot` asks for.
    read: (ngrams) => Float64Array.from(prf.readNgrams(ngrams), (word) => (word >>> 8) / CELLS),
    reshape: (context, candidates) => {
      const words = prf.readTokens(context, candidates.tokens);
      chooseByGumbel(
        candidates,
        Float64Array.from(words, (word) => ((word >>> 8) + 1) / (CELLS + 1)),
      );
    },
  };
}
