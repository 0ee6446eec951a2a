import { z } from 'zod';
import type { Mark } from '../mark.js';
import { PrfScheme, SipHashPrf } from '../prf/siphash.js';
import { runTournament } from '../schemes/synthid.js';

/** SynthID's tournament under Phalanx's own function: all layers are bits of one value, layer 0 the lowest. */
export const phalanxSynthidParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(4),
  layers: z.int().min(1).max(64).default(32),
});

/** The mark under a key of 16 bytes. The first tokens of an answer, which have no whole context in it, are not marked. */
export function openPhalanxSynthid(
  { contextWidth, layers }: z.infer<typeof phalanxSynthidParameters>,
  key: Uint8Array,
): Mark {
  const prf = new SipHashPrf(key, PrfScheme.SYNTHID, contextWidth);
  const size = Math.ceil(layers / 32);
  const last = layers % 32 === 0 ? 0xffffffff : 2 ** (layers % 32) - 1;
  /** The words of a value that hold layers. */
  const cut = (values: Uint32Array) => {
    const words = new Uint32Array((values.length / 2) * size);
    for (let i = 0; i < words.length; i++) {
      const word = values[size === 2 ? i : 2 * i]!;
      words[i] = i % size === size - 1 ? word & last : word;
    }
    return words;
  };
  return {
    pivot: { kind: 'layers', layers },
    contextWidth,
    padding: null,
    unit: 'context',
    read: (ngrams) => Float64Array.from(cut(prf.readNgrams(ngrams))),
    reshape: (context, candidates) =>
      runTournament(candidates, cut(prf.readTokens(context, candidates.tokens)), layers, 2),
  };
}
