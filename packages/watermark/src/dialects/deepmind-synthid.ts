import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { MarkTest } from '../detect/log-p.js';
import type { Mark } from '../mark.js';
import type { Ngrams } from '../ngrams.js';
import { SynthidPrf } from '../prf/synthid-hash.js';
import { LayerDecoys } from '../schemes/layer-decoys.js';
import { runTournament } from '../schemes/synthid.js';
import { descendingWeights } from '../schemes/synthid-null.js';
import { requireWidth } from '../watermark-error.js';

/**
 * Tournament sampling of google-deepmind/synthid-text, main branch (`src/synthid_text/logits_processing.py`): the hash
 * starts at a digest of the keys. The releases on PyPI (0.1.0 to 0.2.1) hash as Hugging Face does: `hf-synthid`.
 *
 * `leaves`: 2, or more for the distortionary variant. `skipFirst`: `skip_first_ngram_calls`; without it the engine
 * takes zeros for the context of an answer's first tokens, whatever the prompt was.
 */
export const deepmindSynthidParameters = z.strictObject({
  ngramLength: z.int().min(2).max(17).default(5),
  leaves: z.int().min(2).max(16).default(2),
  skipFirst: z.boolean().default(false),
});

type Parameters = z.infer<typeof deepmindSynthidParameters>;

/** Decoys of a test: as many as this many n-grams can be read for, within bounds. */
const DECOY_READS = 2e7;
const DECOYS = { fewest: 99, most: 999 };

/**
 * The mark under a list of 1 to 64 different keys, one a layer. Whatever the keys, the hashes of two n-grams differ by what
 * their tokens decide, and twelve rounds do not hide it: bits of a text are not independent. The variance of a layer's
 * ones is within some hundredths of fair bits' on prose, templates and code, two thirds of it where numbers count up,
 * a sixth and more above it where they do in hexadecimal digits (conformance suite `watermark-synthid`). So a binomial
 * accuses structured text; use `test`.
 *
 * @throws PhalanxError `MARK_KEY` unless there are 1 to 64 different keys of 64 bits, signed.
 */
export function openDeepmindSynthid(parameters: Parameters, keys: readonly bigint[]): Mark {
  const prf = new SynthidPrf(keys);
  const contextWidth = parameters.ngramLength - 1;
  return {
    pivot: { kind: 'layers', layers: prf.depth },
    contextWidth,
    padding: parameters.skipFirst ? null : 0,
    unit: 'context',
    read: (ngrams) => {
      requireWidth(ngrams, contextWidth);
      return Float64Array.from(prf.readNgrams(ngrams));
    },
    test: (ngrams) => openDeepmindSynthidTest(parameters, ngrams, prf.depth)(keys),
    reshape: (context, candidates) => {
      const words = prf.readTokens(context, candidates.tokens);
      runTournament(candidates, words, prf.depth, parameters.leaves);
    },
  };
}

/**
 * The test of any key of `depth` layers on these n-grams against 99 to 999 decoy keys (`LayerDecoys`), layers weighted
 * from 10 to 1. Keys must have been drawn from 64 bits, independently, as the decoys are. These are digests of the tokens:
 * whoever has the text has them, and nobody before. They are read once; then a key costs one reading of the text.
 */
export function openDeepmindSynthidTest(
  parameters: Parameters,
  ngrams: Ngrams,
  depth: number,
): (keys: readonly bigint[]) => MarkTest {
  requireWidth(ngrams, parameters.ngramLength - 1);
  const wanted = Math.floor(DECOY_READS / Math.max(1, ngrams.count));
  const count = Math.min(DECOYS.most, Math.max(DECOYS.fewest, wanted));
  const { buffer, byteOffset, byteLength } = ngrams.tokens;
  const seed = createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest();
  const read = (keys: readonly bigint[]) => countLayers(new SynthidPrf(keys), ngrams);
  const decoys = Array.from({ length: count }, (_, i) => read(deriveKeys(seed, i, depth)));
  const against = new LayerDecoys(decoys, ngrams.count, descendingWeights(depth));
  return (keys) => against.test(read(keys));
}

/** 64 bits a layer, from SHA-512 of seed, decoy and layer. */
function deriveKeys(seed: Uint8Array, decoy: number, depth: number): bigint[] {
  const out: bigint[] = [];
  for (let block = 0; out.length < depth; block++) {
    const digest = createHash('sha512').update(seed).update(`synthid decoy ${decoy} ${block}`).digest();
    for (let at = 0; at < digest.length && out.length < depth; at += 8) out.push(digest.readBigInt64LE(at));
  }
  return out;
}

function countLayers(prf: SynthidPrf, ngrams: Ngrams): Float64Array {
  const words = prf.readNgrams(ngrams);
  const size = Math.ceil(prf.depth / 32);
  const ones = new Float64Array(prf.depth);
  for (let layer = 0; layer < prf.depth; layer++) {
    const bit = layer & 31;
    let count = 0;
    for (let at = layer >> 5; at < words.length; at += size) count += (words[at]! >>> bit) & 1;
    ones[layer] = count;
  }
  return ones;
}
