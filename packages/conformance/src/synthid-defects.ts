import { boundProportionBelow, logBinomialUpperTail, Random } from '@phalanx/stats';
import {
  collectNgrams,
  descendingWeights,
  drawTorchIntegers,
  hfSynthidParameters,
  type Ngrams,
  openHfSynthid,
  openHfSynthidTest,
  SynthidTableNull,
  SynthidTablePrf,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import { drawKeys } from './synthid-both-ways.js';
import { askSynthid } from './synthid-judge.js';
import { layersOf } from './synthid-rows.js';

const ALPHA = 1e-6;
const LONG = 200_000;
const DEPTH = 30;
const SEEDS = [0, 1, 2, 3, 4, 5];
const KEY_LISTS = 6;
const OURS = 2000;

/**
 * The table of 65,536 coin flips: what transformers' own numbers say of text without a mark, beside what the exact
 * null says of the same text, table and keys.
 */
export async function measureTableBias(checks: Checks, python: Python, folder: string): Promise<void> {
  const random = new Random(5);
  const text = Array.from({ length: LONG }, () => random.integer(50_000));
  const keyLists = Array.from({ length: KEY_LISTS }, () => drawKeys(random, DEPTH, false));
  const [zs] = await askSynthid(python, folder, [
    { job: 'null', text, tableSeeds: SEEDS, keyLists },
  ] as const);
  const ngrams = collectNgrams([Int32Array.from(text)], { contextWidth: 4, unit: 'context', padding: null });
  const means: string[] = [];
  SEEDS.forEach((tableSeed, s) => {
    const parameters = hfSynthidParameters.parse({ tableSeed });
    const mean = zs[s]!.reduce((a, b) => a + b, 0) / KEY_LISTS;
    means.push(`${tableSeed}: ${mean.toFixed(1)}`);
    const counts = countTable(tableSeed, ngrams);
    keyLists.forEach((keys, k) => {
      const bits = ngrams.count * DEPTH;
      const z = (2 * counts(keys.map(BigInt)) - bits) / Math.sqrt(bits);
      const theirs = zs[s]![k]!;
      // Contexts that random text repeats count once with us.
      checks.check(
        `hf null z, table ${tableSeed}, keys ${k}`,
        Math.abs(z - theirs) < 0.5,
        () => `${z}, ${theirs}`,
      );
    });
    const test = openHfSynthidTest(parameters, ngrams, DEPTH);
    const ps = Array.from({ length: OURS }, () => test(drawKeys(random, DEPTH, false).map(BigInt)).logP);
    const below = ps.filter((logP) => logP <= Math.log(0.01)).length;
    checks.check(
      `exact null keeps its level, table ${tableSeed}`,
      boundProportionBelow(below, OURS, ALPHA) <= 0.01 && below > 0,
      () => `${below} of ${OURS}`,
    );
  });
  checks.note(`transformers: mean z of ${LONG} tokens without a mark, by table seed: ${means.join(', ')}`);
  checks.check(
    'the defect is there: some table’s mean z is beyond 4',
    zs.some((row) => Math.abs(row.reduce((a, b) => a + b, 0) / KEY_LISTS) > 4),
  );
}

/** Where a binomial would be used: how often it accuses text without a mark, beside the exact test. */
export function measureBinomial(checks: Checks): void {
  const random = new Random(9);
  for (const length of [1000, 10_000, 100_000]) {
    const text = Int32Array.from({ length }, () => random.integer(50_000));
    const ngrams = collectNgrams([text], { contextWidth: 4, unit: 'context', padding: null });
    const shares = SEEDS.map((tableSeed) => {
      const parameters = hfSynthidParameters.parse({ tableSeed });
      const test = openHfSynthidTest(parameters, ngrams, DEPTH);
      const keys = Array.from({ length: 1000 }, () => drawKeys(random, DEPTH, false).map(BigInt));
      const exact = keys.filter((list) => test(list).logP <= Math.log(0.01)).length;
      const counts = countTable(tableSeed, ngrams);
      const binomial = keys.filter((list) => {
        const ones = counts(list);
        return logBinomialUpperTail(ones, ngrams.count * DEPTH, 0.5) <= Math.log(0.01);
      }).length;
      checks.check(
        `exact null, ${length} tokens, table ${tableSeed}`,
        boundProportionBelow(exact, keys.length, ALPHA) <= 0.01,
        () => `${exact} of ${keys.length}`,
      );
      return `${tableSeed}: ${(binomial / 10).toFixed(1)} % (exact ${(exact / 10).toFixed(1)} %)`;
    });
    checks.note(`binomial p <= 0.01 on ${length} tokens without a mark, by table seed: ${shares.join(', ')}`);
  }
}

/** Ones of all layers of a key on n-grams. */
function countTable(tableSeed: number, ngrams: Ngrams): (keys: readonly bigint[]) => number {
  const table = Uint8Array.from(drawTorchIntegers(tableSeed, 2, 65_536));
  const cells = new SynthidTablePrf([0n], table).findCells(ngrams);
  const law = new SynthidTableNull(cells, table, descendingWeights(DEPTH));
  return (keys) => law.countOnes(new SynthidTablePrf(keys, table).offsets).reduce((a, b) => a + b, 0);
}

/** All that the hash keeps of an n-gram is 16 bits: so are a layer's keys, and marked text gives them away. */
export function measureKeySize(checks: Checks): void {
  const random = new Random(21);
  const keys = drawKeys(random, 10, false).map(BigInt);
  const parameters = hfSynthidParameters.parse({});
  const mark = openHfSynthid(parameters, keys);
  const text = Int32Array.from({ length: 1_000_000 }, () => random.integer(50_000));
  const deep = openHfSynthid(parameters, drawKeys(random, DEPTH, false).map(BigInt));
  const words = new Set(deep.read(collectNgrams([text], deep)));
  checks.check('a million n-grams have at most 65,536 readings', words.size <= 65_536, () => `${words.size}`);

  const marked = [0, 0, 0, 0];
  while (marked.length < 4004) {
    const tokens = Int32Array.from({ length: 30 }, () => random.integer(50_000)).sort();
    const logProbabilities = new Float64Array(30);
    mark.reshape(Int32Array.from(marked.slice(-4)), { tokens, logProbabilities }, () => random.uniform());
    let left = random.uniform();
    const found = logProbabilities.findIndex((value) => (left -= Math.exp(value)) < 0);
    marked.push(tokens[Math.max(0, found)]!);
  }
  const started = performance.now();
  const ngrams = collectNgrams([Int32Array.from(marked.slice(4))], mark);
  const test = openHfSynthidTest(parameters, ngrams, 1);
  const scores = Float64Array.from({ length: 65_536 }, (_, key) => test([BigInt(key)]).excess);
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, keys.length);
  const true16 = new Set(keys.map((key) => Number(BigInt.asUintN(16, key))));
  const recovered = order.filter((key) => true16.has(key)).length;
  checks.note(
    `keys of a marked text of 4,000 tokens that are told from the text alone: ${recovered} of ${keys.length} in ${((performance.now() - started) / 1000).toFixed(1)} s; ${words.size} readings of a million n-grams`,
  );
  checks.check('the defect is there: most of the ten keys are told', recovered >= 5);
  const least = Math.log(1 / 65_536);
  const best = test([BigInt(order[0]!)]).logP;
  checks.check('no p of one layer is below one key in 65,536', best >= least - 1e-9, () => `${best}`);
}

/** MarkLLM's `config/SynthID.json`: detector `mean`, threshold 0.52, whatever the length. */
export function measureFixedThreshold(checks: Checks): void {
  const random = new Random(33);
  const parameters = hfSynthidParameters.parse({});
  const shares: string[] = [];
  for (const length of [10, 20, 50, 100, 200]) {
    const keys = 3000;
    let over = 0;
    let ours = 0;
    let fresh = drawNgrams(random, length);
    for (let i = 0; i < keys; i++) {
      if (i % 100 === 99) fresh = drawNgrams(random, length);
      const { ngrams, test } = fresh;
      const list = drawKeys(random, DEPTH, false).map(BigInt);
      const bits = layersOf(openHfSynthid(parameters, list).read(ngrams), DEPTH);
      const ones = bits.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
      if (ones / (length * DEPTH) > 0.52) over++;
      if (test(list).logP <= Math.log(0.01)) ours++;
    }
    shares.push(
      `T=${length} ${((100 * over) / keys).toFixed(1)} % (ours at 1 %: ${((100 * ours) / keys).toFixed(1)} %)`,
    );
    checks.check(
      `our level does not depend on length, ${length} tokens`,
      boundProportionBelow(ours, keys, ALPHA) <= 0.01,
      () => `${ours} of ${keys}`,
    );
    if (length === 10)
      checks.check(
        'the defect is there: over 10 % of ten tokens pass 0.52',
        over / keys > 0.1,
        () => `${over}`,
      );
  }
  checks.note(`mean score over 0.52 without a mark: ${shares.join(', ')}`);
}

function drawNgrams(random: Random, length: number) {
  const text = Int32Array.from({ length: length + 4 }, () => random.integer(50_000));
  const ngrams = collectNgrams([text], { contextWidth: 4, unit: 'context', padding: null });
  return { ngrams, test: openHfSynthidTest(hfSynthidParameters.parse({}), ngrams, DEPTH) };
}
