import type { Ngrams } from '../ngrams.js';
import { philoxKernel, splitPhiloxKey } from './philox.js';

/** Words that the kernel gives a row: Philox's word, and two of the seed. */
const ROW_WORDS = 3;

/** What SBW's function gives n-grams under a key. */
export interface SbwDraws {
  /** 31 bits each. */
  readonly values: Uint32Array;
  /** Three words each: seed, low half first, and token. Equal ones are one draw. */
  readonly origins: Uint32Array;
}

/**
 * The keyed function of SBW (Ceppi and Sanchez, arXiv 2609.03844) as vLLM's pull request 56859 has it (`sbw.py` at commit
 * d6d2f2c, not merged): Philox4x32-10 with the token in the counter and a seed for key. `selfhash`: the least, as signed
 * 64-bit numbers, of key * h(token) * h(x) over the token itself and the context but its oldest token, h being Jenkins'
 * hash. `lefthash`: key times the sum of the context. Checked against that file run under torch; no vector is published.
 */
export class SbwDraw {
  readonly #k0: number;
  readonly #k1: number;
  readonly #selfhash: number;

  /** @throws PhalanxError `MARK_KEY` unless the key is of 64 bits. */
  constructor(key: bigint, scheme: 'selfhash' | 'lefthash') {
    [this.#k0, this.#k1] = splitPhiloxKey(key);
    this.#selfhash = scheme === 'selfhash' ? 1 : 0;
  }

  readNgrams({ width, count, tokens }: Ngrams): SbwDraws {
    const { exports, rows, words } = philoxKernel();
    const values = new Uint32Array(count);
    const origins = new Uint32Array(3 * count);
    const chunk = Math.floor(rows.length / Math.max(width, ROW_WORDS));
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      rows.set(tokens.subarray(from * width, to * width));
      exports.readSeeded(to - from, width, this.#k0, this.#k1, this.#selfhash);
      for (let row = from, word = 0; row < to; row++, word += ROW_WORDS) {
        values[row] = words[word]! & 0x7fffffff;
        origins[3 * row] = words[word + 1]!;
        origins[3 * row + 1] = words[word + 2]!;
        origins[3 * row + 2] = tokens[(row + 1) * width - 1]!;
      }
    }
    return { values, origins };
  }

  /** One value for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const width = context.length + 1;
    const rows = new Int32Array(tokens.length * width);
    for (let i = 0; i < tokens.length; i++) {
      rows.set(context, i * width);
      rows[(i + 1) * width - 1] = tokens[i]!;
    }
    const none = new Uint32Array();
    const ngrams = { width, count: tokens.length, tokens: rows, text: none, position: none };
    return this.readNgrams({ ...ngrams, repeated: 0, unscored: 0 }).values;
  }
}
