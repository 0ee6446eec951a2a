import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/philox.wasm.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';

interface PhiloxExports extends KernelBuffers {
  permute(k0: number, k1: number): void;
  readRows(count: number, width: number, k0: number, k1: number): void;
  readTokens(size: number, count: number, k0: number, k1: number): void;
  multiplyRows(count: number, width: number, k0: number, k1: number): void;
  readSeeded(count: number, width: number, k0: number, k1: number, selfhash: number): void;
}

const PAGES = 33;
const CELL_BITS = 24;
let shared: Kernel<PhiloxExports> | undefined;

/** The kernel that everything made of Philox shares. */
export function philoxKernel(): Kernel<PhiloxExports> {
  shared ??= openKernel<PhiloxExports>(KERNEL_BASE64, PAGES);
  return shared;
}

/** Philox4x32-10 (Salmon et al. 2011): ten rounds over a counter of four words under a key of two. Vectors: Random123. */
export function permutePhilox(counter: readonly number[], key: readonly [number, number]): Uint32Array {
  const { exports, rows, words } = philoxKernel();
  rows.set(counter.slice(0, 4));
  exports.permute(key[0], key[1]);
  return words.slice(0, 4);
}

/** The two words of a key, low half first. @throws PhalanxError `MARK_KEY` unless the key is of 64 bits. */
export function splitPhiloxKey(key: bigint): readonly [number, number] {
  demand(key >= 0n && key < 1n << 64n, 'MARK_KEY', 'a Philox key has 64 bits', 'Give an unsigned integer.');
  return [Number(BigInt.asIntN(32, key)), Number(BigInt.asIntN(32, key >> 32n))];
}

/**
 * The keyed function that vLLM names `philox4x32-10-v1`: 32 bits for a context and a token, the context absorbed four
 * tokens a block, the token in the counter of the last. Not a cryptographic one: Philox is not designed to hide its key.
 */
export class PhiloxPrf {
  readonly #k0: number;
  readonly #k1: number;

  /** @throws PhalanxError `MARK_KEY` unless the key is of 64 bits. */
  constructor(key: bigint) {
    [this.#k0, this.#k1] = splitPhiloxKey(key);
  }

  /** One word for each n-gram. */
  readNgrams(ngrams: Ngrams): Uint32Array {
    const { exports, words } = philoxKernel();
    const out = new Uint32Array(ngrams.count);
    eachChunk(ngrams, (from, count) => {
      exports.readRows(count, ngrams.width, this.#k0, this.#k1);
      out.set(words.subarray(0, count), from);
    });
    return out;
  }

  /** One word for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const { exports, rows, words } = philoxKernel();
    const out = new Uint32Array(tokens.length);
    const chunk = rows.length - context.length;
    rows.set(context);
    for (let from = 0; from < tokens.length; from += chunk) {
      const part = tokens.subarray(from, from + chunk);
      rows.set(part, context.length);
      exports.readTokens(context.length, part.length, this.#k0, this.#k1);
      out.set(words.subarray(0, part.length), from);
    }
    return out;
  }
}

/**
 * For each key the sum over all n-grams of -ln(1 - u), u = (word >>> 8) / 2^24 as `PhiloxPrf` gives the word: the Gumbel
 * score of a ring of keys, without an array a key. The sum is of a product of doubles, so its error is below
 * 2^-52 a row; against a sum of logarithms by `philox.test.ts`.
 *
 * @throws PhalanxError `MARK_KEY` unless every key is of 64 bits.
 */
export function sumPhiloxScores(ngrams: Ngrams, keys: readonly bigint[]): Float64Array {
  const { exports, words } = philoxKernel();
  const factor = new Float64Array(words.buffer, words.byteOffset, 2);
  const halves = keys.map(splitPhiloxKey);
  const sums = new Float64Array(keys.length);
  eachChunk(ngrams, (_, count) => {
    halves.forEach(([k0, k1], key) => {
      exports.multiplyRows(count, ngrams.width, k0, k1);
      sums[key]! += (CELL_BITS * count - factor[1]!) * Math.LN2 - Math.log(factor[0]!);
    });
  });
  return sums;
}

/** Puts the n-grams into the kernel's memory, as many at a time as it holds. */
function eachChunk(ngrams: Ngrams, read: (from: number, count: number) => void): void {
  const { rows } = philoxKernel();
  const { width, count, tokens } = ngrams;
  const chunk = Math.floor(rows.length / width);
  for (let from = 0; from < count; from += chunk) {
    const to = Math.min(count, from + chunk);
    rows.set(tokens.subarray(from * width, to * width));
    read(from, to - from);
  }
}
