import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/siphash.wasm.js';
import type { Ngrams } from '../ngrams.js';
import { demand, requireInteger } from '../watermark-error.js';

/** Name and version of this function in a profile; its message layout is section 3 of docs/spec/mark-profile.md. */
export const SIPHASH_PRF = 'phalanx-siphash-2-4-v1';

/** Bytes of a key. */
export const PRF_KEY_BYTES = 16;

/** Schemes have values of their own under one key. */
export const PrfScheme = { GUMBEL: 1, SYNTHID: 2, KGW: 3, MULTIBIT: 4 } as const;
export type PrfScheme = (typeof PrfScheme)[keyof typeof PrfScheme];

interface SipHashExports extends KernelBuffers {
  start(size: number): void;
  readRows(count: number, size: number, streams: number): void;
  readContexts(count: number, size: number): void;
  readTokens(count: number, size: number, stream: number): void;
}

const PAGES = 33;
const DOMAIN = 0x4d;
const VERSION = 1;
const MAX_STREAMS = 256;
let shared: Kernel<SipHashExports> | undefined;

/**
 * The keyed function of Phalanx's own dialects: SipHash-2-4 (Aumasson and Bernstein 2012), a pseudo-random function with a
 * key of 128 bits, over domain, version, scheme, context width, context, token and stream; 64 bits a value. Who lacks the
 * key cannot tell the values from random ones, and cannot forge a mark. Vectors: `docs/spec/vectors/mark-profile.json`;
 * a test computes them again from the specification, and SipHash itself from its authors' vectors.
 */
export class SipHashPrf {
  /** Key and header as the kernel takes them: six words. */
  readonly #start = new Int32Array(6);
  readonly #size: number;

  /** @throws PhalanxError `MARK_KEY` unless the key has 16 bytes. */
  constructor(key: Uint8Array, scheme: PrfScheme, contextWidth: number) {
    demand(
      key.length === PRF_KEY_BYTES,
      'MARK_KEY',
      'a mark key has 16 bytes',
      'Derive it with deriveMarkKey.',
    );
    requireInteger(contextWidth, 'context width', 0, 16);
    const bytes = new Uint8Array(this.#start.buffer);
    bytes.set(key);
    bytes.set([DOMAIN, VERSION, scheme, contextWidth], PRF_KEY_BYTES);
    this.#size = contextWidth;
  }

  /** Values of streams 0 to `streams` - 1 of each n-gram, a row an n-gram; two words a value, the low one first. */
  readNgrams(ngrams: Ngrams, streams = 1): Uint32Array {
    requireInteger(streams, 'streams', 1, MAX_STREAMS);
    return this.#readRows(ngrams, streams, (kernel, count) =>
      kernel.exports.readRows(count, this.#size, streams),
    );
  }

  /** A value of each n-gram that its context alone decides. */
  readContexts(ngrams: Ngrams): Uint32Array {
    return this.#readRows(ngrams, 1, (kernel, count) => kernel.exports.readContexts(count, this.#size));
  }

  /** A value of one stream for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array, stream = 0): Uint32Array {
    this.#checkWidth(context.length + 1);
    const kernel = this.#open();
    const out = new Uint32Array(tokens.length * 2);
    const chunk = kernel.words.length / 2 - context.length;
    kernel.rows.set(context);
    for (let from = 0; from < tokens.length; from += chunk) {
      const part = tokens.subarray(from, from + chunk);
      kernel.rows.set(part, context.length);
      kernel.exports.readTokens(part.length, this.#size, stream);
      out.set(kernel.words.subarray(0, part.length * 2), from * 2);
    }
    return out;
  }

  #readRows(
    ngrams: Ngrams,
    streams: number,
    run: (kernel: Kernel<SipHashExports>, count: number) => void,
  ): Uint32Array {
    const { width, count, tokens } = ngrams;
    this.#checkWidth(width);
    const kernel = this.#open();
    const out = new Uint32Array(count * streams * 2);
    const chunk = Math.min(
      Math.floor(kernel.rows.length / width),
      Math.floor(kernel.words.length / (2 * streams)),
    );
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      kernel.rows.set(tokens.subarray(from * width, to * width));
      run(kernel, to - from);
      out.set(kernel.words.subarray(0, (to - from) * streams * 2), from * streams * 2);
    }
    return out;
  }

  #open(): Kernel<SipHashExports> {
    shared ??= openKernel<SipHashExports>(KERNEL_BASE64, PAGES);
    shared.rows.set(this.#start);
    shared.exports.start(this.#size);
    return shared;
  }

  #checkWidth(width: number): void {
    demand(
      width === this.#size + 1,
      'MARK_ARGUMENT',
      `n-grams of ${width} tokens for a context of ${this.#size}`,
      'Collect them with the options of this mark.',
    );
  }
}

const CELLS = 2 ** 52;

/** The lower edge of a value's cell among 2^52, from value `at` of an array of word pairs. */
export function lowerEdge(words: Uint32Array, at: number): number {
  return (words[2 * at + 1]! * 2 ** 20 + (words[2 * at]! >>> 12)) / CELLS;
}

/** The middle of that cell: in (0, 1), so that its logarithms are finite. */
export function cellMiddle(words: Uint32Array, at: number): number {
  return (words[2 * at + 1]! * 2 ** 20 + (words[2 * at]! >>> 12) + 0.5) / CELLS;
}
