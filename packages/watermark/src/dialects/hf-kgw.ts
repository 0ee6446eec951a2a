import { z } from 'zod';
import type { Mark } from '../mark.js';
import type { ContextSeed } from '../prf/context-seed.js';
import { MAX_TORCH_NUMBERS, permuteTorch, reduceTorchSeed } from '../prf/torch-generator.js';
import { multiplyTorchSeed, requireTorchKey, wrapTorchLong } from '../prf/torch-integer.js';
import { openKgwMark } from '../schemes/kgw.js';
import { requireInteger } from '../watermark-error.js';

/**
 * KGW as Hugging Face transformers emits it (`generation/logits_process.py`, class `WatermarkLogitsProcessor`; looked at
 * in 5.23) on a CPU. There `gamma` is `greenlist_ratio`, `delta` is `bias`, `width` is `context_width`.
 */
export const hfKgwParameters = z.strictObject({
  vocabulary: z.int().min(2).max(MAX_TORCH_NUMBERS),
  gamma: z.number().gt(0).lt(1).default(0.25),
  delta: z.number().min(0).max(100).default(2),
  scheme: z.enum(['lefthash', 'selfhash']).default('lefthash'),
  /** Of `selfhash`: tokens of its window, the scored one among them. `lefthash` sees the last token whatever is set. */
  width: z.int().min(1).max(16).default(1),
});

const TABLE = 1_000_003;

/**
 * The mark under transformers' `hashing_key`, 1 to 2^63 - 1. Green lists, counts and raised logits are those of
 * transformers, but: what follows token 0 is not counted under `lefthash`, where its list is the same for every key;
 * and a pair of seed and token counts once. Vectors: `hf_kgw.json`.
 *
 * The p-value is over the key: the default 15485863 is public, so a match with it may be anybody's. torch keeps 32 bits
 * of a seed, so keys that are equal modulo 2^32 make the same lists for small tokens, and 2^32 keys can be tried out.
 *
 * @throws PhalanxError `MARK_KEY` for a key out of range, or one whose low 32 bits are 0: it has one list.
 */
export function openHfKgw(parameters: z.infer<typeof hfKgwParameters>, key: bigint): Mark {
  const { vocabulary, gamma, delta, scheme, width } = parameters;
  requireTorchKey(key);
  const seed = scheme === 'lefthash' ? hashLeft(key) : hashSelf(key, vocabulary, width);
  return openKgwMark({ vocabulary, gamma, delta, seed });
}

function hashLeft(key: bigint): ContextSeed {
  return {
    window: 1,
    salted: false,
    seed: (tokens, from) => multiplyTorchSeed(key, tokens[from]!),
    isKeyed: (tokens, from) => tokens[from] !== 0,
  };
}

/** The least of key * f(x) * f(last) over the window, in 64 bits, f a table that the key shuffles. */
function hashSelf(key: bigint, vocabulary: number, width: number): ContextSeed {
  let table: Uint32Array | null = null;
  return {
    window: width,
    salted: true,
    seed: (tokens, from) => {
      // Of the table, only what the vocabulary reaches is made: a thousand keys take a second or two, and stay in memory.
      table ??= permuteTorch(Number(BigInt.asUintN(32, key)), TABLE, Math.min(TABLE, vocabulary));
      const hash = (token: number) => {
        requireInteger(token, 'token', 0, vocabulary - 1);
        return BigInt(table![token % TABLE]! + 1);
      };
      const last = hash(tokens[from + width - 1]!);
      let least: bigint | null = null;
      for (let i = 0; i < width; i++) {
        const product = wrapTorchLong(key * hash(tokens[from + i]!) * last);
        if (least === null || product < least) least = product;
      }
      return reduceTorchSeed(least!);
    },
  };
}
