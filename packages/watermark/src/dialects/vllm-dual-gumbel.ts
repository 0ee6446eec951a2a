import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PhiloxPrf } from '../prf/philox.js';
import { toVllmUniform, writeLowerEdges } from '../prf/vllm-uniform.js';
import { chooseByGumbel } from '../schemes/gumbel.js';
import { demand, requireWidth } from '../watermark-error.js';

/**
 * Dual-key Gumbel-max as vLLM 0.33 emits it (`gumbel.py`, algorithm `dual_key_gumbel`). `alpha` is the share of tokens
 * that key B chooses. Under speculative decoding key A marks the draft and key B what replaces it, and the share is
 * what the target rejects.
 */
export const vllmDualGumbelParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(4),
  alpha: z.number().min(0).max(1).default(0.1),
});

/**
 * The mark under vLLM's 64-bit key, of which two are derived. Reads two numbers an n-gram, key A's first: independent
 * of one another, since the halves of the key are digests of different messages. vLLM's own detector takes the weighted
 * sum of both scores for a Gamma variable with the same mean and variance, whose tail is too light.
 */
export function openVllmDualGumbel(
  { contextWidth, alpha }: z.infer<typeof vllmDualGumbelParameters>,
  key: bigint,
): Mark {
  const keyA = new PhiloxPrf(deriveVllmKey(key, 'key_a'));
  const keyB = new PhiloxPrf(deriveVllmKey(key, 'key_b'));
  return {
    pivot: { kind: 'uniform', streams: 2 },
    secondShare: alpha,
    contextWidth,
    padding: -1,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      const values = new Float64Array(2 * ngrams.count);
      writeLowerEdges(keyA.readNgrams(ngrams), values, 0, 2);
      writeLowerEdges(keyB.readNgrams(ngrams), values, 1, 2);
      return values;
    },
    reshape: (context, candidates, random) => {
      const words = (random() < alpha ? keyB : keyA).readTokens(context, candidates.tokens);
      chooseByGumbel(candidates, Float64Array.from(words, toVllmUniform));
    },
  };
}

/**
 * vLLM's `derive_watermark_key`: the first 64 bits of SHA-256 over a domain and the key, both big endian.
 *
 * @throws PhalanxError `MARK_KEY` unless the key is of 64 bits.
 */
export function deriveVllmKey(key: bigint, domain: 'key_a' | 'key_b'): bigint {
  demand(key >= 0n && key < 1n << 64n, 'MARK_KEY', 'the key has 64 bits', 'Give an unsigned integer.');
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, key);
  return createHash('sha256').update(domain).update(bytes).digest().readBigUInt64BE(0);
}
