import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/philox.wasm.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';

interface PhiloxExports extends KernelBuffers {
  permute(k0: number, k1: number): void;
  readRows(count: number, width: number, k0: number, k1: number): void;
  readTokens(size: number, count: number, k0: number, k1: number): void;
}

const PAGES = 33;
let shared: Kernel<PhiloxExports> | undefined;

function kernel(): Kernel<PhiloxExports> {
  shared ??= openKernel<PhiloxExports>(KERNEL_BASE64, PAGES);
  return shared;
}

/** Philox4x32-10 (Salmon et al. 2011): ten rounds over a counter of four words under a key of two. Vectors: Random123. */
export function permutePhilox(counter: readonly number[], key: readonly [number, number]): Uint32Array {
  const { exports, rows, words } = kernel();
  rows.set(counter.slice(0, 4));
  exports.permute(key[0], key[1]);
  return words.slice(0, 4);
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
    demand(key >= 0n && key < 1n << 64n, 'MARK_KEY', 'a Philox key has 64 bits', 'Give an unsigned integer.');
    this.#k0 = Number(BigInt.asIntN(32, key));
    this.#k1 = Number(BigInt.asIntN(32, key >> 32n));
  }

  /** One word for each n-gram. */
  readNgrams(ngrams: Ngrams): Uint32Array {
    const { exports, rows, words } = kernel();
    const { width, count, tokens } = ngrams;
    const out = new Uint32Array(count);
    const chunk = Math.floor(rows.length / width);
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      rows.set(tokens.subarray(from * width, to * width));
      exports.readRows(to - from, width, this.#k0, this.#k1);
      out.set(words.subarray(0, to - from), from);
    }
    return out;
  }

  /** One word for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const { exports, rows, words } = kernel();
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
