import type { Ngrams } from '../ngrams.js';
import { philoxKernel, splitPhiloxKey } from './philox.js';

const CONTEXT_DOMAIN = 0x574d4358;
const TOKEN_DOMAIN = 0x574d544b;

/**
 * `PhiloxPrf` on one of 2^64 streams, as drafts of vLLM have it (`PhiloxPRF.uint32(contexts, tokens, stream)`): the
 * context is absorbed as on stream 0; in the last block the stream's high half is added to the key's low half, its low
 * half to the key's high one, bit by bit. A block is a call of the kernel, so this reads a third as fast.
 */
export class PhiloxStreamPrf {
  readonly #key: readonly [number, number];
  readonly #last: readonly [number, number];

  /** @throws PhalanxError `MARK_KEY` unless the key is of 64 bits. */
  constructor(key: bigint, stream: bigint) {
    const [low, high] = splitPhiloxKey(key);
    const [streamLow, streamHigh] = splitPhiloxKey(stream);
    this.#key = [low, high];
    this.#last = [low ^ streamHigh, high ^ TOKEN_DOMAIN ^ streamLow];
  }

  /** One word for each n-gram. */
  readNgrams(ngrams: Ngrams): Uint32Array {
    const { width, count, tokens } = ngrams;
    const out = new Uint32Array(count);
    const state = new Int32Array(4);
    for (let row = 0; row < count; row++) {
      const at = row * width;
      this.#absorb(tokens.subarray(at, at + width - 1), state);
      out[row] = this.#squeeze(tokens[at + width - 1]!, state);
    }
    return out;
  }

  /** One word for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const state = new Int32Array(4);
    this.#absorb(context, state);
    return Uint32Array.from(tokens, (token) => this.#squeeze(token, state));
  }

  #absorb(context: Int32Array, state: Int32Array): void {
    const { exports, rows, words } = philoxKernel();
    state.set([CONTEXT_DOMAIN, context.length, 0, 0]);
    for (let from = 0; from < context.length; from += 4) {
      for (let i = 0; i < 4; i++) rows[i] = state[i]! ^ (from + i < context.length ? context[from + i]! : ~i);
      exports.permute(this.#key[0] ^ from, this.#key[1]);
      state.set(words.subarray(0, 4));
    }
  }

  #squeeze(token: number, state: Int32Array): number {
    const { exports, rows, words } = philoxKernel();
    rows[0] = token >>> 2;
    for (let i = 0; i < 3; i++) rows[i + 1] = state[i]!;
    exports.permute(this.#last[0] ^ state[3]!, this.#last[1]);
    return words[token & 3]!;
  }
}
