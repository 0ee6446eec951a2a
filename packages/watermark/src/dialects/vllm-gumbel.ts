import { z } from 'zod';
import type { Mark } from '../mark.js';
import { HmacSha256Prf } from '../prf/hmac-sha256.js';
import { PhiloxPrf } from '../prf/philox.js';
import { toVllmUniform, type VllmPrf, writeLowerEdges } from '../prf/vllm-uniform.js';
import { chooseByGumbel } from '../schemes/gumbel.js';
import { requireWidth } from '../watermark-error.js';

/** Single-key Gumbel-max as vLLM 0.33 emits it (`vllm/v1/watermarking/gumbel.py`, algorithm `gumbel`). */
export const vllmGumbelParameters = z.strictObject({ contextWidth: z.int().min(1).max(16).default(4) });

type Parameters = z.infer<typeof vllmGumbelParameters>;

/**
 * The mark under vLLM's 64-bit key, PRF `philox4x32-10-v1`. vLLM pads the start of an answer with -1 and never looks
 * at the prompt.
 */
export function openVllmGumbel({ contextWidth }: Parameters, key: bigint): Mark {
  return openGumbel(contextWidth, new PhiloxPrf(key));
}

/**
 * The same under a key of 256 bits, PRF `hmac-sha256-v1`: what earlier versions of vLLM's watermarking had
 * (`prfs/hmac_sha256.py`) and no release emits.
 */
export function openVllmGumbelHmac({ contextWidth }: Parameters, key: bigint): Mark {
  return openGumbel(contextWidth, new HmacSha256Prf(key));
}

function openGumbel(contextWidth: number, prf: VllmPrf): Mark {
  return {
    pivot: { kind: 'uniform', streams: 1 },
    contextWidth,
    padding: -1,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      const values = new Float64Array(ngrams.count);
      writeLowerEdges(prf.readNgrams(ngrams), values);
      return values;
    },
    reshape: (context, candidates) => {
      const words = prf.readTokens(context, candidates.tokens);
      chooseByGumbel(candidates, Float64Array.from(words, toVllmUniform));
    },
  };
}
