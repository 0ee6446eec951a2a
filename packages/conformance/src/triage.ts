import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { clopperPearson, logBetaBinomialUpperTail, Random } from '@phalanx/stats';
import {
  areaUnderRoc,
  MEMBER_NAMES,
  measureScore,
  scoreTriage,
  type TriageModel,
  trainTriage,
  truePositiveRate,
} from '@phalanx/triage';
import type { Checks } from './checks.js';
import type { Suite } from './suite.js';
import { SPLIT_WORDS, TRIAGE_ATTACKS } from './triage-attacks.js';
import { loadPairSets, loadSolutions, type PairSet, PUBLISHED, type Solution } from './triage-corpora.js';

const FOLDS = 5;
/** Half of the default, since one set has stories of a hundred words. */
const MIN_WORDS = 50;
/** What an attack may still cost in area under the curve once it was undone. */
const MAX_ATTACK_COST = 0.01;
/** What these must cost on one of the sets where nothing is undone. */
const MIN_BARE_COST = 0.1;
const WORTH_UNDOING = ['homoglyph, all letters', 'homoglyph, one in ten', 'zero-width after each character'];
/** A base model whose texts nothing here tells apart once the domain is another. */
const NOT_ACROSS_DOMAINS = 'writing_davinci';
const CALIBRATION_SPLITS = 6;
const LEVELS = [0.05, 0.01];
/** The suite has some thirty bounds of this kind: a false alarm of any of them in 300,000 runs. */
const LOG_FLAKE = Math.log(1e-7);
const PRELUDE_CHARS = 30_000;

/**
 * Triage on the pairs of Fast-DetectGPT's repository: in-domain by five folds of pairs, across domains, under attack, its
 * calibration, its abstention; and false positives on code, since there is no machine-written code here. The peer is a
 * brotli prelude of the same training texts (as ZipPy does it with its own).
 */
export const triage: Suite = {
  name: 'triage',
  what: 'the triage ensemble on human and machine texts in pairs, beside a brotli prelude and published figures',
  async run(checks, { vectors }) {
    const sets = vectors === null ? null : loadPairSets(join(vectors, 'data/ai-text'));
    if (sets === null) return checks.skip('no folder of human and machine texts');
    const costs = sets.map((set) => judgeInDomain(checks, set));
    // The controls: what is undone must be worth undoing.
    for (const name of WORTH_UNDOING)
      checks.check(
        `${name} is an attack`,
        costs.some((cost) => cost.get(name)! >= MIN_BARE_COST),
      );
    judgeAcrossDomains(checks, sets);
    judgeCalibration(checks, sets);
    judgeAbstention(checks, sets);
    const solutions = loadSolutions(join(vectors!, 'data/ai-text'));
    if (solutions === null) checks.skip('no folder of solutions');
    else judgeCode(checks, solutions);
  },
};

interface Scores {
  readonly human: number[];
  readonly machine: number[];
}

/** Returns what each attack costs where nothing is normalised. */
function judgeInDomain(checks: Checks, set: PairSet): Map<string, number> {
  const tables = new Map<string, Scores>();
  const tableOf = (name: string) => {
    const found = tables.get(name) ?? { human: [], machine: [] };
    tables.set(name, found);
    return found;
  };
  const random = new Random(1);
  const unlike = { human: 0, machine: 0 };
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = [...set.human.keys()];
    const model = trainOn([set], (i) => i % FOLDS !== fold);
    const prelude = joinPrelude(set.machine.filter((_, i) => i % FOLDS !== fold));
    for (const i of rows.filter((row) => row % FOLDS === fold))
      for (const side of ['human', 'machine'] as const) {
        const text = set[side][i]!;
        const result = scoreTriage(model, text);
        const score = measureScore(model, text);
        const bare = measureScore(model, text, false);
        tableOf('stack')[side].push(score);
        if (result.outcome === 'abstained' && result.reason === 'unlike-corpus') unlike[side]++;
        if (result.outcome === 'ranked')
          for (const name of MEMBER_NAMES) tableOf(name)[side].push(result.members[name]);
        tableOf('brotli')[side].push(-addedByBrotli(prelude, text));
        tableOf('line break')[side].push(text.includes('\n') ? 1 : 0);
        for (const length of [50, 75, 100]) {
          const words = text.split(/\s+/);
          if (words.length >= length)
            tableOf(`first ${length} words`)[side].push(
              measureScore(model, words.slice(0, length).join(' ')),
            );
        }
        for (const { name, attack } of [...TRIAGE_ATTACKS, SPLIT_WORDS]) {
          const attacked = side === 'human' ? null : attack(text, random);
          tableOf(`${name}, undone`)[side].push(attacked === null ? score : measureScore(model, attacked));
          tableOf(`${name}, as it is`)[side].push(
            attacked === null ? bare : measureScore(model, attacked, false),
          );
        }
      }
  }
  const clean = areaOf(tables.get('stack')!);
  const peer = areaOf(tables.get('brotli')!);
  const published = PUBLISHED[set.name];
  checks.note(
    `${set.name}, in domain: ${describe(tables.get('stack')!)}; brotli prelude of the same texts ${describe(tables.get('brotli')!)}${published === undefined ? '' : `; published: ${published}`}`,
  );
  checks.note(
    `  members: ${MEMBER_NAMES.map((name) => `${name} ${areaOf(tables.get(name)!).toFixed(3)}`).join(', ')}; left out by normalisation: a line break alone ${areaOf(tables.get('line break')!).toFixed(3)}; set aside as unlike the corpus: ${unlike.human} of ${set.human.length} human and ${unlike.machine} of ${set.machine.length} machine texts`,
  );
  checks.note(
    `  ${[50, 75, 100].map((length) => `first ${length} words ${describe(tables.get(`first ${length} words`)!)}`).join('; ')}`,
  );
  checks.check(`${set.name}: above the brotli prelude`, clean > peer, () => `${clean} against ${peer}`);
  for (const { name } of TRIAGE_ATTACKS) {
    const [bare, undone] = ['as it is', 'undone'].map((how) => tables.get(`${name}, ${how}`)!);
    checks.note(`  ${name}: ${describe(bare!)}, normalised ${describe(undone!)}`);
    checks.check(
      `${set.name}: ${name} is undone`,
      areaOf(undone!) >= clean - MAX_ATTACK_COST,
      () => `${areaOf(undone!)} against ${clean}`,
    );
  }
  const split = ['as it is', 'undone'].map((how) => describe(tables.get(`${SPLIT_WORDS.name}, ${how}`)!));
  checks.note(`  ${SPLIT_WORDS.name}: ${split[0]}, normalised ${split[1]}`);
  return new Map(
    TRIAGE_ATTACKS.map(({ name }) => [name, clean - areaOf(tables.get(`${name}, as it is`)!)] as const),
  );
}

function judgeAcrossDomains(checks: Checks, sets: readonly PairSet[]): void {
  for (const domain of new Set(sets.map((set) => set.domain))) {
    const model = trainOn(
      sets.filter((set) => set.domain !== domain),
      () => true,
    );
    for (const set of sets.filter((each) => each.domain === domain)) {
      const scores = {
        human: set.human.map((text) => measureScore(model, text)),
        machine: set.machine.map((text) => measureScore(model, text)),
      };
      const { logPs, unlike } = rankAll(model, set.human);
      const machine = rankAll(model, set.machine);
      const flagged = countAtMost(logPs, 0.05);
      checks.note(
        `${set.name}, trained on the other domain: ${describe(scores)}; human texts with p <= 0.05, a promise void here: ${flagged} of ${logPs.length}; set aside as unlike the corpus: ${unlike}, and of machine texts ${machine.unlike} of ${machine.logPs.length}`,
      );
      if (set.name !== NOT_ACROSS_DOMAINS)
        checks.check(`${set.name}: better than chance across domains`, areaOf(scores) > 0.5);
    }
  }
}

/** Groups split at random; one human text of each group that is left out is tested against one calibration set. */
function judgeCalibration(checks: Checks, sets: readonly PairSet[]): void {
  const groups = [...new Set(sets.flatMap((set) => set.groups))];
  const totals = LEVELS.map(() => 0);
  let tested = 0;
  for (let split = 0; split < CALIBRATION_SPLITS; split++) {
    const random = new Random(100 + split);
    const left = new Set(groups.filter(() => random.bernoulli(1 / 3)));
    const model = trainOn(sets, (i, set) => !left.has(set.groups[i]!), 0.5, split);
    const seen = new Set<string>();
    const texts = sets.flatMap((set) =>
      set.human.filter((_, i) => {
        const group = set.groups[i]!;
        return left.has(group) && !seen.has(group) && seen.add(group);
      }),
    );
    for (const [category, logPs] of rankByCategory(model, texts)) {
      const of = model.categories.find(({ name }) => name === category)!.scores.length;
      tested += logPs.length;
      LEVELS.forEach((level, j) => {
        const flagged = countAtMost(logPs, level);
        totals[j]! += flagged;
        checkRate(checks, `split ${split}, ${category}, p <= ${level}`, flagged, logPs.length, level, of);
      });
    }
  }
  for (const [j, level] of LEVELS.entries()) {
    const { lower, upper } = clopperPearson(totals[j]!, tested, 0.05);
    checks.note(
      `calibration: p <= ${level} for ${totals[j]} of ${tested} human texts, ${(totals[j]! / tested).toFixed(4)} (${lower.toFixed(4)} to ${upper.toFixed(4)}), over ${CALIBRATION_SPLITS} splits that share texts`,
    );
  }
}

function judgeAbstention(checks: Checks, sets: readonly PairSet[]): void {
  const model = trainTriage(
    sets.flatMap((set) => set.human.map((text) => ({ text }))),
    sets.flatMap((set) => set.machine.map((text) => ({ text }))),
  );
  const texts = sets.flatMap((set) => set.human);
  for (const length of [20, 99, 100, 150]) {
    const cut = texts.map((text) => text.split(/\s+/).slice(0, length).join(' '));
    const results = cut.map((text) => scoreTriage(model, text));
    const abstained = results.filter(({ outcome }) => outcome === 'abstained').length;
    checks.note(`abstention: ${abstained} of ${texts.length} human texts cut after ${length} words`);
    checks.check(
      `cut after ${length} words: no p-value below 100`,
      results.every(({ words, outcome }) => words >= 100 || outcome === 'abstained'),
    );
  }
}

/**
 * Human code only. What stands in for machine code is human code with the task as a comment: it gives the members something to
 * learn and says nothing about power. Both halves of the tasks take their turn.
 */
function judgeCode(checks: Checks, solutions: Readonly<Record<'js' | 'python', Solution[]>>): void {
  const totals = new Map<string, [number, number, number]>();
  for (const half of [0, 1])
    for (const language of ['js', 'python'] as const) {
      const own = solutions[language].filter(({ task }) => Number(task) % 2 === half);
      const model = trainTriage(
        own.map(({ bare, task }) => ({ text: bare, group: task })),
        own.map(({ explained, task }) => ({ text: explained, group: task })),
        { kind: 'code', minWords: 25, calibrationShare: 0.5 },
      );
      for (const tested of ['js', 'python'] as const) {
        const texts = solutions[tested].filter(({ task }) => Number(task) % 2 !== half);
        const { logPs, unlike } = rankAll(
          model,
          texts.map(({ bare }) => bare),
        );
        const flagged = countAtMost(logPs, 0.05);
        if (tested === language) {
          const of = model.categories[0]!.scores.length;
          checkRate(checks, `code, ${language}, half ${half}, p <= 0.05`, flagged, logPs.length, 0.05, of);
        }
        const key = `calibrated on ${language}, tested on ${tested}`;
        const before = totals.get(key) ?? [0, 0, 0];
        totals.set(key, [before[0] + flagged, before[1] + logPs.length, before[2] + unlike]);
      }
    }
  for (const [key, [flagged, tested, unlike]] of totals) {
    const { lower, upper } = clopperPearson(flagged, tested, 0.05);
    checks.note(
      `code, ${key}: p <= 0.05 for ${flagged} of ${tested} human solutions (${lower.toFixed(3)} to ${upper.toFixed(3)}), ${unlike} set aside as unlike the corpus`,
    );
  }
  checks.note('code: no machine-written code here, so its power is unknown');
}

function trainOn(
  sets: readonly PairSet[],
  takes: (i: number, set: PairSet) => boolean,
  calibrationShare = 0.3,
  seed = 1,
): TriageModel {
  const side = (name: 'human' | 'machine') =>
    sets.flatMap((set) =>
      set[name].map((text, i) => ({ text, group: set.groups[i]! })).filter((_, i) => takes(i, set)),
    );
  return trainTriage(side('human'), side('machine'), { minWords: MIN_WORDS, calibrationShare, seed });
}

/**
 * Of texts drawn as the calibration texts, the share with p <= level is Beta(r, n + 1 - r) distributed, r = floor(level (n + 1)), over
 * draws of n calibration texts: a binomial bound would be too tight.
 */
function checkRate(
  checks: Checks,
  what: string,
  flagged: number,
  tested: number,
  level: number,
  n: number,
): void {
  const rank = Math.floor(level * (n + 1) + 1e-9);
  const logTail =
    rank === 0
      ? flagged > 0
        ? -Infinity
        : 0
      : logBetaBinomialUpperTail(flagged, tested, rank, n + 1 - rank);
  checks.check(`calibration: ${what}`, logTail > LOG_FLAKE, () => `${flagged} of ${tested}`);
}

interface Ranks {
  /** ln p of texts that were ranked, and 0 of those set aside as unlike the corpus. */
  readonly logPs: number[];
  readonly unlike: number;
}

/** By category; texts without any are left out. */
function rankByCategory(model: TriageModel, texts: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const text of texts) {
    const result = scoreTriage(model, text);
    if (result.outcome === 'abstained' && result.reason !== 'unlike-corpus') continue;
    const logP = result.outcome === 'ranked' ? result.logP : 0;
    found.set(result.category!, [...(found.get(result.category!) ?? []), logP]);
  }
  return found;
}

function rankAll(model: TriageModel, texts: readonly string[]): Ranks {
  const logPs = [...rankByCategory(model, texts).values()].flat();
  const unlike = texts.filter((text) => {
    const result = scoreTriage(model, text);
    return result.outcome === 'abstained' && result.reason === 'unlike-corpus';
  }).length;
  return { logPs, unlike };
}

function countAtMost(logPs: readonly number[], level: number): number {
  return logPs.filter((logP) => logP <= Math.log(level) + 1e-12).length;
}

function areaOf({ human, machine }: Scores): number {
  return areaUnderRoc(human, machine);
}

/** `0.995 (0.99/0.93)`: area under the curve, true positive rate at 5 % and at 1 % of the human texts. */
function describe(scores: Scores): string {
  const rates = [0.05, 0.01].map((rate) => truePositiveRate(scores.human, scores.machine, rate).toFixed(2));
  return `${areaOf(scores).toFixed(3)} (${rates.join('/')})`;
}

function joinPrelude(texts: readonly string[]): Buffer {
  return Buffer.from(texts.join(' ').replace(/\s+/g, ' ').slice(-PRELUDE_CHARS));
}

/** Bytes that a text adds behind a prelude, a byte of it. */
function addedByBrotli(prelude: Buffer, text: string): number {
  const bytes = Buffer.from(text.replace(/\s+/g, ' '));
  const compress = (input: Buffer) =>
    brotliCompressSync(input, { params: { [constants.BROTLI_PARAM_QUALITY]: 8 } }).length;
  return (compress(Buffer.concat([prelude, bytes])) - compress(prelude)) / bytes.length;
}
