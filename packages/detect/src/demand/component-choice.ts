import { type ExchangeSample, Intent, unpackShape } from '@phalanx/domain';
import { logPoissonUpperTail } from '@phalanx/stats';
import { type Component, candidateComponents, matchesComponent, SOUGHT, unionOfShapes } from './component.js';
import { findBoilerplate, NearRepeatIndex } from './near-repeats.js';
import type { Reference } from './reference.js';

/** A component chosen for testing, with what the past said about it. Chosen on the past, tested on the future only. */
export interface ChosenComponent {
  readonly component: Component;
  /** False when its past already repeats more often than lambda0 explains (p < 1 %): its demand says nothing, its evenness may. */
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
const ORGANIC_RATE = 1e-5;

/** What a family's past looks like: prompts and near-repeats among them. */
interface Family {
  readonly component: Extract<Component, { kind: 'shape' }>;
  readonly rows: number;
  readonly repeats: number;
}

/**
 * Picks the components of a pool's past that look most like a list that never repeats: the best single family, the union
 * that promises most (families are added while the deficit of the whole grows, since evidence grows with the square of
 * the prompts), and any explicit intent present.
 *
 * lambda0 = min(0.3 x the reference's rate, 1e-5): people ask the same thing again at 3.6e-5 to 1e-4 a pair on four
 * public chat and support corpora (`npm run conformance -- near-repeats`), and 0.3 of the lowest is 1e-5.
 */
export function chooseComponents(
  past: ExchangeSample,
  reference: Reference,
  members: ReadonlySet<bigint>,
): ChosenComponent[] {
  const strangers = reference.without(members);
  const total = past.shape.length;
  const byShape = new Map<number, number>();
  for (const shape of past.shape) byShape.set(shape, (byShape.get(shape) ?? 0) + 1);
  const shapes: Family[] = [];
  const chosen: ChosenComponent[] = [];
  const lambda0Of = (component: Component): number =>
    Math.min(REFERENCE_FACTOR * strangers.repeatRate(component), ORGANIC_RATE);
  for (const component of candidateComponents(past)) {
    const isShape = component.kind === 'shape';
    let n = 0;
    if (isShape) for (const [shape, count] of byShape) if (component.matches(shape)) n += count;
    if (isShape && (n < MIN_FAMILY_ROWS || n / total / strangers.share(component) < MIN_ENRICHMENT)) continue;
    const rows: number[] = [];
    for (let row = 0; row < total; row++) if (matchesComponent(component, past, row)) rows.push(row);
    if (requestShare(past, rows) < MIN_REQUEST_SHARE) continue;
    if (isShape) shapes.push({ component, rows: n, repeats: countRepeats(past, rows) });
    else if (rows.length >= MIN_ROWS && rows.length / total / strangers.share(component) >= MIN_RARITY) {
      const lambda0 = lambda0Of(component);
      const pairs = Math.min(rows.length, MAX_ROWS) ** 2 / 2;
      const logP = logPoissonUpperTail(countRepeats(past, rows), lambda0 * pairs);
      chosen.push({ component, lambda0, promising: logP > Math.log(0.01) });
    }
  }
  for (const component of bestFamilies(shapes))
    chosen.push({ component, lambda0: lambda0Of(component), promising: true });
  return chosen;
}

/** The most promising family alone, and the greedy union. */
function bestFamilies(families: readonly Family[]): Component[] {
  const open = [...families];
  const picked: Family[] = [];
  let rows = 0;
  let repeats = 0;
  let best = 0;
  for (;;) {
    let next = -1;
    for (const [i, c] of open.entries()) {
      const value = promise(rows + c.rows, repeats + c.repeats);
      if (value > best) {
        best = value;
        next = i;
      }
    }
    if (next < 0) break;
    const [taken] = open.splice(next, 1);
    picked.push(taken!);
    rows += taken!.rows;
    repeats += taken!.repeats;
    for (let i = open.length - 1; i >= 0; i--)
      if (open[i]!.component.family === taken!.component.family) open.splice(i, 1);
  }
  const components = picked.map((c) => c.component);
  if (components.length === 0) return [];
  return components.length === 1 ? components : [components[0]!, unionOfShapes(components)];
}

/** Log e-value that n prompts with k near-repeats would give against the organic rate, at a bet of one in five. */
function promise(n: number, k: number): number {
  return k * Math.log(0.2) + (0.8 * ORGANIC_RATE * n * (n - 1)) / 2;
}

function countRepeats(past: ExchangeSample, rows: readonly number[]): number {
  const index = new NearRepeatIndex(MAX_ROWS, findBoilerplate(past, rows));
  let repeats = 0;
  for (const row of rows.slice(0, MAX_ROWS)) if (index.add(past, row)) repeats++;
  return repeats;
}

/** Share of prompts that ask for something: a question, an order, or an explicit intent. */
function requestShare(past: ExchangeSample, rows: readonly number[]): number {
  const sought = SOUGHT.reduce((bits, name) => bits | Intent[name], 0);
  let asks = 0;
  for (const row of rows) {
    const cell = unpackShape(past.shape[row]!);
    const request =
      cell.opening === 'question' ||
      cell.opening === 'auxiliary' ||
      cell.opening === 'imperative' ||
      cell.ending === 2;
    if (request || (past.intents[row]! & sought) !== 0) asks++;
  }
  return asks / rows.length;
}
