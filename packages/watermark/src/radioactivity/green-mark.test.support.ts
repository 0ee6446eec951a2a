import type { Mark } from '../mark.js';
import { PhiloxPrf } from '../prf/philox.js';

/** A green list drawn token by token, each with probability gamma: the simplest mark of its kind. */
export function openGreenMark(key: bigint, contextWidth = 1, gamma = 0.25, delta = 2): Mark {
  const prf = new PhiloxPrf(key);
  const limit = gamma * 2 ** 32;
  return {
    pivot: { kind: 'green', gamma },
    contextWidth,
    padding: null,
    unit: 'ngram',
    read: (ngrams) => {
      const words = prf.readNgrams(ngrams);
      const green = new Float64Array(words.length);
      for (let i = 0; i < words.length; i++) green[i] = words[i]! < limit ? 1 : 0;
      return green;
    },
    reshape: (context, { tokens, logProbabilities }) => {
      const words = prf.readTokens(context, tokens);
      for (let i = 0; i < tokens.length; i++) if (words[i]! < limit) logProbabilities[i]! += delta;
    },
  };
}
