import { createHash } from 'node:crypto';
import type { WasmConstant } from '@phalanx/core';
import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/synthid.wasm.js';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';

interface SynthidExports extends KernelBuffers {
  readonly KEYS: WasmConstant;
  hashRows(count: number, width: number, start: bigint): void;
  readRows(count: number, width: number, depth: number, start: bigint): void;
  readTokens(size: number, count: number, depth: number, start: bigint): void;
}

const PAGES = 18;
const MULTIPLIER = 6364136223846793005n;

/** Most layers of a tournament: the published ones have 30. */
export const MAX_DEPTH = 64;

interface Shared {
  readonly kernel: Kernel<SynthidExports>;
  readonly keys: BigInt64Array;
  /** Whose keys the kernel holds. */
  owner: object | null;
}
let opened: Shared | undefined;

function shared(): Shared {
  if (opened === undefined) {
    const kernel = openKernel<SynthidExports>(KERNEL_BASE64, PAGES);
    const keys = new BigInt64Array(kernel.rows.buffer, kernel.exports.KEYS.value, MAX_DEPTH);
    opened = { kernel, keys, owner: null };
  }
  return opened;
}

/** @throws PhalanxError `MARK_KEY` unless there are 1 to 64 keys of 64 bits, signed. */
export function requireLayerKeys(keys: readonly bigint[]): void {
  demand(
    keys.length > 0 && keys.length <= MAX_DEPTH && keys.every((key) => BigInt.asIntN(64, key) === key),
    'MARK_KEY',
    `a tournament has 1 to ${MAX_DEPTH} keys, each a signed integer of 64 bits`,
    'Give the list of keys that the engine was given.',
  );
}

/**
 * The step `h <- (h + token) * 6364136223846793005 + 1` mod 2^64 over each row, from `start`; as unsigned numbers.
 * It is linear: anyone finds tokens that meet a given hash, and contexts that share one.
 */
export function hashRows(rows: Int32Array, width: number, start: bigint): BigUint64Array {
  const { exports, rows: room, words } = shared().kernel;
  const count = rows.length / width;
  const out = new BigUint64Array(count);
  const chunk = Math.floor(room.length / Math.max(width, 2));
  for (let from = 0; from < count; from += chunk) {
    const to = Math.min(count, from + chunk);
    room.set(rows.subarray(from * width, to * width));
    exports.hashRows(to - from, width, start);
    out.set(new BigUint64Array(words.buffer, words.byteOffset, to - from), from);
  }
  return out;
}

/**
 * Layers of `google-deepmind/synthid-text`, main branch (`SynthIDLogitsProcessor.get_gvals`): the hash starts at
 * SHA-256 of the keys (64-bit, little-endian; read big-endian) mod 2^63 - 1, takes the n-gram and one key, then twelve
 * times step and arithmetic shift by 5; bit 30 is the layer's. Vectors: `deepmind` in `synthid.json`.
 */
export class SynthidPrf {
  readonly depth: number;
  /** Where the hash starts, below 2^63: the keys decide it. */
  readonly start: bigint;
  readonly #steps: BigInt64Array;

  /** @throws PhalanxError `MARK_KEY` unless there are 1 to 64 different keys of 64 bits, signed. */
  constructor(keys: readonly bigint[]) {
    requireLayerKeys(keys);
    demand(
      new Set(keys).size === keys.length,
      'MARK_KEY',
      'two layers have one key, and so the same bits',
      'Draw the keys anew.',
    );
    this.depth = keys.length;
    const digest = createHash('sha256')
      .update(new Uint8Array(BigInt64Array.from(keys).buffer))
      .digest('hex');
    this.start = BigInt(`0x${digest}`) % ((1n << 63n) - 1n);
    this.#steps = BigInt64Array.from(keys, (key) => BigInt.asIntN(64, key * MULTIPLIER + 1n));
  }

  /** Words of 32 layers for each n-gram, layer 0 in bit 0 of the first. */
  readNgrams(ngrams: Ngrams): Uint32Array {
    const { exports, rows, words } = this.#load();
    const { width, count, tokens } = ngrams;
    const size = Math.ceil(this.depth / 32);
    const out = new Uint32Array(count * size);
    const chunk = Math.floor(rows.length / Math.max(width, size));
    for (let from = 0; from < count; from += chunk) {
      const to = Math.min(count, from + chunk);
      rows.set(tokens.subarray(from * width, to * width));
      exports.readRows(to - from, width, this.depth, this.start);
      out.set(words.subarray(0, (to - from) * size), from * size);
    }
    return out;
  }

  /** The same words for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const { exports, rows, words } = this.#load();
    const size = Math.ceil(this.depth / 32);
    const out = new Uint32Array(tokens.length * size);
    const chunk = Math.floor(rows.length / size) - context.length;
    rows.set(context);
    for (let from = 0; from < tokens.length; from += chunk) {
      const to = Math.min(tokens.length, from + chunk);
      rows.set(tokens.subarray(from, to), context.length);
      exports.readTokens(context.length, to - from, this.depth, this.start);
      out.set(words.subarray(0, (to - from) * size), from * size);
    }
    return out;
  }

  #load(): Kernel<SynthidExports> {
    const all = shared();
    if (all.owner !== this) {
      all.keys.set(this.#steps);
      all.owner = this;
    }
    return all.kernel;
  }
}
