import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { logBinomialUpperTail } from '@phalanx/stats';
import {
  accuse,
  type CopyHolder,
  createMarkKey,
  encodeNumbers,
  formatMarkKey,
  type MarkKey,
  markCopy,
  openBytesSource,
  openWeightSource,
  openWeights,
  readCopy,
  surveyCarriers,
  type TraceReport,
  traceCopy,
  type WeightFile,
  writeSafetensors,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';
import { loadModel, type SmallModel } from './weight-children.js';
import { type Leak, listLeaks } from './weight-leaks.js';

const HOLDERS = 200;
const CODE_LENGTH = 2_048;
const LEVEL = 1e-6;

/** Copies of a real small model, spoilt, disguised and mixed, and who is named; and that nobody else ever is. */
export const weightTracing: Suite = {
  name: 'weight-tracing',
  what: 'marked copies of a real model, attacked, and traced; p-values of innocents; the mark read again by numpy from the specification',
  async run(checks, { vectors, python }) {
    const models = vectors === null ? null : join(vectors, 'models');
    if (models === null || !existsSync(models)) {
      checks.skip('no models of llama2.c');
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-tracing-'));
    try {
      const workshop = await openWorkshop(models, folder);
      const first = await checkLeaks(checks, workshop, 1);
      await checkLeaks(checks, workshop, 4);
      await checkStrangers(checks, workshop, first);
      await checkWithoutEmbedding(checks, workshop);
      await checkInnocents(checks, workshop);
      const judge = await python.open(['numpy==2.4.6']);
      if (typeof judge === 'string') checks.skip(judge);
      else await checkJudge(checks, workshop, first, judge);
      await workshop.base.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Workshop {
  readonly folder: string;
  readonly path: string;
  readonly base: WeightFile;
  readonly leaks: readonly Leak[];
  readonly open: (name: string) => Promise<WeightFile>;
}

async function openWorkshop(models: string, folder: string): Promise<Workshop> {
  const open = (name: string) =>
    openWeightSource(openBytesSource(gunzipSync(readFileSync(join(models, `${name}.bin.gz`))), name));
  const whole = await loadModel(await open('stories260K'));
  const path = join(folder, 'base.safetensors');
  const tensors = [...whole.tensors].map(([name, { shape, values }]) => {
    const format = shape.length > 1 ? 'BF16' : 'F32';
    return { name, format, shape, chunks: () => [encodeNumbers(format, values)] };
  });
  writeFileSync(path, await buffer(writeSafetensors(tensors, whole.metadata)));
  const children = new Map<string, SmallModel>();
  for (const steps of ['1000', '4000'])
    children.set(`${steps} steps`, await loadModel(await open(`ft_lr1e-3_${steps}`)));
  return { folder, path, base: await openWeights(path), leaks: listLeaks(whole, children), open };
}

/** A key, and copies under it as they are asked for. */
class Release {
  readonly key: MarkKey;
  readonly holders: readonly CopyHolder[];
  readonly #copies = new Map<number, SmallModel>();
  readonly #workshop: Workshop;

  constructor(workshop: Workshop, key: MarkKey, prefix = 'recipient', count = HOLDERS) {
    this.#workshop = workshop;
    this.key = key;
    this.holders = Array.from({ length: count }, (_, i) => ({ kind: 'recipient', name: `${prefix} ${i}` }));
  }

  pathOf(i: number): string {
    return join(
      this.#workshop.folder,
      `${this.holders[i]!.name}-${this.key.parameters.amplitude}.safetensors`,
    );
  }

  async copy(i: number): Promise<SmallModel> {
    const known = this.#copies.get(i);
    if (known !== undefined) return known;
    const path = this.pathOf(i);
    await markCopy(this.#workshop.path, path, this.key, this.holders[i]!);
    const file = await openWeights(path);
    const model = await loadModel(file);
    await file.close();
    this.#copies.set(i, model);
    return model;
  }
}

async function makeKey({ base }: Workshop, amplitude = 1): Promise<MarkKey> {
  const { tensors } = await surveyCarriers(base);
  return createMarkKey({ codeLength: CODE_LENGTH, colluders: 10, amplitude, share: 65_536 }, tensors);
}

/** Of three and fewer colluders all must be named, of five all but one; eight are too many for so short a code, and whoever is named is printed. */
function countExpected({ copies }: Leak): number {
  if (copies <= 3) return copies;
  return copies <= 5 ? copies - 1 : 0;
}

async function checkLeaks(checks: Checks, workshop: Workshop, amplitude: number): Promise<Release> {
  const release = new Release(workshop, await makeKey(workshop, amplitude));
  const { carriers } = await surveyCarriers(workshop.base);
  checks.note(
    `amplitude ${amplitude}: ${carriers} carriers, ${CODE_LENGTH} positions, ${(carriers / CODE_LENGTH).toFixed(0)} each, ${HOLDERS} holders, named at ${LEVEL} for all; log10 p among all`,
  );
  for (const leak of workshop.leaks) {
    const guilty = Array.from({ length: leak.copies }, (_, i) => 20 + i);
    const copies: SmallModel[] = [];
    for (const i of guilty) copies.push(await release.copy(i));
    const report = await traceCopy(workshop.base, await leak.make(copies, 3), release.key, release.holders);
    const names = new Set(guilty.map((i) => release.holders[i]!.name));
    const of = report.accusations.filter(({ holder }) => names.has(holder.name));
    const named = of.filter((one) => one.named).length;
    const what = `amplitude ${amplitude}, ${leak.name}`;
    checks.check(`${what}: nobody else`, countNamed(report) === named, () => describe(report));
    checks.check(`${what}: named`, named >= countExpected(leak), () => describe(report));
    const p = of.map(({ log10PAmongAll }) => log10PAmongAll.toFixed(1)).sort((a, b) => Number(a) - Number(b));
    const innocent = report.accusations.find(({ holder }) => !names.has(holder.name))!;
    checks.note(
      `  ${leak.name}: ${named} of ${leak.copies} named, ${p.join(' ')}; least of innocents ${innocent.log10P.toFixed(1)} alone; ${report.reading.noiseUlps?.toFixed(1)} units of noise, ${report.reading.driftComponents} components taken out`,
    );
  }
  return release;
}

async function checkStrangers(checks: Checks, workshop: Workshop, { key, holders }: Release): Promise<void> {
  for (const [name, file] of [
    ['the unmarked base', workshop.base],
    ['a stranger', await workshop.open('indep11_300')],
    ['another stranger', await workshop.open('indep12_300')],
    ['an unmarked child', await workshop.open('ft_lr1e-3_4000')],
    ['an unmarked child in disguise', await workshop.open('att_rotate')],
  ] as const)
    for (const realignment of ['needed', 'always'] as const) {
      const report = await traceCopy(workshop.base, file, key, holders, { realignment });
      checks.check(`${name}, ${realignment}`, countNamed(report) === 0, () => describe(report));
      checks.note(
        `${name}, realigned ${realignment}: best of ${HOLDERS} ${report.accusations[0]!.log10P.toFixed(1)} alone`,
      );
    }
}

/** Rows of tokens that fine-tuning never met are hardly changed, and show marks well: what is left without them. */
async function checkWithoutEmbedding(checks: Checks, workshop: Workshop): Promise<void> {
  const whole = await makeKey(workshop, 4);
  const tensors = whole.tensors.filter(({ name }) => !name.includes('embeddings'));
  const release = new Release(workshop, createMarkKey(whole.parameters, tensors), 'matrices');
  for (const leak of workshop.leaks.filter(({ name }) => /^tuned \d+ steps$/.test(name))) {
    const file = await leak.make([await release.copy(5)], 1);
    const report = await traceCopy(workshop.base, file, release.key, release.holders);
    const own = report.accusations.find(({ holder }) => holder === release.holders[5])!;
    checks.check(
      `without the embedding, ${leak.name}: nobody else`,
      countNamed(report) <= (own.named ? 1 : 0),
    );
    checks.note(
      `without the embedding, amplitude 4, ${leak.name}: ${own.named ? 'named' : 'missed'}, ${own.log10PAmongAll.toFixed(1)}`,
    );
  }
}

const TRIALS = 10_000;
const TRIALS_A_FILE = 100;

/** Keys and holders drawn anew over and over, every leak in turn: how often an innocent's p-value is at most x must be at most x. */
async function checkInnocents(checks: Checks, workshop: Workshop): Promise<void> {
  const found: number[] = [];
  let named = 0;
  for (let trial = 0; found.length < TRIALS; trial++) {
    const leak = workshop.leaks[trial % workshop.leaks.length]!;
    const release = new Release(
      workshop,
      await makeKey(workshop),
      `trial ${trial}`,
      leak.copies + TRIALS_A_FILE,
    );
    const copies: SmallModel[] = [];
    for (let i = 0; i < leak.copies; i++) copies.push(await release.copy(i));
    const file = await leak.make(copies, trial);
    const { shown } = await readCopy(workshop.base, file, release.key);
    const innocents = release.holders.slice(leak.copies);
    const { accusations } = accuse(release.key, shown, innocents, LEVEL);
    found.push(...accusations.map(({ log10P }) => log10P));
    named += accusations.filter((one) => one.named).length;
    for (let i = 0; i < leak.copies; i++) await rm(release.pathOf(i));
  }
  checks.check('nobody innocent is named', named === 0, () => String(named));
  const shares: string[] = [];
  for (const level of [0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001]) {
    const below = found.filter((log10P) => log10P <= Math.log10(level)).length;
    checks.check(
      `p <= ${level}`,
      below === 0 || logBinomialUpperTail(below, found.length, level) > Math.log(1e-6),
      () => `${below} of ${found.length}`,
    );
    shares.push(`${level}: ${(below / found.length).toFixed(4)}`);
  }
  checks.note(
    `${found.length} innocents over ${Math.ceil(found.length / TRIALS_A_FILE)} keys: ${named} named; share with p <= x ${shares.join(', ')}; least ${Math.min(...found).toFixed(1)}`,
  );
}

/** Copies read again by numpy, from the specification alone. */
async function checkJudge(
  checks: Checks,
  workshop: Workshop,
  { key, holders }: Release,
  judge: Python,
): Promise<void> {
  for (const share of [65_536, 9_000]) {
    const own = { ...key, parameters: { ...key.parameters, share } };
    const path = join(workshop.folder, `judged-${share}.safetensors`);
    const made = await markCopy(workshop.path, path, own, holders[3]!);
    const input = {
      key: JSON.parse(formatMarkKey(own)),
      holders: holders.slice(0, 8),
      base: workshop.path,
      copy: path,
    };
    const theirs = JSON.parse(await judge.run('weight-marks.py', [], JSON.stringify(input))) as {
      copySha256: string;
      marks: number;
      scores: number[];
    };
    const file = await openWeights(path);
    const { shown } = await readCopy(workshop.base, file, own);
    await file.close();
    const { accusations } = accuse(own, shown, holders.slice(0, 8), LEVEL);
    checks.equal('the copy, made by numpy', theirs.copySha256, made.files[0]!.sha256);
    checks.equal('marks', String(theirs.marks), String(made.marks));
    let worst = 0;
    for (const [i, holder] of holders.slice(0, 8).entries()) {
      const mine = accusations.find((one) => one.holder === holder)!;
      worst = Math.max(worst, Math.abs(mine.score - theirs.scores[i]!) / (1 + Math.abs(mine.score)));
    }
    checks.check('scores', worst < 1e-6, () => String(worst));
    checks.note(
      `numpy makes the copy byte for byte and scores it as we do, within ${worst.toExponential(1)}; ${theirs.marks} marks`,
    );
  }
}

function countNamed({ accusations }: TraceReport): number {
  return accusations.filter(({ named }) => named).length;
}

function describe({ accusations }: TraceReport): string {
  return accusations
    .slice(0, 10)
    .map(({ holder, log10PAmongAll }) => `${holder.name} ${log10PAmongAll.toFixed(1)}`)
    .join(', ');
}
