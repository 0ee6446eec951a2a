import { Random } from '@phalanx/stats';
import type { Mark } from '../mark.js';
import { demand, requireInteger } from '../watermark-error.js';
import { scoreValues } from './centred-score.js';
import type { ReferencedContext, TokenMass } from './open-test.js';
import { WeightedNgramTable } from './weighted-ngrams.js';

/** A share with an interval; `lower` and `upper` in [0, 1]. */
export interface DoseEstimate {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly confidence: number;
}

/** Students of one known dose and what the test's statistic was for each. */
export interface DosePoint {
  /** Share of the training text that was marked, in [0, 1]. */
  readonly dose: number;
  readonly statistics: readonly number[];
}

const BOOTSTRAPS = 1000;

/**
 * How much of the way from the reference to a model of marked text alone the suspect has gone, at the contexts asked for: the
 * ratio of its contrast to that of the reference as the mark would shape it. This is the share of marked training text if the suspect is a
 * mixture of what it was trained on, the reference is what its clean share taught it, and it learned marked and clean text
 * equally well. Students that are counted fulfil this; a fine-tuned model need not (it forgets, or learns the last text best), and
 * then the number orders suspects of one kind and is no share.
 *
 * It is a share only where every context is read often, as with one token of context. With longer ones it orders suspects and no more: at contexts of
 * ordinary text it is too low, because a student falls back on shorter ones where it read none, and at those of the marked texts too
 * high, because there marked text is most of what it read (`npm run bench -- radioactivity` prints both, against the known dose).
 * `invertDoseCurve` is the estimate then.
 *
 * The interval is a bootstrap over contexts (percentiles of 1,000 draws): it covers chance in contexts and not the assumption.
 *
 * @throws PhalanxError `MARK_ARGUMENT` without contexts
 */
export function estimateImprint(
  mark: Mark,
  contexts: readonly ReferencedContext[],
  options: { readonly confidence?: number; readonly seed?: number } = {},
): DoseEstimate {
  const { confidence = 0.95, seed = 1 } = options;
  demand(contexts.length > 0, 'MARK_ARGUMENT', 'no contexts to estimate from', 'Give a reference model.');
  const random = new Random(seed);
  const found = new Float64Array(contexts.length);
  const full = new Float64Array(contexts.length);
  for (const [c, { context, mass, reference, weight }] of contexts.entries()) {
    const base = meanScore(mark, context, reference);
    found[c] = weight * (meanScore(mark, context, mass) - base);
    full[c] = weight * (meanScore(mark, context, shapeMass(mark, context, reference, random)) - base);
  }
  const ratios = new Float64Array(BOOTSTRAPS);
  for (let b = 0; b < BOOTSTRAPS; b++) {
    let above = 0;
    let below = 0;
    for (let i = 0; i < contexts.length; i++) {
      const c = random.integer(contexts.length);
      above += found[c]!;
      below += full[c]!;
    }
    ratios[b] = below > 0 ? above / below : 0;
  }
  ratios.sort();
  const at = (share: number) => clamp(ratios[Math.min(BOOTSTRAPS - 1, Math.floor(share * BOOTSTRAPS))]!);
  const sum = (terms: Float64Array) => terms.reduce((total, term) => total + term, 0);
  return {
    estimate: clamp(sum(full) > 0 ? sum(found) / sum(full) : 0),
    lower: at((1 - confidence) / 2),
    upper: at((1 + confidence) / 2),
    confidence,
  };
}

/**
 * The doses that a statistic is compatible with: those on the curve at which it is not among the outermost (1 - confidence) / 2 of the
 * students on either side (a rank test at each dose), widened to the next doses outside. Covers the suspect's dose with `confidence`
 * if the statistic grows with the dose and the suspect is to be had by the same training as the students of that dose.
 *
 * @param curve doses ascending, from two on; each with at least 2 / (1 - confidence) - 1 students
 * @throws PhalanxError `MARK_ARGUMENT` for another curve
 */
export function invertDoseCurve(
  statistic: number,
  curve: readonly DosePoint[],
  confidence = 0.9,
): DoseEstimate {
  requireInteger(curve.length, 'doses of a curve', 2, 1000);
  const tail = (1 - confidence) / 2;
  for (const [i, { dose, statistics }] of curve.entries())
    demand(
      dose >= 0 &&
        dose <= 1 &&
        (i === 0 || dose > curve[i - 1]!.dose) &&
        1 / (statistics.length + 1) <= tail + 1e-12,
      'MARK_ARGUMENT',
      'doses of a curve ascend from 0 to 1, with enough students at each',
      `Calibrate each dose with ${Math.ceil(1 / tail - 1)} students or more.`,
    );
  const tooLow = curve.map(({ statistics }) => rankBelow(statistics, (s) => s >= statistic) <= tail);
  const tooHigh = curve.map(({ statistics }) => rankBelow(statistics, (s) => s <= statistic) <= tail);
  // The statistic is above nearly all students of these doses, and below nearly all of those.
  const lowest = tooLow.lastIndexOf(true);
  const highest = tooHigh.indexOf(true);
  return {
    estimate: interpolate(statistic, curve),
    lower: lowest < 0 ? 0 : curve[lowest]!.dose,
    upper: highest < 0 ? 1 : curve[highest]!.dose,
    confidence,
  };
}

function rankBelow(statistics: readonly number[], holds: (s: number) => boolean): number {
  return (1 + statistics.filter(holds).length) / (statistics.length + 1);
}

/** Dose at which the medians, made monotone from below, reach the statistic. */
function interpolate(statistic: number, curve: readonly DosePoint[]): number {
  let [dose, median] = [curve[0]!.dose, medianOf(curve[0]!.statistics)];
  if (statistic <= median) return dose;
  for (const point of curve.slice(1)) {
    const next = medianOf(point.statistics);
    if (next <= median) continue;
    if (statistic <= next) return dose + ((point.dose - dose) * (statistic - median)) / (next - median);
    [dose, median] = [point.dose, next];
  }
  return dose;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function meanScore(mark: Mark, context: Int32Array, mass: TokenMass): number {
  const table = new WeightedNgramTable(mark.contextWidth);
  table.add(context, mass);
  const { ngrams, weights } = table.collect();
  const scores = scoreValues(mark.pivot, mark.read(ngrams));
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += scores[i]! * weights[i]!;
  return sum;
}

function shapeMass(mark: Mark, context: Int32Array, mass: TokenMass, random: Random): TokenMass {
  const tokens = Int32Array.from(mass.keys()).sort();
  const logProbabilities = Float64Array.from(tokens, (token) => Math.log(mass.get(token)!));
  mark.reshape(context, { tokens, logProbabilities }, () => random.uniform());
  let highest = Number.NEGATIVE_INFINITY;
  for (const logP of logProbabilities) highest = Math.max(highest, logP);
  let total = 0;
  const shaped = new Map<number, number>();
  for (let i = 0; i < tokens.length; i++) {
    const p = Math.exp(logProbabilities[i]! - highest);
    if (!(p > 0)) continue;
    shaped.set(tokens[i]!, p);
    total += p;
  }
  for (const [token, p] of shaped) shaped.set(token, p / total);
  return shaped;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
