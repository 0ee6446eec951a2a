import type { Ngrams } from '../ngrams.js';
import { demand, requireWidth } from '../watermark-error.js';

/**
 * The hash of SGLang's text watermarking (0.5.23, `srt/sampling/watermarking`: `hash_context`, `watermark_hash`,
 * `position_coin`): MurmurHash3 (x86, 32 bits) of whole words. The context is hashed without the key, to 32 bits; a key of 64
 * bits is then two words like any other. No cryptographic function: whoever sees enough values can find the key.
 */
export class SglangHash {
  readonly #low: number;
  readonly #high: number;

  /** @throws PhalanxError `MARK_KEY` unless the key is of 64 bits */
  constructor(key: bigint) {
    demand(
      key >= 0n && key < 1n << 64n,
      'MARK_KEY',
      'an SGLang key has 64 bits',
      'Give an unsigned integer.',
    );
    this.#low = Number(BigInt.asIntN(32, key));
    this.#high = Number(BigInt.asIntN(32, key >> 32n));
  }

  /** 32 bits for the hash of a context and a token. */
  read(contextHash: number, token: number): number {
    let state = mix(mix(0, this.#low), this.#high);
    state = mix(mix(state, contextHash), token);
    return finish(state, 4);
  }

  /** The coin of dual keys for a context: this key is key A; below `share` 2^32, key A marks. */
  tossCoin(keyB: SglangHash, contextHash: number): number {
    let state = mix(mix(0, this.#low), this.#high);
    state = mix(mix(state, keyB.#low), keyB.#high);
    return finish(mix(state, contextHash), 5);
  }
}

/** Hash of the `size` tokens from `from` on. */
export function hashSglangContext(tokens: Int32Array, from: number, size: number): number {
  let state = 0;
  for (let i = from; i < from + size; i++) state = mix(state, tokens[i]!);
  return finish(state, size);
}

/** Context hash and token of each n-gram: all that any key sees of it. */
export function listSglangDraws(ngrams: Ngrams, contextWidth: number): Uint32Array {
  requireWidth(ngrams, contextWidth);
  const { width, count, tokens } = ngrams;
  const draws = new Uint32Array(count * 2);
  for (let row = 0; row < count; row++) {
    draws[2 * row] = hashSglangContext(tokens, row * width, contextWidth);
    draws[2 * row + 1] = tokens[row * width + contextWidth]!;
  }
  return draws;
}

function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = state ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(state: number, words: number): number {
  let h = state ^ (4 * words);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
