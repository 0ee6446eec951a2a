import { z } from 'zod';
import type { Mark } from '../mark.js';
import { SynthidPrf } from '../prf/synthid-hash.js';
import { runTournament } from '../schemes/synthid.js';
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

/**
 * The mark under a list of 1 to 64 different keys, one a layer.
 *
 * @throws PhalanxError `MARK_KEY` unless there are 1 to 64 different keys of 64 bits, signed.
 */
export function openDeepmindSynthid(
  parameters: z.infer<typeof deepmindSynthidParameters>,
  keys: readonly bigint[],
): Mark {
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
    reshape: (context, candidates) => {
      const words = prf.readTokens(context, candidates.tokens);
      runTournament(candidates, words, prf.depth, parameters.leaves);
    },
  };
}
