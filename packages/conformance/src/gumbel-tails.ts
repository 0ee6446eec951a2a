import { logBinomialDensity, logGamma, logIncompleteGamma } from '@phalanx/stats';
import { testMark } from '@phalanx/watermark';
import type { Trial } from './gumbel-exchange.js';

/** Levels at which p-values of judges are held against the truth. */
export const NOMINAL = [1e-2, 1e-6, 1e-10];

/** Where a tail that falls from 1 to 0 over [0, 1e5] reaches ln p. */
export function solveTail(logTail: (x: number) => number, logP: number): number {
  let low = 0;
  let high = 1e5;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (logTail(middle) > logP) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * vLLM's dual-key p-value where it is nominal, and the law of the score there: n exponentials of weight 0.9 and n of
 * weight 0.1, by quadrature, which ours must equal.
 */
export function prepareDualKeyTail(): Trial {
  const alpha = 0.1;
  const n = 30;
  const variance = (1 - alpha) ** 2 + alpha ** 2;
  const moments = (s: number) => logIncompleteGamma(n / variance, s / variance).logUpper;
  const scores = NOMINAL.map((p) => solveTail(moments, Math.log(p)));
  return {
    question: { ask: 'tails', algorithm: 'dual', key: '1', contextWidth: 4, alpha, n, scores },
    check(checks, judge, answer) {
      const theirs = answer as readonly number[];
      const figures = scores.map((score, i) => {
        const truth = integrateTail(score, n, alpha);
        const values = new Float64Array(2 * n).fill(-Math.expm1(-score / n));
        const ours = testMark({ kind: 'uniform', streams: 2 }, values, { secondShare: alpha });
        const what = `dual key: ${judge.name} says ${NOMINAL[i]}`;
        checks.check(what, Math.abs(theirs[i]! / NOMINAL[i]! - 1) < 1e-6, () => String(theirs[i]));
        const ratio = Math.exp(ours.logP) / truth;
        checks.check(`${what}, ours the truth`, Math.abs(ratio - 1) < 1e-8, () => `x${ratio}`);
        return `x${(truth / theirs[i]!).toFixed(2)} at ${NOMINAL[i]}`;
      });
      checks.note(
        `dual key, n = ${n}: the truth is ${figures.join(', ')} of what ${judge.name} says, and x1.00 of ours`,
      );
    },
  };
}

/** P((1 - alpha) G + alpha H >= score) for two gammas of shape n: Simpson's rule over H. */
function integrateTail(score: number, n: number, alpha: number): number {
  const steps = 200_000;
  const end = 400;
  let total = 0;
  for (let step = 1; step <= steps; step++) {
    const h = (end * step) / steps;
    const density = Math.exp((n - 1) * Math.log(h) - h - logGamma(n));
    const rest = (score - alpha * h) / (1 - alpha);
    const tail = rest <= 0 ? 1 : Math.exp(logIncompleteGamma(n, rest).logUpper);
    const weight = step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    total += weight * density * tail;
  }
  return (total * end) / steps / 3;
}

/** A long marked text: p = 0 upstream. */
export function prepareUnderflow(): Trial {
  const n = 5000;
  return {
    question: { ask: 'tails', algorithm: 'gumbel', key: '1', contextWidth: 4, n, scores: [4 * n] },
    check(checks, judge, answer) {
      const values = new Float64Array(n).fill(-Math.expm1(-4));
      const { logP } = testMark({ kind: 'uniform', streams: 1 }, values);
      checks.check('underflow: ours is finite and below 0', Number.isFinite(logP) && logP < 0);
      const greens = testMark({ kind: 'green', gamma: 0.25 }, new Float64Array(n).fill(1)).logP;
      checks.check('underflow: all green is n ln gamma', Math.abs(greens / (n * Math.log(0.25)) - 1) < 1e-9);
      checks.note(
        `${n} tokens of mean score 4: p = ${answer} from ${judge.name}, 10^${(logP / Math.LN10).toFixed(1)} from ours`,
      );
    },
  };
}

/** TextSeal's mid-p is smaller than it may be. Where no token is green p is 1. */
export function prepareMidP(): Trial {
  const n = 20;
  const scores = Array.from({ length: n + 1 }, (_, i) => i);
  return {
    question: { ask: 'tails', key: '1', contextWidth: 2, type: 'greenlist', gamma: 0.5, n, scores },
    check(checks, judge, answer) {
      const theirs = (answer as (number | null)[]).map((p) => p ?? Number.NaN);
      const density = scores.map((k) => Math.exp(logBinomialDensity(k, n, 0.5)));
      const ours = scores.map((k) => {
        const greens = Float64Array.from({ length: n }, (_, i) => (i < k ? 1 : 0));
        return Math.exp(testMark({ kind: 'green', gamma: 0.5 }, greens).logP);
      });
      const excess = (p: readonly number[]) =>
        Math.max(
          ...p
            .filter((level) => level > 0)
            .map((level) => density.reduce((sum, d, k) => sum + (p[k]! <= level ? d : 0), 0) / level),
        );
      checks.check('greenlist: P(p <= level) is at most the level', excess(ours) <= 1 + 1e-12);
      checks.check('greenlist: p is 1 where no token is green', ours[0] === 1, () => String(ours[0]));
      checks.note(
        `greenlist, n = ${n}: P(p <= level) is up to ${excess(theirs).toFixed(2)} times the level from ${judge.name}, ${excess(ours).toFixed(2)} times from ours; no green: p = ${theirs[0]!.toFixed(6)} and ${ours[0]}`,
      );
    },
  };
}

/** Nothing scored: NaN upstream, 1 here. */
export function prepareNothingScored(): Trial {
  return {
    question: { ask: 'tails', key: '1', contextWidth: 2, type: 'gumbelmax', n: 0, scores: [0, -1] },
    check(checks, judge, answer) {
      for (const pivot of [
        { kind: 'green', gamma: 0.5 },
        { kind: 'uniform', streams: 1 },
        { kind: 'uniform', streams: 2 },
      ] as const) {
        const { logP } = testMark(pivot, new Float64Array());
        checks.check(`nothing scored: p is 1 (${pivot.kind})`, logP === 0, () => String(logP));
      }
      const theirs = (answer as (number | null)[]).map((p) => p ?? 'NaN');
      checks.note(`nothing scored: p = ${theirs.join(', ')} from ${judge.name}, 1 from ours`);
    },
  };
}
