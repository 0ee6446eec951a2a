import { logMixtureE, type Random } from '@phalanx/stats';
import { demand, requireInteger } from './black-box-error.js';
import { findRepetition } from './repetition.js';
import { testLabels } from './sample-labels.js';
import type { TestResult } from './test-result.js';

/** Answers of two models to one prompt. */
export interface PromptSamples {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

export interface EqualityOptions {
  /** Code points of an answer that are compared. Default 256. */
  readonly length?: number;
  /** Labels drawn anew. Default 9,999. */
  readonly permutations?: number;
  readonly random: Random;
  /** Whether a random draw decided which model was asked at each turn; see `askInTurns`. Default false. */
  readonly interleaved?: boolean;
}

export const MAX_COMPARED = 4096;
/** Kernel values and additions over all permutations: some ten seconds. */
const MAX_WORK = 1e10;

/**
 * Whether two models answer with one distribution: model equality testing (Gao, Liang and Guestrin, arXiv 2410.20247). Statistic: squared maximum mean
 * discrepancy, `sum K(x, x') / n_xx - 2 sum K(x, y) / n_xy + sum K(y, y') / n_yy` over pairs of one prompt, where K is the share of the first `length`
 * code points that agree, padding with padding too. P-value: (1 + #{drawn >= observed}) / (1 + permutations), labels drawn anew within each
 * prompt; exact if answers to one prompt are exchangeable, so the least is 1 / (1 + permutations). The statistic agrees with the authors' package
 * (conformance `black-box`), whose p-value may be 0 and mixes prompts.
 *
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` for no prompt, fewer than two answers a side, or more work than the limit
 */
export function testEquality(samples: readonly PromptSamples[], options: EqualityOptions): TestResult {
  const { length = 256, permutations = 9999, random, interleaved = false } = options;
  requireInteger(permutations, 'permutations', 19, 10_000_000);
  const kernels = buildKernels(samples, length, permutations);
  const { observed: mmd, logP } = testLabels(
    kernels.map(({ own, all }) => ({ first: own, all })),
    (labels) => measure(kernels, labels),
    { permutations, random },
  );
  const repeated = findRepetition(samples.map(({ ours, theirs }) => [ours, theirs]));
  return {
    test: 'equality',
    question: 'identity',
    standing: 'triage',
    null: 'Both models answer each prompt with the same distribution.',
    logP,
    logE: logMixtureE(logP),
    logLeastP: -Math.log(permutations + 1),
    effect: { name: 'squared MMD, 0 same to 2 nothing in common', value: mmd },
    counted: samples.length,
    voidedBy: describeExchange(interleaved),
    cautions: repeated === null ? [] : [repeated],
  };
}

/** What two-sample tests rest on, by how the questions were asked. */
export function describeExchange(interleaved: boolean): string {
  return interleaved
    ? 'Caches that one side has and the other has not, where prompts are repeated word for word; other settings (temperature, system prompt, quantisation, length) on the two sides.'
    : 'Anything that changed between the two collections besides the model: time, load, caches, settings. Ask both in turns drawn at random to exclude it.';
}

/** The statistic of `testEquality` alone. */
export function measureHammingMmd(samples: readonly PromptSamples[], length = 256): number {
  const kernels = buildKernels(samples, length, 0);
  return measure(
    kernels,
    kernels.map(({ own, all }) => Uint8Array.from({ length: all }, (_, i) => Number(i < own))),
  );
}

interface Kernel {
  /** Answers of ours, which come first, and of both. */
  readonly own: number;
  readonly all: number;
  /** Share of code points that agree, of each pair. */
  readonly values: Float64Array;
}

function buildKernels(samples: readonly PromptSamples[], length: number, permutations: number): Kernel[] {
  requireInteger(length, 'code points to compare', 1, MAX_COMPARED);
  requireInteger(samples.length, 'prompts', 1, 100_000);
  let work = 0;
  for (const { ours, theirs } of samples) {
    requireInteger(Math.min(ours.length, theirs.length), 'answers of each side to a prompt', 2, 10_000);
    work += (ours.length + theirs.length) ** 2 * (length + permutations);
  }
  demand(
    work <= MAX_WORK,
    'BLACK_BOX_ARGUMENT',
    `${work.toExponential(1)} comparisons, of ${MAX_WORK.toExponential(0)} at most`,
    'Take fewer answers, prompts or permutations.',
  );
  return samples.map(({ ours, theirs }) => {
    const rows = [...ours, ...theirs].map((text) => padCodePoints(text, length));
    const all = rows.length;
    const values = new Float64Array(all * all);
    for (let i = 0; i < all; i++)
      for (let j = 0; j < i; j++) {
        let same = 0;
        for (let at = 0; at < length; at++) if (rows[i]![at] === rows[j]![at]) same++;
        values[i * all + j] = values[j * all + i] = same / length;
      }
    return { own: ours.length, all, values };
  });
}

/** The first `length` code points, then -1; lone surrogates stand for themselves. */
function padCodePoints(text: string, length: number): Int32Array {
  const points = new Int32Array(length).fill(-1);
  let at = 0;
  for (const letter of text) {
    if (at === length) break;
    points[at++] = letter.codePointAt(0)!;
  }
  return points;
}

function measure(kernels: readonly Kernel[], labels: readonly Uint8Array[]): number {
  let [within, across, other] = [0, 0, 0];
  let [pairsWithin, pairsAcross, pairsOther] = [0, 0, 0];
  for (const [prompt, { own, all, values }] of kernels.entries()) {
    const label = labels[prompt]!;
    const rest = all - own;
    pairsWithin += (own * (own - 1)) / 2;
    pairsOther += (rest * (rest - 1)) / 2;
    pairsAcross += own * rest;
    for (let i = 1; i < all; i++)
      for (let j = 0; j < i; j++) {
        const value = values[i * all + j]!;
        if (label[i] !== label[j]) across += value;
        else if (label[i] === 1) within += value;
        else other += value;
      }
  }
  return within / pairsWithin + other / pairsOther - (2 * across) / pairsAcross;
}
