import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Mark } from '../mark.js';
import { MAX_NUMPY_MASK, shuffleNumpyMask } from '../prf/numpy-generator.js';
import { greenListSize, raiseGreens } from '../schemes/kgw.js';
import { demand, requireInteger, requireWidth } from '../watermark-error.js';

/**
 * Unigram (Zhao et al. 2023): one green list for every context, as XuandongZhao/Unigram-Watermark (`gptwm.py`) and
 * MarkLLM (`unigram.py`, looked at in 0.1.5) make it, which are equal. There `gamma` is `fraction`, `delta` `strength`.
 */
export const unigramParameters = z.strictObject({
  vocabulary: z.int().min(2).max(MAX_NUMPY_MASK),
  gamma: z.number().gt(0).lt(1).default(0.5),
  delta: z.number().min(0).max(100).default(2),
});

const LIMIT = 2n ** 63n;

/**
 * The mark under `watermark_key` (`hash_key` in MarkLLM), a signed integer of 64 bits: numpy's default generator, seeded
 * with 32 bits of the key's SHA-256, shuffles the list. Each token counts once, in a text and in a corpus. Distinct
 * tokens are draws without replacement from one list, so a binomial tail is an upper bound beyond the mean.
 *
 * Null: the key is drawn at random, whatever the text. The keys 0 and 15485863 are defaults of the two programs.
 *
 * @throws PhalanxError `MARK_KEY` for a key of more than 64 bits, `MARK_ARGUMENT` for a list that is empty or everything.
 */
export function openUnigram(parameters: z.infer<typeof unigramParameters>, key: bigint): Mark {
  const { vocabulary, gamma, delta } = parameters;
  demand(
    key >= -LIMIT && key < LIMIT,
    'MARK_KEY',
    'a Unigram key is not an integer of 64 bits, signed',
    'Use the key of the generator.',
  );
  const size = greenListSize(vocabulary, gamma);
  requireInteger(size, 'size of a green list', 1, vocabulary - 1);
  const mask = shuffleNumpyMask(hashKey(key), vocabulary, size);
  return {
    pivot: { kind: 'green', gamma: size / vocabulary },
    contextWidth: 0,
    padding: null,
    unit: 'ngram',
    read: (ngrams) => {
      requireWidth(ngrams, 0);
      return Float64Array.from(ngrams.tokens, (token) => mask[token] ?? 0);
    },
    reshape: (_, candidates) =>
      raiseGreens(
        candidates,
        Uint8Array.from(candidates.tokens, (token) => mask[token] ?? 0),
        delta,
      ),
  };
}

/** The first four bytes of the SHA-256 of the key, little-endian both. */
function hashKey(key: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(key);
  return createHash('sha256').update(bytes).digest().readUInt32LE(0);
}
