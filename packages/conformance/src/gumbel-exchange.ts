import type { Random } from '@phalanx/stats';
import { type Mark, NgramCollector, type Ngrams, testMark } from '@phalanx/watermark';
import type { Checks } from './checks.js';
import type { GumbelJudge, Question } from './gumbel-judges.js';

/** What both sides write a text from: the logits of each step, in single precision, and one random number a step. */
export interface Steps {
  readonly logits: readonly number[][];
  readonly uniforms: readonly number[];
}

const STEPS = 300;
const VOCABULARY = 400;
const TEXTS = 3;

/** Logits of a random model: 3 nats of spread, so that many tokens are near one another. */
export function drawSteps(random: Random): Steps {
  const logits = Array.from({ length: STEPS }, () =>
    Array.from({ length: VOCABULARY }, () => Math.fround(6 * random.uniform())),
  );
  return { logits, uniforms: Array.from({ length: STEPS }, () => random.uniform()) };
}

/** The text that a mark which chooses writes; `start` stands before it and is part of it. */
export function writeChosen(mark: Mark, { logits, uniforms }: Steps, start: readonly number[]): number[] {
  const tokens = Int32Array.from({ length: VOCABULARY }, (_, i) => i);
  const text = [...start];
  logits.forEach((row, step) => {
    const candidates = { tokens, logProbabilities: Float64Array.from(row) };
    const width = mark.contextWidth;
    const context = Int32Array.from(
      { length: width },
      (_, i) => text[text.length - width + i] ?? mark.padding!,
    );
    mark.reshape(context, candidates, () => uniforms[step]!);
    text.push(candidates.logProbabilities.indexOf(0));
  });
  return text;
}

/** One scheme of a judge and the mark that is to be the same. */
export interface Counterpart {
  readonly name: string;
  readonly mark: Mark;
  /** What the judge is told of it. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** Tokens that stand before a text. */
  readonly start: readonly number[];
  /** Two streams: which of them a step goes to, as the judge is told. */
  readonly route?: (uniform: number) => number;
  /** Score of n-grams as the judge's detector sums it. */
  readonly score: (values: Float64Array) => number;
  /** Tokens at the start that the judge does not score. */
  readonly skipped: number;
  /** Relative error that its single precision is allowed. */
  readonly tolerance: number;
  /** Its answer to `detect` as sum, n and p. */
  readonly unpack: (answer: never) => { readonly sum: number; readonly n: number; readonly p: number };
}

/** A question to a judge, and what is checked of its answer. */
export interface Trial {
  readonly question: Question;
  check(checks: Checks, judge: GumbelJudge, answer: never): void;
}

/**
 * Both ways: what the judge writes is what the mark writes, token by token; and each finds the text of the other with
 * the same score.
 */
export function prepareExchange(
  { name, mark, asked, start, route, ...other }: Counterpart,
  random: Random,
): Trial {
  const batches = Array.from({ length: TEXTS }, () => drawSteps(random));
  const ours = batches.map((steps) => writeChosen(mark, steps, start));
  const steps = batches.map(({ logits, uniforms }) => {
    return { logits, routes: route === undefined ? [] : uniforms.map(route) };
  });
  return {
    question: { ask: 'exchange', ...asked, start, steps, texts: ours },
    check(checks, judge, answer) {
      const [theirs, found] = answer as [number[][], never[]];
      let equal = 0;
      let compared = 0;
      theirs.forEach((text, i) => {
        for (let at = start.length; at < text.length; at++, compared++)
          if (text[at] === ours[i]![at]) equal++;
      });
      checks.check(`${name}: ${judge.name} chooses the same tokens`, equal === compared, () => `${equal}`);
      let worst = 0;
      [...ours, ...theirs].forEach((text, i) => {
        const { sum, n, p } = other.unpack(found[i]!);
        const ngrams = collectText(mark, text, other.skipped);
        const values = mark.read(ngrams);
        worst = Math.max(worst, Math.abs(other.score(values) - sum) / sum);
        checks.check(
          `${name}: text ${i}: scored as often`,
          ngrams.count === n,
          () => `${ngrams.count}, ${n}`,
        );
        const { logP } = testMark(mark.pivot, values, { secondShare: mark.secondShare ?? 0.5 });
        const both = p < 1e-10 && logP < Math.log(1e-10);
        checks.check(`${name}: text ${i}: found by both`, both, () => `${p}, ${Math.exp(logP)}`);
      });
      checks.check(`${name}: same scores`, worst <= other.tolerance, () => String(worst));
      checks.note(
        `${name} and ${judge.name}: ${equal} of ${compared} tokens chosen alike, ${2 * TEXTS} texts read both ways, scores apart by at most ${worst.toExponential(1)}`,
      );
    },
  };
}

/** The n-grams of a text without its first tokens, which stay context. */
export function collectText(mark: Mark, text: readonly number[], skipped: number): Ngrams {
  const collector = new NgramCollector(mark);
  const mask = Uint8Array.from(text, (_, at) => (at < skipped ? 0 : 1));
  collector.add(Int32Array.from(text), mask);
  return collector.collect();
}
