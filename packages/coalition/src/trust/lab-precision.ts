import { logIncompleteBeta } from '@phalanx/stats';
import type { TraceKind } from './trace.js';

/** What is learnt about: claims by the kind of trace, and opinions. */
export type LearntKind = TraceKind | 'opinion';

/** One thing that own telemetry showed of one lab's word. */
export interface Outcome {
  readonly member: string;
  readonly kind: LearntKind;
  /** What it is about: of one subject the last outcome counts. */
  readonly subject: string;
  readonly wasRight: boolean;
  /** 0 < weight <= 1. */
  readonly weight: number;
  readonly atMs: number;
}

/** What is believed of the share of a lab's words that are right. */
export interface Precision {
  readonly right: number;
  readonly wrong: number;
  readonly mean: number;
  /** 10 % quantile. */
  readonly low: number;
}

/** Before anything is known. A claim counts from its quantile on, so that a new lab's does not; an opinion counts from its mean on, so that a new lab's does. */
const PRIOR = { claim: { right: 1, wrong: 1 }, opinion: { right: 2, wrong: 1 } } as const;
const LOW = 0.1;

/**
 * Beta posterior of a lab's precision for one kind: each outcome adds its weight, halved every half-life, so that old merit and old guilt both
 * fade back to the prior.
 */
export function learnPrecision(
  outcomes: Iterable<Outcome>,
  kind: LearntKind,
  atMs: number,
  halfLifeMs: number,
): Precision {
  const prior = PRIOR[kind === 'opinion' ? 'opinion' : 'claim'];
  let { right, wrong }: { right: number; wrong: number } = prior;
  for (const outcome of outcomes) {
    if (outcome.kind !== kind || outcome.atMs > atMs) continue;
    const weight = outcome.weight * 2 ** (-(atMs - outcome.atMs) / halfLifeMs);
    if (outcome.wasRight) right += weight;
    else wrong += weight;
  }
  return { right, wrong, mean: right / (right + wrong), low: betaQuantile(LOW, right, wrong) };
}

/** The p quantile of Beta(a, b), by bisection to 1e-9: exact enough for a threshold, and never outside (0, 1). */
export function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (logIncompleteBeta(a, b, middle).logLower < Math.log(p)) low = middle;
    else high = middle;
  }
  return low;
}
