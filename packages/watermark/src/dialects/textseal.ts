import { z } from 'zod';
import { findRepeatedDraws, listFirstDraws } from '../detect/repeated-draws.js';
import type { Mark } from '../mark.js';
import { type Ngrams, selectNgrams } from '../ngrams.js';
import { TEXTSEAL_CELLS, TextSealHash } from '../prf/textseal-hash.js';
import { chooseByGumbel } from '../schemes/gumbel.js';
import { requireWidth } from '../watermark-error.js';

/**
 * Marks of facebookresearch/textseal (0.0.5: `common/watermark`, `posthoc`; later versions: `watermarking`), which all
 * read one hash of 13 bits (`TextSealHash`). What this means for evidence:
 *
 * - u is one of 8,191 numbers h / 8191, the lower edges of their cells: the sums tested here have conservative tails.
 *   The score of a token ends at 9.01.
 * - The hash sees the sum of tokens times primes, so distinct n-grams of equal sums share their hash under every key.
 *   Such a row counts once: `read` gives 0 for it, and `distinct` leaves it out.
 * - The key is added to that sum. Keys are not independent functions of the text but the same one at another place;
 *   for a key nobody drew at random (42 is the default), give the rank among random keys beside the p-value.
 */
export const textsealParameters = z.strictObject({ contextWidth: z.int().min(1).max(10).default(1) });

/** `alpha` is the share of tokens that key A chooses, and 1 - alpha key B's (`mixing_alpha` of later versions). */
export const textsealDualParameters = textsealParameters.extend({
  alpha: z.number().min(0).max(1).default(0.5),
});

/**
 * Green tokens by the same hash: below `gamma`, logits gain `delta`. Type `greenlist`; what `morphmark` and `watermax` over it
 * emit is read alike, their strengths being their generators' own.
 */
export const textsealGreenlistParameters = textsealParameters.extend({
  gamma: z.number().min(0.01).max(0.99).default(0.5),
  delta: z.number().min(0).max(20).default(2),
});

/**
 * Type `gumbelmax`. TextSeal's detector begins one token later than there is a whole context; that token is marked too
 * and read here.
 */
export function openTextSeal({ contextWidth }: z.infer<typeof textsealParameters>, key: bigint): Mark {
  const prf = new TextSealHash(key);
  return {
    ...shared(contextWidth, prf),
    pivot: { kind: 'uniform', streams: 1 },
    read: (ngrams) => readUniform(ngrams, contextWidth, [prf]),
    reshape: (context, candidates) =>
      chooseByGumbel(candidates, toChoice(prf.readTokens(context, candidates.tokens))),
  };
}

/**
 * Type `textseal` of later versions: two keys, key A's number first. TextSeal's own second key is the first plus 12345;
 * the two streams are then the same function at two places.
 */
export function openTextSealDual(
  { contextWidth, alpha }: z.infer<typeof textsealDualParameters>,
  keyA: bigint,
  keyB: bigint = keyA + 12345n,
): Mark {
  const a = new TextSealHash(keyA);
  const b = new TextSealHash(keyB);
  return {
    ...shared(contextWidth, a),
    pivot: { kind: 'uniform', streams: 2 },
    secondShare: 1 - alpha,
    read: (ngrams) => readUniform(ngrams, contextWidth, [a, b]),
    reshape: (context, candidates, random) =>
      chooseByGumbel(candidates, toChoice((random() < alpha ? a : b).readTokens(context, candidates.tokens))),
  };
}

/** Type `greenlist`. Upstream compares in single precision; `gamma` is stated as its comparison cuts. */
export function openTextSealGreenlist(
  { contextWidth, gamma, delta }: z.infer<typeof textsealGreenlistParameters>,
  key: bigint,
): Mark {
  const prf = new TextSealHash(key);
  let green = 0;
  while (green < TEXTSEAL_CELLS && Math.fround(green / TEXTSEAL_CELLS) < Math.fround(gamma)) green++;
  return {
    ...shared(contextWidth, prf),
    pivot: { kind: 'green', gamma: green / TEXTSEAL_CELLS },
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      const { hashes, sums } = prf.readNgrams(ngrams);
      const repeated = findRepeatedDraws(sums, 2);
      const values = new Float64Array(hashes.length);
      for (let row = 0; row < hashes.length; row++)
        values[row] = hashes[row]! < green && repeated[row] === 0 ? 1 : 0;
      return values;
    },
    reshape: (context, { tokens, logProbabilities }) => {
      const hashes = prf.readTokens(context, tokens);
      for (let i = 0; i < hashes.length; i++) if (hashes[i]! < green) logProbabilities[i]! += delta;
    },
  };
}

/** Prompts are context upstream when it generates and unknown when it reads: the first tokens are not scored. */
function shared(contextWidth: number, prf: TextSealHash) {
  return {
    contextWidth,
    padding: null,
    unit: 'ngram' as const,
    distinct: (ngrams: Ngrams) =>
      selectNgrams(ngrams, listFirstDraws(findRepeatedDraws(prf.readNgrams(ngrams).sums, 2))),
  };
}

function readUniform(ngrams: Ngrams, contextWidth: number, streams: readonly TextSealHash[]): Float64Array {
  requireWidth(ngrams, contextWidth);
  const values = new Float64Array(ngrams.count * streams.length);
  streams.forEach((prf, stream) => {
    const { hashes, sums } = prf.readNgrams(ngrams);
    const repeated = findRepeatedDraws(sums, 2);
    for (let row = 0; row < hashes.length; row++)
      values[row * streams.length + stream] = repeated[row] === 1 ? 0 : hashes[row]! / TEXTSEAL_CELLS;
  });
  return values;
}

/** For generation 0 is never chosen while anything else can be, as where upstream raises it to 1/p. */
function toChoice(hashes: Uint32Array): Float64Array {
  return Float64Array.from(hashes, (hash) => (hash === 0 ? Number.MIN_VALUE : hash / TEXTSEAL_CELLS));
}
