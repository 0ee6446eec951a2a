import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBoilerplate, NearRepeatIndex } from '@phalanx/detect';
import { createSketcher } from '@phalanx/sketch';
import { loadPromptFolder, type PromptSource } from '@phalanx/testing';
import { type ContentWords, makeContentWordReader } from './content-words.js';
import type { Suite } from './suite.js';

const PROMPTS = 4000;
/** From this similarity on, two prompts are held to say the same: eight sampled words agree for most such pairs, and seldom below. */
const JACCARD = 0.9;
/** Shown beside it, since a looser rule counts a list's cousins (docs/decisions/0008). */
const COUSINS = 0.75;
const MIN_RECALL = 0.8;
const MIN_PRECISION = 0.8;
/** Misses and false hits must cancel in the sum, since a rate is what the detector uses. */
const RATE_RATIO_OF_ALL = [0.9, 1.1] as const;
/** Below this one prompt moves the rate by more than 5 %; such a source counts in the sum only. */
const MIN_REPEATS = 20;
/**
 * A test uses the rate of a kind of prompt. Too low a rate would accuse; the reference is read by the same rule, and the null
 * concedes two thirds of its rate. Too high a rate only silences: judging prompts, one long template each, reach 2.0.
 */
const MIN_RATE_RATIO = 0.6;
const MAX_RATE_RATIO = 2.2;
/** The simulator varies a source that runs dry; people's repeats must survive that, since they are what honest traffic shows. */
const ROUNDS = 5;
const PEOPLE_RATE = 2e-5;
const MIN_VARIED = 0.4;
const MAX_VARIED = 1.5;

interface Tally {
  exact: number;
  flagged: number;
  both: number;
}

/**
 * Which prompts of public corpora nearly repeat an earlier one: the detector's index over sketches against exact Jaccard
 * similarity of content words. 4,000 prompts a source, evenly spaced, in the order of the file; no boilerplate is left
 * out. Recall and precision must hold over all sources together; in each source, the rate of repeats. Eight words cannot tell
 * 0.85 from 0.95, so a source whose pairs crowd there (texts of one long template) is overcounted.
 */
export const nearRepeats: Suite = {
  name: 'near-repeats',
  what: 'the detector’s near-repeat index over sketches against exact Jaccard similarity on public prompts',
  async run(checks, { root, vectors }) {
    const folder = vectors === null ? null : join(vectors, 'data/prompts');
    if (folder === null || !existsSync(folder)) return checks.skip('no folder of public prompts');
    const lists = JSON.parse(readFileSync(join(root, 'docs/spec/vectors/template-fingerprint.json'), 'utf8'));
    const read = makeContentWordReader(lists);
    const below: string[] = [];
    const all: Tally = { exact: 0, flagged: 0, both: 0 };
    for (const source of loadPromptFolder(folder)) {
      const { name, texts } = source;
      const count = Math.min(PROMPTS, texts.length);
      const chosen = Array.from({ length: count }, (_, i) => texts[Math.floor((i * texts.length) / count)]!);
      const words = withoutBoilerplate(chosen.map(read));
      const exact = findExact(words, JACCARD);
      const cousins = findExact(words, COUSINS).filter(Boolean).length;
      const flagged = findBySketch(chosen);
      const tally = {
        exact: exact.filter(Boolean).length,
        flagged: flagged.filter(Boolean).length,
        both: exact.filter((is, i) => is && flagged[i]).length,
      };
      for (const key of ['exact', 'flagged', 'both'] as const) all[key] += tally[key];
      const rate = (repeats: number) => (2 * repeats) / count ** 2;
      const say = (repeats: number) => rate(repeats).toExponential(1);
      checks.note(
        `${name}: ${count} prompts, repeats ${tally.exact} exactly (rate ${say(tally.exact)}), ${tally.flagged} by sketch (${say(tally.flagged)}); ${describe(tally)}; at similarity ${COUSINS}: ${say(cousins)}`,
      );
      const varied = findBySketch(drawRounds(source, count)).filter(Boolean).length;
      checks.note(`${name}: over ${ROUNDS} rounds of the simulator ${varied} by sketch (${say(varied)})`);
      if (tally.flagged >= MIN_REPEATS && rate(tally.flagged) >= PEOPLE_RATE)
        checks.check(
          `${name}: rate of repeats in the simulator`,
          varied >= MIN_VARIED * tally.flagged && varied <= MAX_VARIED * tally.flagged,
          () => `${(varied / tally.flagged).toFixed(2)} of its own`,
        );
      if (tally.exact >= MIN_REPEATS) {
        const ratio = tally.flagged / tally.exact;
        const fits = ratio >= MIN_RATE_RATIO && ratio <= MAX_RATE_RATIO;
        checks.check(`${name}: rate of repeats`, fits, () => `${ratio.toFixed(2)} of the exact rate`);
      }
      if (tally.both < MIN_RECALL * tally.exact || tally.both < MIN_PRECISION * tally.flagged)
        below.push(name);
    }
    checks.note(
      `all sources: ${describe(all)}; alone below ${MIN_RECALL} or ${MIN_PRECISION}: ${below.join(', ')}`,
    );
    const ratio = all.flagged / all.exact;
    checks.check(
      'all sources: rate of repeats',
      ratio >= RATE_RATIO_OF_ALL[0] && ratio <= RATE_RATIO_OF_ALL[1],
      () => `${ratio.toFixed(2)} of the exact rate`,
    );
    checks.check('all sources: recall', all.both >= MIN_RECALL * all.exact, () => describe(all));
    checks.check('all sources: precision', all.both >= MIN_PRECISION * all.flagged, () => describe(all));
  },
};

/** Prompts of the first rounds, evenly spaced and so from all rounds alike. */
function drawRounds(source: PromptSource, count: number): string[] {
  const step = Math.max(1, Math.floor((ROUNDS * source.size) / count)) | 1;
  return Array.from({ length: count }, (_, i) => source.text((i * step) % (ROUNDS * source.size)));
}

function describe({ exact, flagged, both }: Tally): string {
  const share = (part: number, whole: number) => (whole === 0 ? 'none' : (part / whole).toFixed(3));
  return `recall ${share(both, exact)} of ${exact}, precision ${share(both, flagged)} of ${flagged}`;
}

/** Whether each prompt has an earlier one with equal words, or content words of at least this Jaccard similarity. */
function findExact(prompts: readonly ContentWords[], similarity: number): boolean[] {
  const texts = new Set<string>();
  const holders = new Map<string, number[]>();
  const common = new Int32Array(prompts.length);
  return prompts.map(({ text, units }, number) => {
    let repeat = texts.has(text);
    texts.add(text);
    common.fill(0, 0, number);
    for (const unit of units) {
      const earlier = holders.get(unit);
      if (earlier === undefined) holders.set(unit, [number]);
      else {
        for (const other of earlier) common[other]!++;
        earlier.push(number);
      }
    }
    for (let other = 0; other < number && !repeat; other++) {
      const both = common[other]!;
      repeat = both > 0 && both >= similarity * (units.size + prompts[other]!.units.size - both);
    }
    return repeat;
  });
}

/** As the detector does it: the words of a shared template are left out first. */
function findBySketch(prompts: readonly string[]): boolean[] {
  const sketcher = createSketcher(new Uint8Array(32).fill(5));
  const columns = {
    promptHash: new BigUint64Array(prompts.length),
    topics: new Uint8Array(prompts.length * 16),
  };
  prompts.forEach((prompt, row) => {
    const { hash, topics } = sketcher.sketchPrompt(prompt);
    columns.promptHash[row] = hash;
    columns.topics.set(topics, row * 16);
  });
  const boilerplate = findBoilerplate(columns, [...prompts.keys()]);
  const index = new NearRepeatIndex(prompts.length, boilerplate);
  return prompts.map((_, row) => (index.add(columns, row) ?? 0) > 0);
}

/** The exact side by the same rule: units in more than a fifth of the prompts. */
function withoutBoilerplate(prompts: readonly ContentWords[]): ContentWords[] {
  const counts = new Map<string, number>();
  for (const { units } of prompts) for (const unit of units) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return prompts.map(({ text, units }) => ({
    text,
    units: new Set([...units].filter((unit) => counts.get(unit)! <= 0.2 * prompts.length)),
  }));
}
