import { clopperPearson, Random } from '@phalanx/stats';
import {
  collectNgrams,
  deepmindSynthidParameters,
  descendingWeights,
  hfSynthidParameters,
  type Mark,
  openDeepmindSynthid,
  openDeepmindSynthidTest,
  openHfSynthidTest,
  openVllmSynthid,
  testMark,
  vllmSynthidParameters,
} from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';

const DEPTH = 30;
/** Chance that a statistic which is exact fails its check, for each of them. */
const ALPHA = 1e-6;
const LEVELS = [1e-2, 1e-3];
const KEYS = { hf: 5000, deepmind: 1000, plain: 500, synt: 500 };

/** Draws p-values of a text under keys that have nothing to do with it; checks that small ones are rare enough. */
export function calibrateSynthid(checks: Checks, texts: readonly AwkwardText[]): void {
  for (const [index, { name, tokens }] of texts.entries()) {
    const random = new Random(77);
    const ngrams = collectNgrams([tokens], { contextWidth: 4, unit: 'context', padding: 0 });
    const about = `${name}, ${ngrams.count} n-grams`;
    const test = openHfSynthidTest(hfSynthidParameters.parse({}), ngrams, DEPTH);
    const small = openHfSynthidTest(hfSynthidParameters.parse({ keySpace: 1000 }), ngrams, 9);
    report(
      checks,
      `hf-synthid exact, ${about}`,
      draw(KEYS.hf, () => test(wideKeys(random, DEPTH)).logP),
    );
    report(
      checks,
      `hf-synthid exact, 9 keys below 1000, ${about}`,
      draw(KEYS.hf, () => small(Array.from({ length: 9 }, () => BigInt(random.integer(1000)))).logP),
    );
    const parameters = deepmindSynthidParameters.parse({});
    const against = openDeepmindSynthidTest(parameters, ngrams, DEPTH);
    const decoyed: number[] = [];
    drawBits(checks, `deepmind-synthid, ${about}`, KEYS.deepmind, DEPTH, false, () => {
      const keys = wideKeys(random, DEPTH);
      decoyed.push(against(keys).logP);
      const mark = openDeepmindSynthid(parameters, keys);
      return { mark, values: mark.read(ngrams) };
    });
    report(checks, `deepmind-synthid against decoys, ${about}`, decoyed);
    // A later stream costs five times as much to read: two texts must do.
    for (const stream of index < 2 ? (['plain', 'synt'] as const) : (['plain'] as const)) {
      const rows = stream === 'synt' ? firstOf(ngrams, 1000) : ngrams;
      drawBits(
        checks,
        `vllm-synthid ${stream}, ${name}, ${rows.count} n-grams`,
        KEYS[stream],
        32,
        true,
        () => {
          const [key] = wideKeys(random, 1);
          const mark = openVllmSynthid(vllmSynthidParameters.parse({ stream }), BigInt.asUintN(64, key!));
          return { mark, values: mark.read(rows) };
        },
      );
    }
  }
}

function firstOf(ngrams: ReturnType<typeof collectNgrams>, count: number) {
  const kept = Math.min(count, ngrams.count);
  return { ...ngrams, count: kept, tokens: ngrams.tokens.subarray(0, kept * ngrams.width) };
}

/** Mean and weighted sum against binomials; the spread of each layer's count, and whether layers move together. */
function drawBits(
  checks: Checks,
  name: string,
  count: number,
  depth: number,
  independent: boolean,
  next: () => { mark: Mark; values: Float64Array },
): void {
  const layerWeights = descendingWeights(depth);
  const mean: number[] = [];
  const weighted: number[] = [];
  const z: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const { mark, values } = next();
    mean.push(testMark(mark.pivot, values).logP);
    if (independent) weighted.push(testMark(mark.pivot, values, { layerWeights }).logP);
    z.push(
      Float64Array.from({ length: depth }, (_, layer) => {
        let ones = 0;
        for (const word of values) ones += (word >>> layer) & 1;
        return (2 * ones - values.length) / Math.sqrt(values.length);
      }),
    );
  }
  const label = independent ? name : `${name}, as if bits were independent (not our test)`;
  report(checks, `${label}, mean`, mean, independent);
  if (independent) report(checks, `${label}, weighted`, weighted);
  reportDependence(checks, name, z, depth, independent);
}

/** Layers of independent fair bits have z of variance 1 and no correlation. */
function reportDependence(
  checks: Checks,
  name: string,
  z: readonly Float64Array[],
  depth: number,
  independent: boolean,
): void {
  const keys = z.length;
  let variance = 0;
  let highest = 0;
  for (let a = 0; a < depth; a++)
    for (let b = a; b < depth; b++) {
      let sum = 0;
      for (const row of z) sum += row[a]! * row[b]!;
      if (a === b) variance += sum / keys / depth;
      else highest = Math.max(highest, Math.abs(sum) / Math.sqrt(keys));
    }
  const pairs = (depth * (depth - 1)) / 2;
  // Squares of z sum to a chi-square of keys * depth degrees; correlations are normal to this order.
  const off = (variance - 1) * Math.sqrt((keys * depth) / 2);
  const bound = Math.sqrt(2 * Math.log(pairs / ALPHA));
  if (independent)
    checks.check(`${name}: spread of a layer’s count`, Math.abs(off) < 5.5, () => `${off} standard errors`);
  checks.check(`${name}: layers are uncorrelated`, highest < bound, () => `${highest} of ${bound}`);
  checks.note(
    `${name}: variance of a layer’s count ${variance.toFixed(4)} of fair bits’ (${off.toFixed(1)} s.e.), largest correlation of ${pairs} pairs ${highest.toFixed(1)} s.e.`,
  );
}

function report(checks: Checks, name: string, logPs: readonly number[], valid = true): void {
  const parts = LEVELS.map((level) => {
    const below = logPs.filter((logP) => logP <= Math.log(level)).length;
    const { lower } = clopperPearson(below, logPs.length, ALPHA);
    if (valid)
      checks.check(
        `${name}: p <= ${level} in at most its share`,
        lower <= level,
        () => `${below} of ${logPs.length}`,
      );
    const shown = clopperPearson(below, logPs.length, 0.05);
    return `${((100 * below) / logPs.length).toFixed(2)} % [${(100 * shown.lower).toFixed(2)}, ${(100 * shown.upper).toFixed(2)}] at ${100 * level} %`;
  });
  checks.note(`${name}, ${logPs.length} keys: ${parts.join(', ')}`);
}

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

function wideKeys(random: Random, depth: number): bigint[] {
  return Array.from({ length: depth }, () =>
    BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32())),
  );
}
