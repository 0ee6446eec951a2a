import { type ExchangeSample, Intent, unpackShape } from '@phalanx/domain';
import { RepeatDeficit, repeatProbability } from '@phalanx/stats';
import { type Component, candidateComponents, matchesComponent, SOUGHT, unionOfShapes } from './component.js';
import { NearRepeatIndex } from './near-repeats.js';
import type { Reference } from './reference.js';

/** A component chosen for testing, with what the past said about it. Chosen on the past, tested on the future only. */
export interface ChosenComponent {
  readonly component: Component;
  /** Near-repeat rate a pair that the null grants. */
  readonly lambda0: number;
  /** log10 e-value of the deficit on the data that chose it: for ranking, never evidence. */
  readonly rankLog10E: number;
}

const MIN_ROWS = 60;
const MAX_ROWS = 3_000;
const MIN_ENRICHMENT = 1.2;
const MIN_REQUEST_SHARE = 0.3;
/** A deficit is claimed against 30 % of the reference's own rate, and never against more than ordinary users show. */
const REFERENCE_FACTOR = 0.3;
const ORGANIC_RATE = 3e-5;
const UNKNOWN_RATE = 2e-5;

/**
 * Picks the components of a pool's past that look most like a list that never repeats: the two best, the union of all
 * promising ones, and any explicit intent present.
 *
 * lambda0 = min(0.3 x the reference's rate, 3e-5): people ask the same thing again at 4e-5 to 1e-4 a pair on four public
 * chat and support corpora, so a test against 3e-5 concedes a third of that.
 */
export function chooseComponents(
  past: ExchangeSample,
  reference: Reference,
  members: ReadonlySet<bigint>,
): ChosenComponent[] {
  const scored: ChosenComponent[] = [];
  for (const component of candidateComponents(new Set(past.shape))) {
    const rows: number[] = [];
    for (let row = 0; row < past.shape.length; row++)
      if (matchesComponent(component, past.shape[row]!, past.intents[row]!)) rows.push(row);
    if (rows.length < MIN_ROWS) continue;
    const enrichment = rows.length / past.shape.length / reference.share(component, members);
    if (enrichment < MIN_ENRICHMENT || requestShare(past, rows) < MIN_REQUEST_SHARE) continue;
    const rate = reference.repeatRate(component, members);
    const lambda0 = Math.min(rate === null ? UNKNOWN_RATE : REFERENCE_FACTOR * rate, ORGANIC_RATE);
    scored.push({ component, lambda0, rankLog10E: rank(past, rows, lambda0) });
  }
  scored.sort((a, b) => b.rankLog10E - a.rankLog10E);
  const shapes = scored.filter((s) => s.component.kind === 'shape');
  const chosen = [...shapes.slice(0, 2), ...scored.filter((s) => s.component.kind === 'intent')];
  const promising = shapes.filter((s) => s.rankLog10E > 0.3);
  if (promising.length > 1)
    chosen.push({
      component: unionOfShapes(promising.map((s) => s.component)),
      lambda0: Math.min(...promising.map((s) => s.lambda0)),
      rankLog10E: promising[0]!.rankLog10E,
    });
  return chosen;
}

function rank(past: ExchangeSample, rows: readonly number[], lambda0: number): number {
  const index = new NearRepeatIndex(MAX_ROWS);
  const deficit = new RepeatDeficit();
  for (const row of rows.slice(0, MAX_ROWS)) {
    const earlier = index.size;
    deficit.addItem(index.add(past, row), repeatProbability(lambda0, earlier));
  }
  return deficit.logE / Math.LN10;
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
