import { z } from 'zod';
import type { Mark } from '../mark.js';
import { KGW_PRFS, type KgwPrfName, openKgwPrf } from '../prf/kgw-prfs.js';
import { MAX_TORCH_NUMBERS } from '../prf/torch-generator.js';
import { openKgwMark } from '../schemes/kgw.js';
import { demand } from '../watermark-error.js';

/**
 * KGW as its authors emit it (jwkirchenbauer/lm-watermarking, `extended_watermark_processor.py`) on a CPU, in the free
 * form of its seeding schemes. `simple_1` is additive_prf of width 1; `selfhash` anchored_minhash_prf of width 4,
 * self-salted; `minhash` minhash_prf of width 4; `skipgram` skipgram_prf of width 5.
 */
export const lmWatermarkingParameters = z.strictObject({
  vocabulary: z.int().min(2).max(MAX_TORCH_NUMBERS),
  gamma: z.number().gt(0).lt(1).default(0.25),
  delta: z.number().min(0).max(100).default(2),
  prf: z.enum(Object.keys(KGW_PRFS) as [KgwPrfName, ...KgwPrfName[]]).default('anchored_minhash_prf'),
  /** Tokens of the window, the scored one among them when `selfSalt` is set. */
  width: z.int().min(1).max(16).default(4),
  selfSalt: z.boolean().default(true),
  /** False: the legacy list, the last tokens of the permutation. */
  selectGreenTokens: z.boolean().default(true),
});

/** Candidates that upstream tests when it generates self-salted (`fixed_compute`: until index 40). */
const TRIES = 41;

/**
 * The mark under upstream's `hash_key`, 1 to 2^63 - 1. Upstream counts n-grams once; most of its functions see less than
 * that of them, so here a pair of seed and token counts once, and windows whose seed no key changes (token 0 under a
 * product, say) not at all. Vectors: `lm_watermarking_prf.json`.
 *
 * The p-value is over the key: the default 15485863 is public, so a match with it may be anybody's.
 *
 * @throws PhalanxError `MARK_KEY` for a key that gives every context one list.
 */
export function openLmWatermarking(parameters: z.infer<typeof lmWatermarkingParameters>, key: bigint): Mark {
  const { vocabulary, gamma, delta, prf, width, selfSalt, selectGreenTokens } = parameters;
  demand(
    prf !== 'minskipgram_prf' || width >= 2,
    'MARK_ARGUMENT',
    'minskipgram_prf takes pairs, from a width of 2 on',
    'Set a larger width.',
  );
  const seed = { ...openKgwPrf(prf, width, key), salted: selfSalt };
  return openKgwMark({ vocabulary, gamma, delta, seed, tries: TRIES, last: !selectGreenTokens });
}
