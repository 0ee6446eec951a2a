import { z } from 'zod';
import { findRepeatedDraws, listFirstDraws } from '../detect/repeated-draws.js';
import type { Mark } from '../mark.js';
import { selectNgrams } from '../ngrams.js';
import { hashSglangContext, listSglangDraws, SglangHash } from '../prf/sglang-hash.js';
import { chooseByGumbel } from '../schemes/gumbel.js';

/** Gumbel-max as SGLang 0.5.23 emits it (`--enable-watermark`). There `contextWidth` is `context_window`. */
export const sglangGumbelParameters = z.strictObject({ contextWidth: z.int().min(1).max(16).default(4) });

/** With a second key; `firstShare` is `mixing_probability`, the share of contexts that key A marks. */
export const sglangDualGumbelParameters = sglangGumbelParameters.extend({
  firstShare: z.number().gt(0).lt(1).default(0.5),
});

const CELLS = 2 ** 32;

/**
 * The mark under SGLang's key of 64 bits. SGLang takes the prompt's tail for the first contexts of an answer; without the prompt
 * they are not known and not scored. Its context is hashed to 32 bits before any key: n-grams that share this hash and the
 * token count once. What SGLang drew unmarked (repeated contexts, its entropy gate, beyond 4,096 contexts) is scored as noise.
 */
export function openSglangGumbel(
  { contextWidth }: z.infer<typeof sglangGumbelParameters>,
  key: bigint,
): Mark {
  const hash = new SglangHash(key);
  return openWith(contextWidth, () => hash);
}

/** The same with two keys. A coin tossed over the context says which of them marks a token, so one number a token is read. */
export function openSglangDualGumbel(
  { contextWidth, firstShare }: z.infer<typeof sglangDualGumbelParameters>,
  keyA: bigint,
  keyB: bigint,
): Mark {
  const a = new SglangHash(keyA);
  const b = new SglangHash(keyB);
  const threshold = Math.floor(firstShare * CELLS);
  return openWith(contextWidth, (contextHash) => (a.tossCoin(b, contextHash) < threshold ? a : b));
}

function openWith(contextWidth: number, choose: (contextHash: number) => SglangHash): Mark {
  return {
    pivot: { kind: 'uniform', streams: 1 },
    contextWidth,
    padding: null,
    unit: 'context',
    read(ngrams) {
      const draws = listSglangDraws(ngrams, contextWidth);
      const repeated = findRepeatedDraws(draws, 2);
      const u = new Float64Array(ngrams.count);
      for (let i = 0; i < u.length; i++)
        if (repeated[i] === 0) u[i] = choose(draws[2 * i]!).read(draws[2 * i]!, draws[2 * i + 1]!) / CELLS;
      return u;
    },
    distinct: (ngrams) =>
      selectNgrams(ngrams, listFirstDraws(findRepeatedDraws(listSglangDraws(ngrams, contextWidth), 2))),
    reshape(context, candidates) {
      const contextHash = hashSglangContext(context, 0, contextWidth);
      const hash = choose(contextHash);
      chooseByGumbel(
        candidates,
        Float64Array.from(candidates.tokens, (token) => (hash.read(contextHash, token) + 0.5) / CELLS),
      );
    },
  };
}
