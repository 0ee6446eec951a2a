import { z } from 'zod';
import type { Mark } from '../mark.js';
import { cellMiddle, lowerEdge, PrfScheme, SipHashPrf } from '../prf/siphash.js';
import { chooseByGumbel } from '../schemes/gumbel.js';

/**
 * Gumbel-max under Phalanx's own function. With `secondShare` above 0 a second stream of the same key marks that share of
 * the tokens, drawn at random, so that one prompt has several answers; a detector reads both.
 */
export const phalanxGumbelParameters = z.strictObject({
  contextWidth: z.int().min(1).max(16).default(4),
  secondShare: z.number().min(0).max(0.5).default(0),
});

/** The mark under a key of 16 bytes. The first tokens of an answer, which have no whole context in it, are not marked. */
export function openPhalanxGumbel(
  { contextWidth, secondShare }: z.infer<typeof phalanxGumbelParameters>,
  key: Uint8Array,
): Mark {
  const prf = new SipHashPrf(key, PrfScheme.GUMBEL, contextWidth);
  const streams = secondShare > 0 ? 2 : 1;
  return {
    pivot: { kind: 'uniform', streams },
    contextWidth,
    padding: null,
    unit: 'context',
    ...(streams === 2 ? { secondShare } : {}),
    read(ngrams) {
      const words = prf.readNgrams(ngrams, streams);
      const u = new Float64Array(words.length / 2);
      for (let i = 0; i < u.length; i++) u[i] = lowerEdge(words, i);
      return u;
    },
    reshape(context, candidates, random) {
      const stream = streams === 2 && random() < secondShare ? 1 : 0;
      const words = prf.readTokens(context, candidates.tokens, stream);
      const u = new Float64Array(candidates.tokens.length);
      for (let i = 0; i < u.length; i++) u[i] = cellMiddle(words, i);
      chooseByGumbel(candidates, u);
    },
  };
}
