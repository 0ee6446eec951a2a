import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  drawTorchIntegers,
  drawTorchMantissas,
  GreenLists,
  KGW_PRFS,
  type KgwPrfName,
  permuteTorch,
  reduceTorchSeed,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';

interface TorchVectors {
  randperm: { seed: string; n: number; first10: number[]; sha256: string }[];
  rand_float32: { seed: number; n: number; first8: number[]; sha256_of_24bit_ints: string }[];
  randint01_table: {
    seed: number;
    size: number;
    ones: number;
    first64: string;
    sha256_of_bitstring: string;
  }[];
  hf_fixed_table_seed15485863: { first10: number[]; sha256: string };
  lmwm_fixed_table_seed2971215073: { first10: number[]; sha256: string };
}

interface HfVectors {
  assert_last10_vocab20: number[];
  cases: {
    vocab: number;
    ratio: number;
    scheme: 'lefthash' | 'selfhash';
    context_width: number;
    seq: number[];
    seed: string;
    n_green: number;
    green_first20: number[];
    sha256_sorted: string;
  }[];
}

const TABLE = 1_000_003;
const HASH_KEY = 15485863n;

/** SHA-256 of numbers in decimal, commas between. */
export function digestNumbers(numbers: ArrayLike<number>): string {
  return createHash('sha256').update(Array.from(numbers).join(',')).digest('hex');
}

/** Every value of three files of vectors, made with torch 1.13.1 and the programs themselves, counted by file. */
export function checkKgwVectors(checks: Checks, folder: string): void {
  const count = (file: string, check: (file: string) => void) => {
    const { passed, failed } = checks;
    check(join(folder, file));
    const values = checks.passed - passed;
    checks.note(`${file}: ${values} values reproduced, ${checks.failed - failed} not`);
  };
  count('torch_cpu_generator.json', (file) => checkTorch(checks, readJson(file)));
  count('hf_kgw.json', (file) => checkTransformers(checks, readJson(file)));
  count('lm_watermarking_prf.json', (file) => checkFunctions(checks, readJson(file)));
  if (!existsSync(join(folder, 'three_bricks'))) checks.skip('no vectors of three_bricks');
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function checkTorch(checks: Checks, vectors: TorchVectors): void {
  for (const { seed, n, first10, sha256 } of vectors.randperm) {
    const found = permuteTorch(reduceTorchSeed(BigInt(seed)), n);
    checks.equal(`randperm(${n}), seed ${seed}, head`, `${found.subarray(0, 10)}`, `${first10}`);
    checks.equal(`randperm(${n}), seed ${seed}`, digestNumbers(found), sha256);
  }
  for (const { seed, n, first8, sha256_of_24bit_ints: sha256 } of vectors.rand_float32) {
    const found = drawTorchMantissas(seed, n);
    checks.equal(`rand(${n}), seed ${seed}, head`, `${found.subarray(0, 8)}`, `${first8}`);
    checks.equal(`rand(${n}), seed ${seed}`, digestNumbers(found), sha256);
  }
  for (const { seed, size, ones, first64, sha256_of_bitstring: sha256 } of vectors.randint01_table) {
    const bits = drawTorchIntegers(seed, 2, size).join('');
    checks.equal(`randint(0, 2), seed ${seed}, head`, bits.slice(0, 64), first64);
    checks.equal(`randint(0, 2), seed ${seed}, ones`, `${bits.replaceAll('0', '').length}`, `${ones}`);
    const found = createHash('sha256').update(bits).digest('hex');
    checks.equal(`randint(0, 2), seed ${seed}`, found, sha256);
  }
  for (const [seed, { first10, sha256 }] of [
    [15485863, vectors.hf_fixed_table_seed15485863],
    [2971215073, vectors.lmwm_fixed_table_seed2971215073],
  ] as const) {
    const found = permuteTorch(seed, TABLE);
    checks.equal(`table of seed ${seed}, head`, `${found.subarray(0, 10)}`, `${first10}`);
    checks.equal(`table of seed ${seed}`, digestNumbers(found), sha256);
  }
}

function checkTransformers(checks: Checks, { assert_last10_vocab20: example, cases }: HfVectors): void {
  checks.equal(
    'vocabulary 20 after token 10',
    `${listGreens(20, 0.25, HASH_KEY * 10n)}`,
    `${[...example].sort((a, b) => a - b)}`,
  );
  for (const { vocab, ratio, scheme, context_width: width, seq, seed, ...lists } of cases) {
    const name = `${scheme} ${width}, vocabulary ${vocab}, ${seq}`;
    // What both of the package's dialects make of the window, before the generator is seeded.
    const window = seq.slice(-width).map(BigInt);
    const ours = scheme === 'lefthash' ? HASH_KEY * window.at(-1)! : hashSelf(window);
    checks.equal(`${name}: seed`, `${ours}`, seed);
    const greens = listGreens(vocab, ratio, ours);
    checks.equal(`${name}: size`, `${greens.length}`, `${lists.n_green}`);
    checks.equal(`${name}: head`, `${greens.slice(0, 20)}`, `${lists.green_first20.slice(0, 20)}`);
    checks.equal(`${name}: list`, digestNumbers(greens), lists.sha256_sorted);
  }
}

/** transformers' selfhash in words, with its table; the dialect itself is held against transformers below. */
function hashSelf(window: readonly bigint[]): bigint {
  const table = permuteTorch(Number(HASH_KEY), TABLE);
  const hash = (token: bigint) => BigInt(table[Number(token) % TABLE]! + 1);
  const products = window.map((token) => BigInt.asIntN(64, HASH_KEY * hash(token) * hash(window.at(-1)!)));
  return products.reduce((a, b) => (b < a ? b : a));
}

function listGreens(vocabulary: number, gamma: number, seed: bigint): number[] {
  const lists = new GreenLists({ vocabulary, size: Math.floor(vocabulary * gamma) });
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const green = lists.read(new Uint32Array(vocabulary).fill(reduceTorchSeed(seed)), tokens);
  return [...tokens].filter((i) => green[i] === 1);
}

function checkFunctions(
  checks: Checks,
  { salt_key: key, cases }: { salt_key: number; cases: ({ ctx: number[] } & Record<KgwPrfName, string>)[] },
): void {
  for (const { ctx, ...values } of cases)
    for (const [name, value] of Object.entries(values)) {
      const prf = KGW_PRFS[name as KgwPrfName];
      checks.equal(`${name}(${ctx})`, `${prf.value(ctx.map(BigInt), BigInt(key))}`, value);
    }
}
