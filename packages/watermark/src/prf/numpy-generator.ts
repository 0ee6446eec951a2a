import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/pcg64.wasm.js';
import { requireInteger } from '../watermark-error.js';

interface Pcg64Exports extends KernelBuffers {
  seed(stateHigh: bigint, stateLow: bigint, streamHigh: bigint, streamLow: bigint): void;
  draw(count: number): void;
  shuffleMask(n: number, ones: number): void;
}

/** Longest mask: 2^20. */
export const MAX_NUMPY_MASK = 2 ** 20;

const PAGES = 129;
const POOL = 4;
let shared: Kernel<Pcg64Exports> | undefined;

function kernel(): Kernel<Pcg64Exports> {
  shared ??= openKernel<Pcg64Exports>(KERNEL_BASE64, PAGES);
  return shared;
}

/**
 * numpy's `SeedSequence(entropy).generate_state(words, uint32)` for entropy of 32 bits (O'Neill's `seed_seq_fe`, whose
 * hash constants go on from word to word).
 */
export function expandNumpySeed(entropy: number, words: number): Uint32Array {
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    mixed = Math.imul(mixed, constant);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const pool = Uint32Array.from({ length: POOL }, (_, i) => hash(i === 0 ? entropy : 0));
  for (let from = 0; from < POOL; from++)
    for (let to = 0; to < POOL; to++) {
      if (from === to) continue;
      const mixed = Math.imul(pool[to]!, 0xca01f9dd) - Math.imul(hash(pool[from]!), 0x4973f715);
      pool[to] = mixed ^ ((mixed >>> 0) >>> 16);
    }
  let output = 0x8b51f9dd;
  return Uint32Array.from({ length: words }, (_, i) => {
    let value = pool[i % POOL]! ^ output;
    output = Math.imul(output, 0x58f38ded);
    value = Math.imul(value, output);
    return value ^ (value >>> 16);
  });
}

/** What `numpy.random.default_rng(seed)` makes of `[True] * ones + [False] * (n - ones)` by `shuffle`: a byte an entry. */
export function shuffleNumpyMask(seed: number, n: number, ones: number): Uint8Array {
  requireInteger(n, 'length of a mask', 0, MAX_NUMPY_MASK);
  requireInteger(ones, 'ones of a mask', 0, n);
  const { exports, words } = kernel();
  seedGenerator(seed);
  exports.shuffleMask(n, ones);
  return new Uint8Array(words.buffer, words.byteOffset, n).slice();
}

/** The first outputs of 64 bits of `numpy.random.PCG64(seed)`. */
export function drawNumpyWords(seed: number, count: number): BigUint64Array {
  requireInteger(count, 'length of a stream', 0, MAX_NUMPY_MASK / 2);
  const { exports, words } = kernel();
  seedGenerator(seed);
  exports.draw(count);
  return new BigUint64Array(words.buffer, words.byteOffset, count).slice();
}

function seedGenerator(seed: number): void {
  const words = expandNumpySeed(seed, 8);
  const [stateHigh, stateLow, streamHigh, streamLow] = new BigUint64Array(words.buffer);
  kernel().exports.seed(stateHigh!, stateLow!, streamHigh!, streamLow!);
}
