import { type Kernel, type KernelBuffers, openKernel } from '../kernels/open-kernel.js';
import { KERNEL_BASE64 } from '../kernels/torch.wasm.js';
import { requireInteger } from '../watermark-error.js';

/** What the kernel of torch's CPU generator offers; `seed` is of 32 bits, sizes and places below `CAPACITY`. */
export interface TorchExports extends KernelBuffers {
  follow(seed: number, n: number, size: number, count: number): void;
  markList(seed: number, n: number, size: number): void;
  permute(seed: number, n: number, size: number): void;
  draw(seed: number, count: number): void;
  pick(seed: number, count: number): void;
}

/** Most numbers that a permutation or a stream has: 2^20. Vocabularies are smaller; the tables of KGW have 1,000,003. */
export const MAX_TORCH_NUMBERS = 2 ** 20;

/** torch draws other words for larger ranges. */
const MAX_RANGE = 2 ** 28;
const PAGES = 130;
const MODULUS = 2n ** 64n - 1n;
let shared: Kernel<TorchExports> | undefined;

/** The kernel: one a process, since nothing is kept in it between calls. */
export function torchKernel(): Kernel<TorchExports> {
  shared ??= openKernel<TorchExports>(KERNEL_BASE64, PAGES);
  return shared;
}

/**
 * The 32 bits that torch's CPU generator keeps of `manual_seed(value % (2**64 - 1))`, `%` as in Python: never negative.
 * What it drops is no key: 5 and 5 + 2^32 are one seed.
 */
export function reduceTorchSeed(value: bigint): number {
  const rest = value % MODULUS;
  return Number(BigInt.asUintN(32, rest < 0n ? rest + MODULUS : rest));
}

/**
 * `torch.randperm(n)` of a CPU generator with this seed of 32 bits, or its first `size` numbers, which cost as many steps.
 * Vectors: `randperm` in `torch_cpu_generator.json`.
 */
export function permuteTorch(seed: number, n: number, size: number = n): Uint32Array {
  requireInteger(n, 'length of a permutation', 0, MAX_TORCH_NUMBERS);
  requireInteger(size, 'head of a permutation', 0, n);
  const { exports, words } = torchKernel();
  exports.permute(seed, n, size);
  return words.slice(0, size);
}

/** The mantissas of `torch.rand(n)` in single precision: integers of 24 bits, over 2^24. Vectors: `rand_float32`. */
export function drawTorchMantissas(seed: number, n: number): Uint32Array {
  return draw(seed, n).map((word) => word & 0xffffff);
}

/** `torch.randint(0, range, (n,))`, `range` at most 2^28. Vectors: `randint01_table`. */
export function drawTorchIntegers(seed: number, range: number, n: number): Uint32Array {
  requireInteger(range, 'range of integers', 1, MAX_RANGE);
  return draw(seed, n).map((word) => word % range);
}

/** The mantissas at `places` of `torch.rand`, in the order of `places`; only they are tempered. */
export function pickTorchMantissas(seed: number, places: Uint32Array): Uint32Array {
  const { exports, rows, words } = torchKernel();
  const sorted = places.slice().sort();
  requireInteger(sorted.at(-1) ?? 0, 'place in a stream', 0, MAX_TORCH_NUMBERS - 1);
  const drawn = new Map<number, number>();
  for (let from = 0; from < sorted.length; from += rows.length) {
    const part = sorted.subarray(from, from + rows.length);
    rows.set(part);
    exports.pick(seed, part.length);
    for (const [i, place] of part.entries()) drawn.set(place, words[i]! & 0xffffff);
  }
  return places.map((place) => drawn.get(place)!);
}

function draw(seed: number, n: number): Uint32Array {
  requireInteger(n, 'length of a stream', 0, MAX_TORCH_NUMBERS);
  const { exports, words } = torchKernel();
  exports.draw(seed, n);
  return words.slice(0, n);
}
