import { createHash } from 'node:crypto';
import { Random } from '@phalanx/stats';
import { type Ensemble, fitEnsemble, type Sample, scoreFeatured, shuffle } from './ensemble.js';
import { MAX_CATEGORIES, MAX_CORPUS_CHARS, MAX_LABEL_CHARS, MAX_TEXTS, MIN_TEXTS } from './limits.js';
import { featureText } from './members.js';
import type { TextKind } from './normalised-text.js';
import { fingerprintOf, prepareText } from './prepared-text.js';
import { requireCorpus, requireOption } from './triage-error.js';
import { type CalibrationCategory, categoryOf, type TriageModel } from './triage-model.js';

/** A labelled text. */
export interface TriageText {
  readonly text: string;
  /**
   * Texts of one group (an author, a prompt, a document) are never on both sides of a split, and one of them at most
   * calibrates. Default: each text is a group.
   */
  readonly group?: string;
  /** Calibrated apart from others, as a language or a department; to be named again when a text is scored. Default: none. */
  readonly stratum?: string;
}

export interface TrainOptions {
  /** Default `text`. */
  readonly kind?: TextKind;
  /** Integer in [0, 2^53). Default 1. */
  readonly seed?: number;
  /** Share of human groups held back for calibration, in [0.1, 0.9]. Default 0.4. */
  readonly calibrationShare?: number;
  /** Shortest text that is scored, in words of prose or tokens of code, at least 20. Default 100, of code 50. */
  readonly minWords?: number;
  /** Fewest calibration texts in a category, at least 19: with fewer no p-value reaches 0.05. Default 19. */
  readonly minCalibration?: number;
}

/** Calibration texts a class of length should have, so that p = 0.01 can be reached in it. */
const TEXTS_A_LENGTH = 100;
const MAX_LENGTHS = 4;

/**
 * Learns from a tenant's own labelled texts how machine texts differ from human ones, and calibrates on human texts held
 * back: triage, never evidence. Members are fitted five times without a fifth of the groups, the stack on what they say of that
 * fifth, then the members on all. Deterministic: equal texts in equal order and an equal seed give equal bytes.
 *
 * A p-value of the model is valid for a text that is drawn as the calibration texts were: independent of one another, the
 * same source, the same category.
 *
 * @throws PhalanxError `TRIAGE_OPTIONS`; `TRIAGE_CORPUS` for fewer than 20 usable texts to learn from on a side, or more
 *   than `MAX_TEXTS` or `MAX_CORPUS_CHARS`.
 */
export function trainTriage(
  humanTexts: readonly TriageText[],
  machineTexts: readonly TriageText[],
  options: TrainOptions = {},
): TriageModel {
  const { kind = 'text', seed = 1, calibrationShare = 0.4, minCalibration = 19 } = options;
  const minWords = options.minWords ?? (kind === 'text' ? 100 : 50);
  requireOption(kind === 'text' || kind === 'code', 'kind must be text or code');
  requireOption(Number.isSafeInteger(seed) && seed >= 0, 'seed must be an integer in [0, 2^53)');
  requireOption(calibrationShare >= 0.1 && calibrationShare <= 0.9, 'calibrationShare must be in [0.1, 0.9]');
  requireOption(Number.isSafeInteger(minWords) && minWords >= 20, 'minWords must be an integer, at least 20');
  requireOption(
    Number.isSafeInteger(minCalibration) && minCalibration >= 19 && minCalibration <= MAX_TEXTS,
    'minCalibration must be an integer, at least 19',
  );
  const random = new Random(seed);
  const human = readSide(humanTexts, 'human', kind, minWords);
  const machine = readSide(machineTexts, 'machine', kind, minWords);

  const heldGroups = drawGroups(human.samples, calibrationShare, random);
  const learned = human.samples.filter(({ group }) => !heldGroups.has(group));
  const held = takeOnePerGroup(
    human.samples.filter(({ group }) => heldGroups.has(group)),
    random,
  );
  const shown = machine.samples.filter(({ group }) => !heldGroups.has(group));
  for (const [side, samples] of [['human', learned] as const, ['machine', shown] as const])
    requireCorpus(
      samples.length >= MIN_TEXTS,
      `${samples.length} ${side} texts of ${minWords} words or more to learn from, at least ${MIN_TEXTS} are needed`,
      'Give more or longer texts.',
    );

  const ensemble = fitEnsemble(learned, shown, random);
  const lengthEdges = chooseLengthEdges(
    learned.map(({ featured }) => featured.text.length),
    held.length,
    minWords,
  );
  return {
    kind,
    minWords,
    minCalibration,
    corpus: {
      seed,
      human: learned.length,
      machine: shown.length,
      calibration: held.length,
      tooShort: human.tooShort + machine.tooShort,
      heldBack: machine.samples.length - shown.length,
      sha256: hashCorpus(humanTexts, machineTexts),
      crossFittedAuroc: ensemble.auroc,
    },
    members: ensemble.members,
    stackScaling: ensemble.stackScaling,
    stack: ensemble.stack,
    lengthEdges,
    machineFamiliarities: ensemble.machineFamiliarities,
    categories: calibrate(held, lengthEdges, ensemble),
    known: BigUint64Array.from(
      new Set([...learned, ...held, ...shown].map(({ featured }) => fingerprintOf(featured.text))),
    ).sort(),
  };
}

function readSide(texts: readonly TriageText[], side: string, kind: TextKind, minWords: number) {
  requireCorpus(texts.length <= MAX_TEXTS, `more than ${MAX_TEXTS} ${side} texts`, 'Draw a sample.');
  const samples: Sample[] = [];
  let tooShort = 0;
  let chars = 0;
  texts.forEach(({ text, group, stratum = '' }, i) => {
    requireOption(
      typeof text === 'string' &&
        (group ?? '').length <= MAX_LABEL_CHARS &&
        stratum.length <= MAX_LABEL_CHARS,
      `${side} text ${i + 1}: text, group and stratum are strings, labels of at most ${MAX_LABEL_CHARS} characters`,
    );
    const prepared = prepareText(text, kind);
    if (prepared.length < minWords) {
      tooShort++;
      return;
    }
    chars += prepared.text.length;
    requireCorpus(
      chars <= MAX_CORPUS_CHARS,
      `more than ${MAX_CORPUS_CHARS} characters of ${side} text`,
      'Draw a sample.',
    );
    const own = group === undefined ? `${side} ${i}` : `= ${group}`;
    samples.push({ featured: featureText(prepared), group: own, stratum });
  });
  return { samples, tooShort };
}

function drawGroups(samples: readonly Sample[], share: number, random: Random): Set<string> {
  const groups = [...new Set(samples.map(({ group }) => group))];
  shuffle(groups, random);
  return new Set(groups.slice(0, Math.round(share * groups.length)));
}

/** Texts of one group resemble one another; calibration counts texts as independent. */
function takeOnePerGroup(samples: readonly Sample[], random: Random): Sample[] {
  const shuffled = [...samples];
  shuffle(shuffled, random);
  const seen = new Set<string>();
  return shuffled.filter(({ group }) => !seen.has(group) && seen.add(group));
}

/**
 * Edges from the lengths of the texts learned from, so that calibration texts fall among them as any later text does.
 * From half the shortest of them to twice the longest: beyond, nothing like the text was seen.
 */
function chooseLengthEdges(lengths: readonly number[], calibration: number, minWords: number): number[] {
  const sorted = [...lengths].sort((a, b) => a - b);
  const classes = Math.min(MAX_LENGTHS, Math.max(1, Math.floor(calibration / TEXTS_A_LENGTH)));
  const edges = [Math.max(minWords, Math.ceil(sorted[0]! / 2))];
  for (let i = 1; i < classes; i++) {
    const edge = sorted[Math.floor((i * sorted.length) / classes)]!;
    if (edge > edges.at(-1)!) edges.push(edge);
  }
  return [...edges, 2 * sorted.at(-1)! + 1];
}

function calibrate(
  held: readonly Sample[],
  lengthEdges: readonly number[],
  ensemble: Ensemble,
): CalibrationCategory[] {
  const categories = new Map<string, { readonly scores: number[]; readonly familiarities: number[] }>();
  for (const { featured, stratum } of held) {
    const name = categoryOf(lengthEdges, stratum, featured.text.script, featured.text.length);
    if (name === null) continue;
    const own = categories.get(name) ?? { scores: [], familiarities: [] };
    const { score, humanFamiliarity } = scoreFeatured(ensemble, featured);
    own.scores.push(score);
    own.familiarities.push(humanFamiliarity);
    categories.set(name, own);
  }
  requireCorpus(
    categories.size <= MAX_CATEGORIES,
    `more than ${MAX_CATEGORIES} strata`,
    'Give fewer strata.',
  );
  return [...categories]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { scores, familiarities }]) => ({
      name,
      scores: Float64Array.from(scores).sort(),
      familiarities: Float64Array.from(familiarities).sort(),
    }));
}

function hashCorpus(human: readonly TriageText[], machine: readonly TriageText[]): string {
  const hash = createHash('sha256');
  for (const side of [human, machine])
    hash.update(
      `${side.length}\n${side.map(({ text, group, stratum }) => `${JSON.stringify([text, group ?? null, stratum ?? null])}\n`).join('')}`,
    );
  return hash.digest('hex');
}
