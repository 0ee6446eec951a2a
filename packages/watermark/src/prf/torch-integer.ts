import { demand } from '../watermark-error.js';
import { reduceTorchSeed } from './torch-generator.js';

const LIMIT = 2n ** 63n;

/** A Python integer as torch's `int64` holds it: two's complement. */
export function wrapTorchLong(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** `reduceTorchSeed(key * factor)` for a factor of 0 or more. */
export function multiplyTorchSeed(key: bigint, factor: number): number {
  const product = Number(key) * factor;
  return product <= Number.MAX_SAFE_INTEGER ? product % 2 ** 32 : reduceTorchSeed(key * BigInt(factor));
}

/**
 * Checks a multiplier that makes seeds. With low 32 bits of 0 every context has (nearly) one seed, since torch keeps no
 * others: n-grams would not be independent, and no test on them valid.
 *
 * @throws PhalanxError `MARK_KEY` unless the key is 1 to 2^63 - 1 with a bit among the low 32.
 */
export function requireTorchKey(key: bigint): void {
  demand(
    key > 0n && key < LIMIT && BigInt.asUintN(32, key) !== 0n,
    'MARK_KEY',
    'a hashing key is not between 1 and 2^63 - 1, or its low 32 bits are all 0',
    'Use the key of the generator; draw new ones below 2^32.',
  );
}
