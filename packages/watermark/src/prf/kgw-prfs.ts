import { demand } from '../watermark-error.js';
import { permuteTorch, reduceTorchSeed } from './torch-generator.js';
import { requireTorchKey, wrapTorchLong } from './torch-integer.js';

/**
 * The eleven functions of lm-watermarking's `alternative_prf_schemes.py`: an integer, as Python would return it, for the
 * tokens of a window under a multiplier. `hash` is its table of 1,000,003 numbers, shuffled with the public seed
 * 2971215073. Products and sums of tensors wrap at 64 bits; products of Python integers do not.
 */
interface KgwPrf {
  value(window: readonly bigint[], key: bigint): bigint;
  /** Whether the value is the same under every key. */
  isKeyless(window: readonly bigint[], key: bigint): boolean;
  /** Whether the key is used only modulo the table's size. */
  readonly hashesKey: boolean;
  /** Lists that there can be for windows of `width`, if they are few. */
  lists?(width: number): number;
}

const TABLE = 1_000_003;
const TABLE_SEED = 2971215073;
let table: Uint32Array | undefined;

function hash(value: bigint): bigint {
  table ??= permuteTorch(TABLE_SEED, TABLE);
  const rest = Number(wrapTorchLong(value) % BigInt(TABLE));
  return BigInt(table[rest < 0 ? rest + TABLE : rest]! + 1);
}

const multiply = (values: readonly bigint[]) => values.reduce((a, b) => wrapTorchLong(a * b), 1n);
const least = (values: readonly bigint[]) => values.reduce((a, b) => (b < a ? b : a));
const sum = (values: readonly bigint[]) => wrapTorchLong(values.reduce((a, b) => a + b, 0n));
const everySecond = (window: readonly bigint[]) => window.filter((_, i) => i % 2 === 0);
const isZero = (value: bigint | undefined) => value === 0n;

/** All products of two values at different places. */
function multiplyPairs(values: readonly bigint[]): bigint[] {
  return values.flatMap((a, i) => values.slice(i + 1).map((b) => wrapTorchLong(a * b)));
}

const hashAll = (window: readonly bigint[], key: bigint) => window.map((token) => hash(key * token));

export const KGW_PRFS = {
  multiplicative_prf: {
    value: (window, key) => key * multiply(window),
    isKeyless: (window) => isZero(multiply(window)),
    hashesKey: false,
  },
  additive_prf: {
    value: (window, key) => key * sum(window),
    isKeyless: (window) => isZero(sum(window)),
    hashesKey: false,
  },
  minfunc_prf: {
    value: (window, key) => key * least(window),
    isKeyless: (window) => isZero(least(window)),
    hashesKey: false,
  },
  simple_skip_prf: {
    value: (window, key) => multiply(hashAll(everySecond(window), key)),
    isKeyless: (window) => everySecond(window).every(isZero),
    hashesKey: true,
  },
  skipgram_prf: {
    value: (window, key) => hash(key * window[0]!),
    isKeyless: (window) => isZero(window[0]),
    hashesKey: true,
    lists: () => TABLE,
  },
  anchored_skipgram_prf: {
    value: (window, key) => hash(key * window[0]!) * hash(key * window.at(-1)!),
    isKeyless: (window) => isZero(window[0]) && isZero(window.at(-1)),
    hashesKey: true,
  },
  minhash_prf: {
    value: (window, key) => least(hashAll(window, key)),
    // The hash of token 0 is a constant: when it is the least, it hides the others.
    isKeyless: (window, key) => window.some(isZero) && least(hashAll(window, key)) === hash(0n),
    hashesKey: true,
    // The least of w numbers favours small ones: as many lists as would do if all were alike.
    lists: (width) => TABLE / width,
  },
  anchored_minhash_prf: {
    value: (window, key) => {
      const anchor = hash(window.at(-1)!);
      return least(window.map((token) => wrapTorchLong(key * hash(token) * anchor)));
    },
    isKeyless: () => false,
    hashesKey: false,
  },
  minskipgram_prf: {
    value: (window, key) => least(multiplyPairs(hashAll(window, key))),
    isKeyless: (window, key) =>
      window.filter(isZero).length >= 2 &&
      least(multiplyPairs(hashAll(window, key))) === wrapTorchLong(hash(0n) * hash(0n)),
    hashesKey: true,
  },
  noncomm_prf: {
    value: (window, key) =>
      window.reduce(
        (state, token) => BigInt.asUintN(32, wrapTorchLong(state * hash(wrapTorchLong(state * token)))),
        key,
      ),
    isKeyless: () => false,
    hashesKey: false,
  },
  position_prf: {
    value: (window, key) => sum(window.map((token, i) => wrapTorchLong(key * token * BigInt(i + 1)))),
    isKeyless: (window) => window.every(isZero),
    hashesKey: false,
  },
} as const satisfies Record<string, KgwPrf>;

/** Name of one of the eleven functions. */
export type KgwPrfName = keyof typeof KGW_PRFS;

/**
 * One function with its key as a seed of windows of `width` tokens.
 *
 * @throws PhalanxError `MARK_KEY` for a key out of range, or one under which every window has one seed.
 */
export function openKgwPrf(name: KgwPrfName, width: number, key: bigint) {
  requireTorchKey(key);
  const prf: KgwPrf = KGW_PRFS[name];
  demand(
    !prf.hashesKey || key % BigInt(TABLE) !== 0n,
    'MARK_KEY',
    `a hash key is a multiple of ${TABLE}: every context has one list`,
    'Use another key.',
  );
  const windowAt = (tokens: Int32Array, from: number) =>
    Array.from(tokens.subarray(from, from + width), (token) => BigInt(token));
  return {
    window: width,
    ...(prf.lists === undefined ? {} : { lists: prf.lists(width) }),
    seed: (tokens: Int32Array, from: number) => reduceTorchSeed(prf.value(windowAt(tokens, from), key)),
    // Without a token 0 in the window only a product can be 0, by wrapping.
    isKeyed: (tokens: Int32Array, from: number) =>
      (name !== 'multiplicative_prf' && !tokens.subarray(from, from + width).includes(0)) ||
      !prf.isKeyless(windowAt(tokens, from), key),
  };
}
