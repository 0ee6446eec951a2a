import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/textseal.wasm.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';

interface TextSealExports extends KernelBuffers {
  readRows(count: number, width: number, keyLow: number, keyHigh: number): void;
  readTokens(size: number, count: number, keyLow: number, keyHigh: number): void;
}

const PAGES = 33;
/** Words that the kernel gives a row: the hash, and two of the sum that the key is added to. */
const ROW_WORDS = 3;
let shared: Kernel<TextSealExports> | undefined;

/** TextSeal's hashes are 0 ... 8190. */
export const TEXTSEAL_CELLS = 8191;

/** Hashes of n-grams under a key, and the sums that they are made of, two words each. */
export interface TextSealHashes {
  readonly hashes: Uint32Array;
  /** Equal sums have equal hashes under every key. */
  readonly sums: Uint32Array;
}

/**
 * TextSeal's keyed function (`pseudorandom.py`, `_hash`): a sum of tokens and key, each times a prime, wrapped to 64
 * bits, multiplied, xored with itself shifted by 13 and reduced modulo 8191. Vectors: `textseal_prf.json`.
 *
 * No cryptographic function: 13 bits a token, contexts of at most ten tokens, and the key only shifts the sum, so whoever sees
 * marked text can find a small key by trying.
 */
export class TextSealHash {
  readonly #low: number;
  readonly #high: number;

  /** @throws PhalanxError `MARK_KEY` unless the key is of 63 bits. */
  constructor(key: bigint) {
    demand(key >= 0n && key < 1n << 63n, 'MARK_KEY', 'the key has 63 bits', 'Give an unsigned integer.');
    this.#low = Number(BigInt.asIntN(32, key));
    this.#high = Number(BigInt.asIntN(32, key >> 32n));
  }

  readNgrams({ width, count, tokens }: Ngrams): TextSealHashes {
    shared ??= openKernel<TextSealExports>(KERNEL_BASE64, PAGES);
    const { exports, rows, words } = shared;
    const hashes = new Uint32Array(count);
    const sums = new Uint32Array(2 * count);
    const chunk = Math.floor(rows.length / Math.max(width, ROW_WORDS));
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      rows.set(tokens.subarray(from * width, to * width));
      exports.readRows(to - from, width, this.#low, this.#high);
      for (let row = from, word = 0; row < to; row++) {
        hashes[row] = words[word++]!;
        sums[2 * row] = words[word++]!;
        sums[2 * row + 1] = words[word++]!;
      }
    }
    return { hashes, sums };
  }

  /** One hash for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    shared ??= openKernel<TextSealExports>(KERNEL_BASE64, PAGES);
    const { exports, rows, words } = shared;
    const out = new Uint32Array(tokens.length);
    const chunk = rows.length - context.length;
    rows.set(context);
    for (let from = 0; from < tokens.length; from += chunk) {
      const part = tokens.subarray(from, from + chunk);
      rows.set(part, context.length);
      exports.readTokens(context.length, part.length, this.#low, this.#high);
      out.set(words.subarray(0, part.length), from);
    }
    return out;
  }
}
