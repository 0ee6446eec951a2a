import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Random, toLog10 } from '@phalanx/stats';
import {
  collectNgrams,
  EvidenceProcess,
  findSpans,
  linearLayerWeights,
  type Mark,
  openPhalanxKgw,
  openPhalanxSynthid,
  openVllmDualGumbel,
  openVllmGumbel,
  testKey,
  testLikelihood,
  testMark,
} from '@phalanx/watermark';
import { badArgument } from './hydrabench/split.js';
import { type ChartPanel, drawLineChart } from './line-chart.js';
import { SyntheticModel } from './synthetic-model.js';

const ENTROPIES = [0.3, 1, 3];
const LENGTHS = [25, 50, 100, 200, 400, 800];
const LEVELS = [1e-2, 1e-3, 1e-6];
const LAYERS = 30;
const WEIGHTS = linearLayerWeights(LAYERS);
const SPAN_DRAWS = 9999;

const word = (random: Random) => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
const bytes = (random: Random) => Uint8Array.from({ length: 16 }, () => random.integer(256));

/** ln P of a statistic on the first values of a text. */
type Statistic = (mark: Mark, values: Float64Array) => number;

interface Scheme {
  readonly name: string;
  readonly open: (random: Random) => Mark;
  readonly statistics: Readonly<Record<string, Statistic>>;
}

const fixed: Statistic = (mark, values) =>
  testMark(mark.pivot, values, { secondShare: mark.secondShare ?? 0.1 }).logP;
const likelihood: Statistic = (mark, values) =>
  testLikelihood(mark.pivot, values, { secondShare: mark.secondShare ?? 0.1 }).logP;
/** -ln of the largest e-value so far bounds ln P at any stopping time (Ville). */
const stream: Statistic = (mark, values) => {
  const process = new EvidenceProcess(mark.pivot, { secondShare: mark.secondShare ?? 0.1 });
  process.push(values);
  return -process.logRunningMaximumNotForEbh;
};

const SCHEMES: readonly Scheme[] = [
  {
    name: 'Gumbel',
    open: (random) => openVllmGumbel({ contextWidth: 4 }, word(random)),
    statistics: { 'sum, Gamma': fixed, likelihood, 'e-process': stream },
  },
  {
    name: 'dual key 0.1',
    open: (random) => openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, word(random)),
    statistics: { 'weighted sum': fixed, likelihood, 'e-process': stream },
  },
  {
    name: 'KGW 0.5, 2',
    open: (random) => openPhalanxKgw({ contextWidth: 1, gamma: 0.5, delta: 2 }, bytes(random)),
    statistics: { binomial: fixed, 'e-process': stream },
  },
  {
    name: `SynthID-${LAYERS}`,
    open: (random) => openPhalanxSynthid({ contextWidth: 4, layers: LAYERS }, bytes(random)),
    statistics: {
      mean: fixed,
      weighted: (mark, values) => testMark(mark.pivot, values, { layerWeights: WEIGHTS }).logP,
      'e-process': stream,
    },
  },
];

/**
 * Power of every test of marks on synthetic text whose entropy is known, the keyed functions real: true positive rate at
 * 1e-2, 1e-3 and 1e-6 by scored tokens and entropy; after edits; pasted into longer text; and of the search for spans.
 * `--texts N` a cell (default 500, a third of it beyond 200 tokens), `--documents N` for spans (default 200), `--out FILE.svg`,
 * `--parts lengths,edits,pastes,spans`. Spans are of so many scored tokens: of a pasted text the first `contextWidth` are not.
 */
export async function benchWatermarkPower(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      texts: { type: 'string', default: '500' },
      documents: { type: 'string', default: '200' },
      out: { type: 'string' },
      parts: { type: 'string', default: 'lengths,edits,pastes,spans' },
    },
  });
  const [texts, documents] = [Number(values.texts), Number(values.documents)];
  if (!(texts >= 10 && documents >= 10)) throw badArgument('--texts and --documents are at least 10');
  const parts = values.parts.split(',');
  if (parts.includes('lengths')) {
    const panels = ENTROPIES.map((entropy) => measureLengths(entropy, texts));
    if (values.out !== undefined) writeFileSync(values.out, drawLineChart(LENGTHS, 'scored tokens', panels));
  }
  if (parts.includes('edits')) measureEdits(Math.ceil(texts / 2));
  if (parts.includes('pastes')) measurePastes(documents);
  if (parts.includes('spans')) measureSpans(documents);
}

const share = (hits: number, of: number) => (hits / of).toFixed(3);

function measureLengths(entropy: number, texts: number): ChartPanel {
  const random = new Random(20261122);
  const model = new SyntheticModel(entropy, random);
  console.log(
    `\nmean entropy ${model.entropy.toFixed(3)} nats: true positive rate at ${LEVELS.join(' | ')}; median log10 p`,
  );
  console.log(`${' '.repeat(29)}${LENGTHS.map((n) => String(n).padStart(26)).join('')}`);
  const lines: ChartPanel['lines'][number][] = [];
  for (const { name, open, statistics } of SCHEMES) {
    const found = new Map(Object.keys(statistics).map((key) => [key, LENGTHS.map(() => [] as number[])]));
    for (let i = 0; i < texts; i++) {
      const mark = open(random);
      const lengths = i < texts / 3 ? LENGTHS : LENGTHS.filter((n) => n <= 200);
      const need = lengths.at(-1)! + mark.contextWidth;
      const ngrams = collectNgrams([model.write(need, mark)], mark);
      const read = mark.read(ngrams);
      const row = read.length / ngrams.count;
      for (const [at, length] of lengths.entries())
        for (const [key, statistic] of Object.entries(statistics))
          found.get(key)![at]!.push(statistic(mark, read.subarray(0, Math.min(length, ngrams.count) * row)));
    }
    for (const [key, byLength] of found) {
      const cells = byLength.map((logPs) => {
        const rates = LEVELS.map((level) =>
          share(logPs.filter((p) => p <= Math.log(level)).length, logPs.length),
        );
        const median = toLog10(logPs.sort((a, b) => a - b)[logPs.length >> 1]!).toFixed(1);
        return `${rates.join('|')} ${median}`.padStart(26);
      });
      console.log(`${`${name}, ${key}`.padEnd(29)}${cells.join('')}`);
      const values = byLength.map((logPs) => logPs.filter((p) => p <= Math.log(1e-6)).length / logPs.length);
      lines.push({ name: `${name}, ${key}`, values });
    }
  }
  return { title: `${entropy} nats: found at 1e-6`, lines };
}

const EDITS: Readonly<Record<string, (text: Int32Array, random: Random) => Int32Array>> = {
  none: (text) => text,
  'substitution 20 %': (text, random) =>
    text.map((token) => (random.bernoulli(0.2) ? random.integer(50_000) : token)),
  'deletion 20 %': (text, random) => text.filter(() => !random.bernoulli(0.2)),
  'insertion 20 %': (text, random) =>
    Int32Array.from(
      [...text].flatMap((token) => (random.bernoulli(0.2) ? [token, random.integer(50_000)] : [token])),
    ),
};

/** A mark of context h survives where h + 1 tokens in a row do. */
function measureEdits(texts: number): void {
  const random = new Random(7);
  const model = new SyntheticModel(1, random);
  const widths = [1, 2, 4];
  console.log(`\nedits, 1 nat, Gumbel by context, ${texts} texts: found at 1e-3 | 1e-6 by likelihood`);
  for (const [edit, apply] of Object.entries(EDITS))
    for (const length of [200, 400]) {
      const cells = widths.map((contextWidth) => {
        const logPs = Array.from({ length: texts }, () => {
          const mark = openVllmGumbel({ contextWidth }, word(random));
          const ngrams = collectNgrams([apply(model.write(length, mark), random)], mark);
          return likelihood(mark, mark.read(ngrams));
        });
        const rates = [1e-3, 1e-6].map((level) =>
          share(logPs.filter((p) => p <= Math.log(level)).length, texts),
        );
        return `h=${contextWidth} ${rates.join('|')}`;
      });
      console.log(`  ${edit.padEnd(18)} of ${length} tokens: ${cells.join('  ')}`);
    }
}

/** 200 marked tokens in a text ten and four times as long: one test of the whole, and the search. */
function measurePastes(documents: number): void {
  const random = new Random(8);
  const model = new SyntheticModel(1, random);
  console.log(`\n200 marked tokens pasted, 1 nat, Gumbel, ${documents} documents: found at 1e-3`);
  for (const length of [800, 2000]) {
    let [sum, ratio, whole, spans] = [0, 0, 0, 0];
    for (let i = 0; i < documents; i++) {
      const { mark, text } = paste(model, random, length, [200]);
      const ngrams = collectNgrams([text], mark);
      const read = mark.read(ngrams);
      if (testKey(mark, ngrams).logP <= Math.log(1e-3)) sum++;
      if (likelihood(mark, read) <= Math.log(1e-3)) ratio++;
      const found = findSpans(mark.pivot, read, ngrams.position, length, { draws: SPAN_DRAWS, seed: i });
      if (found.logP <= Math.log(1e-3)) whole++;
      if (found.spans.length > 0) spans++;
    }
    const rates = { sum, likelihood: ratio, 'search, document': whole, 'search, span': spans };
    const cells = Object.entries(rates).map(([name, n]) => `${name} ${share(n, documents)}`);
    console.log(`  ${((100 * 200) / length).toFixed(0)} % of ${length} tokens: ${cells.join(', ')}`);
  }
}

/** Power of the search at family-wise 1e-3, and how well tokens are labelled where it finds something. */
function measureSpans(documents: number): void {
  const random = new Random(9);
  const model = new SyntheticModel(1, random);
  console.log(
    `\nspan search, 1 nat, Gumbel, ${documents} documents, family-wise 1e-3: document, a true span reported; then tokens of the labels above 1/2 and of the spans`,
  );
  for (const length of [1000, 5000])
    for (const spans of [[40], [56], [60], [100], [60, 60, 60]]) {
      let [document, hit, wrong] = [0, 0, 0];
      const labels = new Overlap();
      const reported = new Overlap();
      for (let i = 0; i < documents; i++) {
        const { mark, text, truth } = paste(model, random, length, spans);
        const ngrams = collectNgrams([text], mark);
        const options = { alpha: 1e-3, draws: SPAN_DRAWS, seed: i };
        const found = findSpans(mark.pivot, mark.read(ngrams), ngrams.position, length, options);
        if (found.logP <= Math.log(1e-3)) document++;
        const touches = found.spans.map(({ start, end }) => truth.subarray(start, end).includes(1));
        if (touches.includes(true)) hit++;
        if (touches.includes(false)) wrong++;
        if (found.spans.length === 0) continue;
        const covered = new Uint8Array(length);
        for (const { start, end } of found.spans) covered.fill(1, start, end);
        labels.add(truth, (t) => found.posterior[t]! > 0.5);
        reported.add(truth, (t) => covered[t] === 1);
      }
      console.log(
        `  ${spans.join(' + ')} of ${length}: ${share(document, documents)}, ${share(hit, documents)}, wrong ${wrong}; labels ${labels.describe()}; spans ${reported.describe()}`,
      );
    }
}

class Overlap {
  #both = 0;
  #true = 0;
  #found = 0;

  add(truth: Uint8Array, isFound: (token: number) => boolean): void {
    for (let t = 0; t < truth.length; t++) {
      const found = isFound(t);
      if (truth[t] === 1) this.#true++;
      if (found) this.#found++;
      if (found && truth[t] === 1) this.#both++;
    }
  }

  describe(): string {
    const f1 = (2 * this.#both) / Math.max(1, this.#true + this.#found);
    const iou = this.#both / Math.max(1, this.#true + this.#found - this.#both);
    return `F1 ${f1.toFixed(2)} IoU ${iou.toFixed(2)}`;
  }
}

/** Unmarked text with marked stretches of so many scored tokens at random places; truth is 1 at these. */
function paste(model: SyntheticModel, random: Random, length: number, spans: readonly number[]) {
  const mark = openVllmGumbel({ contextWidth: 4 }, word(random));
  const text = model.write(length, null);
  const truth = new Uint8Array(length);
  for (const size of spans) {
    const draw = () => mark.contextWidth + random.integer(length - size - mark.contextWidth);
    let at = draw();
    while (truth.subarray(at - mark.contextWidth, at + size + mark.contextWidth).includes(1)) at = draw();
    // A context is pasted before the span, so that all of its tokens are scored as marked.
    const written = model.write(size + mark.contextWidth, mark);
    text.set(written, at - mark.contextWidth);
    truth.fill(1, at, at + size);
  }
  return { mark, text, truth };
}
