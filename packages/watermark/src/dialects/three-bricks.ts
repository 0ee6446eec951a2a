import { z } from 'zod';
import type { Mark } from '../mark.js';
import { type ContextSeed, seedNgrams, takeDistinct } from '../prf/context-seed.js';
import { drawTorchMantissas, MAX_TORCH_NUMBERS, pickTorchMantissas } from '../prf/torch-generator.js';
import { chooseByGumbel } from '../schemes/gumbel.js';
import { openKgwMark } from '../schemes/kgw.js';
import { demand, requireInteger } from '../watermark-error.js';

/**
 * Fernandez et al. 2023 (facebookresearch/three_bricks, `wm/generator.py`, `wm/detector.py`), seeding `hash`. The code of
 * radioactive-watermark (Sander et al. 2024) makes the same numbers with payload 0. Its seedings `additive`, `skip` and
 * `min` shuffle their table with a generator that nobody seeded: another process cannot read those marks, nor can this.
 */
const shared = {
  vocabulary: z.int().min(2).max(MAX_TORCH_NUMBERS),
  /** Tokens of context: `ngram`. */
  contextWidth: z.int().min(1).max(16).default(1),
  saltKey: z.int().min(1).default(35317),
  /** Message: by how much the vocabulary is shifted, cyclically. */
  payload: z
    .int()
    .min(0)
    .max(MAX_TORCH_NUMBERS - 1)
    .default(0),
};

/** Gumbel-max of three_bricks ("openai"). */
export const threeBricksGumbelParameters = z.strictObject(shared);

/** KGW of three_bricks ("maryland"). */
export const threeBricksKgwParameters = z.strictObject({
  ...shared,
  gamma: z.number().gt(0).lt(1).default(0.5),
  delta: z.number().min(0).max(100).default(1),
});

const CELLS = 2 ** 24;
const MODULUS = 2n ** 64n - 1n;

/**
 * The Gumbel mark under three_bricks' `seed`, 0 to 2^64 - 2 (its default 0 is public): r is `torch.rand` of the whole
 * vocabulary, 24 bits a token. A pair of seed and token counts once (`v2`), and texts are scored from the first token
 * with a whole context, which upstream passes over.
 *
 * @throws PhalanxError `MARK_KEY`, `MARK_ARGUMENT` for a payload that is not below the vocabulary.
 */
export function openThreeBricksGumbel(
  parameters: z.infer<typeof threeBricksGumbelParameters>,
  key: bigint,
): Mark {
  const { vocabulary, contextWidth, payload } = parameters;
  requireInteger(payload, 'payload', 0, vocabulary - 1);
  const seed = foldTokens(key, parameters);
  return {
    pivot: { kind: 'uniform', streams: 1 },
    contextWidth,
    padding: null,
    unit: 'ngram',
    distinct: (ngrams) => takeDistinct(seed, ngrams),
    read: (ngrams) => {
      const { seeds, rows } = seedNgrams(seed, ngrams);
      const { width, tokens } = ngrams;
      const values = new Float64Array(ngrams.count);
      for (const row of rows) {
        const token = tokens[row * width + width - 1]!;
        if (token >= vocabulary) continue;
        const [mantissa] = pickTorchMantissas(seeds[row]!, Uint32Array.of((token + payload) % vocabulary));
        values[row] = mantissa! / CELLS;
      }
      return values;
    },
    reshape: (context, candidates) => {
      const mantissas = drawTorchMantissas(seed.seed(context, 0), vocabulary);
      chooseByGumbel(
        candidates,
        Float64Array.from(candidates.tokens, (token) => mantissas[(token + payload) % vocabulary]! / CELLS),
      );
    },
  };
}

/**
 * The KGW mark under three_bricks' `seed`; see `openThreeBricksGumbel`.
 *
 * @throws PhalanxError `MARK_KEY`, `MARK_ARGUMENT`.
 */
export function openThreeBricksKgw(parameters: z.infer<typeof threeBricksKgwParameters>, key: bigint): Mark {
  const { vocabulary, gamma, delta, payload } = parameters;
  requireInteger(payload, 'payload', 0, vocabulary - 1);
  return openKgwMark({ vocabulary, gamma, delta, seed: foldTokens(key, parameters), shift: payload });
}

/** seed = (seed * salt + token) mod (2^64 - 1), over the context from its first token; torch keeps 32 bits. */
function foldTokens(
  key: bigint,
  { contextWidth, saltKey }: { contextWidth: number; saltKey: number },
): ContextSeed {
  demand(
    key >= 0n && key < MODULUS,
    'MARK_KEY',
    'a seed of three_bricks is not 0 to 2^64 - 2',
    'Use the seed of the generator.',
  );
  const salt = BigInt(saltKey);
  return {
    window: contextWidth,
    salted: false,
    seed: (tokens, from) => {
      let seed = key;
      for (let i = 0; i < contextWidth; i++) seed = (seed * salt + BigInt(tokens[from + i]!)) % MODULUS;
      return Number(BigInt.asUintN(32, seed));
    },
  };
}
