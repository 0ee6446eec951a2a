import { boundProportionBelow, clopperPearson, Random } from '@phalanx/stats';
import {
  attributeKeys,
  checkDecoys,
  collectNgrams,
  EvidenceProcess,
  findSpans,
  judgeKeys,
  linearLayerWeights,
  type Mark,
  openPhalanxKgw,
  openPhalanxSynthid,
  openVllmDualGumbel,
  openVllmGumbel,
  rankMark,
  testKey,
  testLikelihood,
  testVllmGumbelRing,
} from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';

const KEYS = 500;
const SPAN_TOKENS = 300;
const SPAN_DRAWS = 199;
const RING = 10_000;
const RING_TOKENS = 150;
const RING_TEXTS = 100;
/** Chance that one check fails though the statistic is exact. */
const BOUND = 1e-6;

/** A statistic's kind of values under fresh keys. */
type Open = (random: Random) => Mark;

const word = (random: Random) => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
const bytes = (random: Random) => Uint8Array.from({ length: 16 }, () => random.integer(256));

const MARKS: Readonly<Record<string, Open>> = {
  'one stream': (random) => openVllmGumbel({ contextWidth: 4 }, word(random)),
  'two streams': (random) => openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, word(random)),
  'two streams, halves': (random) => openVllmDualGumbel({ contextWidth: 2, alpha: 0.5 }, word(random)),
  green: (random) => openPhalanxKgw({ contextWidth: 1, gamma: 0.25, delta: 2 }, bytes(random)),
  layers: (random) => openPhalanxSynthid({ contextWidth: 4, layers: 30 }, bytes(random)),
};

/** How often events of a stated chance happened, over all texts. */
class Tally {
  readonly #checks: Checks;
  readonly #what: string;
  readonly #level: number;
  readonly #texts: string[] = [];
  #events = 0;
  #tried = 0;

  constructor(checks: Checks, what: string, level: number) {
    this.#checks = checks;
    this.#what = what;
    this.#level = level;
  }

  add(text: string, events: number, tried: number): void {
    this.#events += events;
    this.#tried += tried;
    this.#texts.push(`${text} ${events}/${tried}`);
    this.#checks.check(
      `${this.#what}, ${text}: at most ${this.#level}`,
      boundProportionBelow(events, tried, BOUND) <= this.#level,
      () => `${events} of ${tried}`,
    );
  }

  report(): void {
    const { lower, upper } = clopperPearson(this.#events, this.#tried, 0.05);
    const [rate, low, high] = [this.#events / this.#tried, lower, upper].map((x) => x.toExponential(2));
    this.#checks.check(
      `${this.#what}, all texts: at most ${this.#level}`,
      boundProportionBelow(this.#events, this.#tried, BOUND) <= this.#level,
    );
    this.#checks.note(
      `${this.#what}: ${rate} [${low}, ${high}] at ${this.#level} (${this.#texts.join(', ')})`,
    );
  }
}

/**
 * Every statistic on real text that no key has marked, over at least 500 random keys a text: alarms at 1e-2 and 1e-3 with 95 %
 * Clopper-Pearson intervals over all texts; a check fails where more alarms came than chance gives once in a million.
 */
export function calibrateStatistics(checks: Checks, given: readonly AwkwardText[]): void {
  const texts = [...given, nearDuplicates(given.find(({ name }) => name === 'support') ?? given[0]!)];
  for (const [name, open] of Object.entries(MARKS)) calibrateKeys(checks, texts, name, open);
  for (const [name, open] of Object.entries(MARKS)) calibrateSpans(checks, texts, name, open);
  calibrateRank(checks, texts);
  calibrateDecoys(checks, texts);
  calibrateAttribution(checks, texts);
}

/** A text, and itself again with each seventh token replaced: what a feed of news looks like. */
function nearDuplicates({ tokens }: AwkwardText): AwkwardText {
  const half = tokens.subarray(0, tokens.length / 2);
  const again = half.map((token, i) => (i % 7 === 3 ? 1_000_000 + i : token));
  return { name: 'near-duplicates', tokens: Int32Array.from([...half, ...again]) };
}

/** The n-grams of a text for streams: one of each context, so that values are independent given the past. */
const collect = (tokens: Int32Array, { contextWidth, padding }: Mark, unit: Mark['unit']) =>
  collectNgrams([tokens], { contextWidth, padding, unit });

function calibrateKeys(checks: Checks, texts: readonly AwkwardText[], name: string, open: Open): void {
  const random = new Random(11);
  const tests = new Map<string, Tally[]>();
  const tally = (what: string, levels: readonly number[]) =>
    tests.set(
      what,
      levels.map((level) => new Tally(checks, `${what}, ${name}`, level)),
    );
  tally('fixed-sample p', [1e-2, 1e-3]);
  tally('e-process ever above 1/level', [1e-2, 1e-3]);
  if (name === 'layers') tally('weighted layers p', [1e-2, 1e-3]);
  if (name.includes('stream')) tally('likelihood p', [1e-2, 1e-3]);
  for (const { name: text, tokens } of texts) {
    const any = open(random);
    const ngrams = collect(tokens, any, any.unit);
    const stream = collect(tokens, any, 'context');
    const counts = new Map([...tests].map(([what, levels]) => [what, levels.map(() => 0)]));
    const note = (what: string, alarms: readonly boolean[]) =>
      alarms.forEach((alarm, i) => {
        if (alarm) counts.get(what)![i]!++;
      });
    for (let key = 0; key < KEYS; key++) {
      const mark = open(random);
      const { logP } = testKey(mark, ngrams);
      note('fixed-sample p', [logP <= Math.log(1e-2), logP <= Math.log(1e-3)]);
      const process = new EvidenceProcess(mark.pivot, { secondShare: mark.secondShare ?? 0.1 });
      process.push(mark.read(stream));
      const top = process.logRunningMaximumNotForEbh;
      note('e-process ever above 1/level', [top >= Math.log(1e2), top >= Math.log(1e3)]);
      if (name.includes('stream')) {
        const share = { secondShare: mark.secondShare ?? 0.1 };
        const ratio = testLikelihood(mark.pivot, mark.read(ngrams), share).logP;
        note('likelihood p', [ratio <= Math.log(1e-2), ratio <= Math.log(1e-3)]);
      }
      if (name === 'layers') {
        const weighted = testKey(mark, ngrams, { layerWeights: linearLayerWeights(30) }).logP;
        note('weighted layers p', [weighted <= Math.log(1e-2), weighted <= Math.log(1e-3)]);
      }
    }
    for (const [what, levels] of tests)
      for (const [i, one] of levels.entries()) one.add(text, counts.get(what)![i]!, KEYS);
  }
  for (const levels of tests.values()) for (const one of levels) one.report();
}

/** Any span reported, the whole document's p-value, and its likelihood ratio above 100, at 1 %. */
function calibrateSpans(checks: Checks, texts: readonly AwkwardText[], name: string, open: Open): void {
  const random = new Random(12);
  const any = new Tally(checks, `spans, family-wise, ${name}`, 1e-2);
  const whole = new Tally(checks, `spans, whole document, ${name}`, 1e-2);
  const ratio = new Tally(checks, `spans, likelihood ratio above 100, ${name}`, 1e-2);
  for (const { name: text, tokens } of texts) {
    let [reported, low, high] = [0, 0, 0];
    const ngrams = collect(tokens.subarray(0, SPAN_TOKENS), open(random), 'context');
    for (let key = 0; key < KEYS; key++) {
      const mark = open(random);
      const options = { alpha: 1e-2, draws: SPAN_DRAWS, seed: key, secondShare: mark.secondShare ?? 0.1 };
      const found = findSpans(mark.pivot, mark.read(ngrams), ngrams.position, SPAN_TOKENS, options);
      if (found.spans.length > 0) reported++;
      if (found.logP <= Math.log(1e-2)) low++;
      if (found.logE >= Math.log(100)) high++;
    }
    any.add(text, reported, KEYS);
    whole.add(text, low, KEYS);
    ratio.add(text, high, KEYS);
  }
  any.report();
  whole.report();
  ratio.report();
}

/** Rank among 99 fresh keys at 1 %, with n-grams counted as often as they occur: the rank must hold all the same. */
function calibrateRank(checks: Checks, texts: readonly AwkwardText[]): void {
  const random = new Random(13);
  const open = MARKS['one stream']!;
  const plain = new Tally(checks, 'key rank among 99', 1e-2);
  const early = new Tally(checks, 'key rank among 99, stopped early', 1e-2);
  for (const { name: text, tokens } of texts) {
    // Four copies of each n-gram: no parametric test stands this.
    const once = collect(tokens.subarray(0, 200), open(random), 'context');
    const copies = [0, 1, 2, 3];
    const ngrams = {
      ...once,
      count: 4 * once.count,
      tokens: Int32Array.from(copies.flatMap(() => [...once.tokens])),
      text: Uint32Array.from(copies.flatMap(() => [...once.text])),
      position: Uint32Array.from(copies.flatMap(() => [...once.position])),
    };
    const counts = [0, 0];
    for (let key = 0; key < KEYS; key++) {
      const fresh = () => Array.from({ length: 99 }, () => open(random));
      if (rankMark(ngrams, open(random), fresh()).logP <= Math.log(1e-2)) counts[0]!++;
      if (rankMark(ngrams, open(random), fresh(), { stopAfter: 3 }).logP <= Math.log(1e-2)) counts[1]!++;
    }
    plain.add(text, counts[0]!, KEYS);
    early.add(text, counts[1]!, KEYS);
  }
  plain.report();
  early.report();
}

/** 200 decoys: doubt at 1 % where all is well; and how sure the doubt is where n-grams are counted four times. */
function calibrateDecoys(checks: Checks, texts: readonly AwkwardText[]): void {
  const random = new Random(14);
  const open = MARKS['one stream']!;
  const doubt = new Tally(checks, 'decoy check', 1e-2);
  for (const { name: text, tokens } of texts) {
    const ngrams = collect(tokens.subarray(0, 200), open(random), 'context');
    let low = 0;
    for (let round = 0; round < KEYS; round++) {
      const decoys = Array.from({ length: 200 }, () => open(random));
      if (checkDecoys(ngrams, decoys).logP <= Math.log(1e-2)) low++;
    }
    doubt.add(text, low, KEYS);
  }
  doubt.report();
}

/** Does a ring of 10,000 keys ever name anybody for a text of nobody? Slices of all texts, a fresh ring each. */
function calibrateAttribution(checks: Checks, texts: readonly AwkwardText[]): void {
  const random = new Random(15);
  const holm = new Tally(checks, `attribution over ${RING} keys, Holm`, 5e-2);
  const fdr = new Tally(checks, `attribution over ${RING} keys, e-BH`, 5e-2);
  const screened = new Tally(checks, `attribution over ${RING / 10} keys, screened`, 5e-2);
  const counts = [0, 0, 0];
  for (let i = 0; i < RING_TEXTS; i++) {
    const { tokens } = texts[i % texts.length]!;
    const from = Math.floor((i / RING_TEXTS) * (tokens.length - RING_TOKENS));
    const ngrams = collectNgrams([tokens.subarray(from, from + RING_TOKENS)], MARKS['one stream']!(random));
    const ring = Array.from({ length: RING }, (_, id) => ({ id: String(id), key: word(random) }));
    const tests = [...testVllmGumbelRing(ngrams, ring)];
    const named = (method: 'holm' | 'e-bh') =>
      judgeKeys(tests, ngrams.count, { alpha: 5e-2, method }).verdicts[0]!.named;
    if (named('holm')) counts[0]!++;
    if (named('e-bh')) counts[1]!++;
    const part = ring.slice(0, RING / 10).map(({ id, key }) => ({
      id,
      open: () => openVllmGumbel({ contextWidth: 4 }, key),
    }));
    const screen = { share: 0.3, level: 0.2 };
    if (attributeKeys(ngrams, part, { alpha: 5e-2, screen }).verdicts[0]!.named) counts[2]!++;
  }
  for (const [i, tally] of [holm, fdr, screened].entries()) {
    tally.add('slices', counts[i]!, RING_TEXTS);
    tally.report();
  }
}
