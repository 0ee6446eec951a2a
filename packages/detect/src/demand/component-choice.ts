import type { ExchangeSample } from '@phalanx/domain';
import { logPoissonUpperTail, REPEAT_BETS } from '@phalanx/stats';
import type { Families } from '../options.js';
import {
  type Component,
  candidateComponents,
  formOf,
  matchesComponent,
  requestShare,
  unionOfForms,
} from './component.js';
import { findBoilerplate, NearRepeatIndex } from './near-repeats.js';
import type { Reference } from './reference.js';

/** A component chosen for testing, with what the past said about it. Chosen on the past, tested on the future only. */
export interface ChosenComponent {
  readonly component: Component;
  /** Of the pool's past exchanges. */
  readonly share: number;
  /**
   * False when its past already repeats more often than lambda0 explains (p < 1 %), or when it is a signature under which many
   * customers ask, who as strangers hardly repeat one another: its demand says nothing, its evenness may.
   */
  readonly promising: boolean;
  /** Near-repeat rate a pair that the null grants. */
  readonly lambda0: number;
}

const MIN_FAMILY_ROWS = 20;
const MIN_ROWS = 60;
const MAX_ROWS = 3_000;
const MIN_ENRICHMENT = 1.1;
/** Intents, parameters and instructions must be this much more frequent than elsewhere. */
const MIN_RARITY = 2;
const MIN_REQUEST_SHARE = 0.3;
/** A deficit is claimed against 30 % of the reference's own rate, and never against more than ordinary users show. */
const REFERENCE_FACTOR = 0.3;
const ORGANIC_RATE = 2e-5;
const USUAL_RATE = 3e-5;
/** A signature whose forms are this like everybody's (`Strangers.likeness`) is no single job's. */
const MIXTURE = 0.7;

/** What a family's past looks like: prompts, and near-repeats a pair. */
interface Family {
  readonly component: Extract<Component, { kind: 'form' }>;
  readonly rows: number;
  readonly rate: number;
}

/**
 * Picks the components of a pool's past that look most like a list that never repeats: the best single family, the union
 * that promises most (evidence grows with the pairs of prompts while there are few), any explicit intent that is present, and every rare
 * signature. Without content there is no demand, only evenness.
 *
 * lambda0 = min(0.3 x the reference's rate, 2e-5): people ask the same thing again at 3.7e-5 to 1.1e-4 a pair on four
 * public chat and support corpora (`npm run conformance -- near-repeats`), and the test concedes almost half of the lowest.
 * `DemandProcess` counts pairs at most 500 prompts apart.
 */
export function chooseComponents(
  past: ExchangeSample,
  reference: Reference,
  members: ReadonlySet<bigint>,
  allowed: Families,
): ChosenComponent[] {
  const strangers = reference.without(members);
  const total = past.shape.length;
  const byForm = new Map<number, number>();
  for (let row = 0; row < total; row++) {
    const form = formOf(past, row);
    byForm.set(form, (byForm.get(form) ?? 0) + 1);
  }
  const families: Family[] = [];
  const chosen: ChosenComponent[] = [];
  const lambda0Of = (component: Component): number =>
    Math.min(REFERENCE_FACTOR * strangers.repeatRate(component), ORGANIC_RATE);
  for (const component of candidateComponents(past)) {
    if (!(component.kind === 'signature' ? allowed.metadata : allowed.content)) continue;
    const isForm = component.kind === 'form';
    let n = 0;
    if (isForm) for (const [form, count] of byForm) if (component.matches(form)) n += count;
    if (isForm && (n < MIN_FAMILY_ROWS || n / total / strangers.share(component) < MIN_ENRICHMENT)) continue;
    const rows: number[] = [];
    for (let row = 0; row < total; row++) if (matchesComponent(component, past, row)) rows.push(row);
    if (requestShare(past, rows) < MIN_REQUEST_SHARE) continue;
    if (isForm) families.push({ component, rows: n, rate: likelyRate(past, rows) });
    else if (rows.length >= MIN_ROWS && rows.length / total / strangers.share(component) >= MIN_RARITY) {
      const lambda0 = lambda0Of(component);
      const pairs = Math.min(rows.length, MAX_ROWS) ** 2 / 2;
      const logP = logPoissonUpperTail(countRepeats(past, rows), lambda0 * pairs);
      const repeats = logP <= Math.log(0.01);
      const promising = allowed.content && !repeats && strangers.likeness(past, rows) < MIXTURE;
      chosen.push({ component, share: rows.length / total, lambda0, promising });
    }
  }
  for (const { component, rows } of bestFamilies(families))
    chosen.push({ component, share: rows / total, lambda0: lambda0Of(component), promising: true });
  return chosen;
}

/** The most promising family alone, and the greedy union that starts from it. */
function bestFamilies(families: readonly Family[]): { component: Component; rows: number }[] {
  const picked: Family[] = [];
  let open = families;
  let best = Number.NEGATIVE_INFINITY;
  while (open.length > 0) {
    const values = open.map((family) => promise([...picked, family]));
    const next = values.indexOf(Math.max(...values));
    if (values[next]! <= best) break;
    best = values[next]!;
    const taken = open[next]!;
    picked.push(taken);
    open = open.filter((other) => other.component.family !== taken.component.family);
  }
  if (picked.length < 2) return picked;
  const union = unionOfForms(picked.map(({ component }) => component));
  return [picked[0]!, { component: union, rows: picked.reduce((sum, { rows }) => sum + rows, 0) }];
}

/**
 * How fast the log e-value of a union would grow with the square of time while its prompts are few, at the best of the test's bets: its pairs count
 * for it, the repeats within its families against it.
 */
function promise(union: readonly Family[]): number {
  const rows = union.reduce((sum, family) => sum + family.rows, 0);
  const repeats = union.reduce((sum, family) => sum + family.rate * family.rows ** 2, 0);
  return Math.max(...REPEAT_BETS.map((t) => (1 - t) * ORGANIC_RATE * rows ** 2 + Math.log(t) * repeats));
}

/** Near-repeats a pair; where little was seen, drawn towards a usual 3e-5 with the weight of half a repeat. */
function likelyRate(past: ExchangeSample, rows: readonly number[]): number {
  const pairs = Math.min(rows.length, MAX_ROWS) ** 2 / 2;
  return (countRepeats(past, rows) + 0.5) / (pairs + 0.5 / USUAL_RATE);
}

function countRepeats(past: ExchangeSample, rows: readonly number[]): number {
  const index = new NearRepeatIndex(MAX_ROWS, findBoilerplate(past, rows));
  let repeats = 0;
  for (const row of rows.slice(0, MAX_ROWS)) if (index.add(past, row)) repeats++;
  return repeats;
}
