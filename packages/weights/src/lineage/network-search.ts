import type { WeightFile } from '../formats/weight-file.js';
import { findPartners, type RowMatrix } from '../kernels/inner-products.js';
import { findAnalyticReason } from './analytic-tensor.js';
import { type Part, type PlacedTensor, placeTensors } from './architecture.js';
import { type DimensionMap, matchDimensions } from './dimension-map.js';
import { countOwnPlace, logMatchCountP } from './match-count.js';
import { countInOrder, logOrderCountP } from './order-count.js';
import { spread, viewUnits } from './shared-units.js';
import {
  isCopyOf,
  placeWindow,
  readUnits,
  type SampleWindow,
  standardiseRows,
  type UnitView,
} from './unit-sample.js';

/** A feed-forward network that was sought among those of the other model. */
export interface FoundNetwork {
  readonly layer: number;
  readonly expert: number | null;
  /** Where it has most matches. */
  readonly otherLayer: number;
  readonly otherExpert: number | null;
  readonly units: number;
  readonly matches: number;
}

export interface NetworkTest {
  readonly part: Part;
  /** Whether units keep their place, or, where widths differ, their order. */
  readonly rule: 'own place' | 'order';
  readonly found: readonly FoundNetwork[];
  readonly units: number;
  readonly matches: number;
  /** Natural logarithm of a bound on the chance of so many, over all ways to choose partners of networks. */
  readonly logP: number;
}

export interface NetworkSearch {
  /** The model whose networks were sought in the other: the one with narrower networks, else with fewer. */
  readonly sought: 'left' | 'right';
  /** Where the models have residual streams of unequal width: what became of the dimensions. */
  readonly dimensions: Pick<DimensionMap, 'units' | 'matches' | 'logP'> | null;
  readonly tests: readonly NetworkTest[];
  /** Smallest `logP` times four: that of dimensions and of three parts, tried or not. */
  readonly logP: number;
}

interface Network {
  readonly layer: number;
  readonly expert: number | null;
  readonly views: ReadonlyMap<Part, UnitView>;
}

const AXES = { gate: 'row', up: 'row', down: 'column' } as const;
type SoughtPart = keyof typeof AXES;
const TESTS = 4;
/** Above so many networks (experts of all layers) only those of the same layer are candidates. */
const CANDIDATES = 256;
/** Where order is looked at, all units of the other model are read: of fewer networks, and fewer numbers of each. */
const [ORDER_GROUPS, ORDER_FEATURES] = [8, 128];

/**
 * T1 where numbers of layers mean nothing: depth that was cut or grown, experts that changed places or grew out of one network, neurons or
 * dimensions that were cut away. Some networks of one model, each against all of the other; what each matches best is added up.
 *
 * Widths equal: units whose best match has their own place, bound of `logMatchCountP`. Widths unequal: units of `down` whose best matches
 * rise, bound of `logOrderCountP`; and where the residual streams differ in width too, over dimensions that `matchDimensions` pairs by
 * embeddings, whose order says nothing of the order of neurons. Either bound holds for each way to give every network sought a
 * partner; there are as many ways as the product of the numbers of candidates, by which it is multiplied. Copies of a network within the
 * model that is sought share one order and count once.
 *
 * Null hypothesis and its limits as in `testSharedUnits`. Null where there is nothing to compare.
 */
export async function searchNetworks(
  left: WeightFile,
  right: WeightFile,
  { units, features, groups }: { units: number; features: number; groups: number },
): Promise<NetworkSearch | null> {
  const networks = { left: listNetworks(left), right: listNetworks(right) };
  const sought = chooseSide(networks.left, networks.right);
  const [file, other] = sought === 'left' ? [left, right] : [right, left];
  const mine = networks[sought];
  const theirs = networks[sought === 'left' ? 'right' : 'left'];
  if (mine.length === 0 || theirs.length === 0) return null;
  const widths = [mine, theirs].map((all) => widthOf(all));
  const dimensions = widths[0] === widths[1] ? null : await matchDimensions(file, other);
  const tests: NetworkTest[] = [];
  for (const part of Object.keys(AXES) as SoughtPart[]) {
    const asks = planAsks(part, mine, theirs, dimensions, { units, features, groups });
    const test = asks === null ? null : await runTest(part, file, other, asks);
    if (test !== null) tests.push(test);
  }
  if (tests.length === 0 && dimensions === null) return null;
  const least = Math.min(0, dimensions?.logP ?? 0, ...tests.map(({ logP }) => logP));
  return { sought, dimensions, tests, logP: Math.min(0, least + Math.log(TESTS)) };
}

function listNetworks(file: WeightFile): readonly Network[] {
  const found = new Map<string, { layer: number; expert: number | null; views: Map<Part, UnitView> }>();
  for (const place of placeTensors(file)) {
    const { part, layer, expert } = place;
    if (layer === null || !isSought(part)) continue;
    const view = viewUnits(place, AXES[part]);
    if (view === null || view.units < 2) continue;
    const key = `${layer} ${expert}`;
    const network = found.get(key) ?? { layer, expert, views: new Map() };
    network.views.set(part, view);
    found.set(key, network);
  }
  return [...found.values()].sort((a, b) => a.layer - b.layer || (a.expert ?? 0) - (b.expert ?? 0));
}

function isSought(part: PlacedTensor['part']): part is SoughtPart {
  return part in AXES;
}

function chooseSide(left: readonly Network[], right: readonly Network[]): 'left' | 'right' {
  const [mine, theirs] = [left, right].map((all) => all[0]?.views.get('down')?.units ?? 0) as [
    number,
    number,
  ];
  if (mine !== theirs) return mine < theirs ? 'left' : 'right';
  return left.length < right.length ? 'left' : 'right';
}

/** Width of the residual stream. */
function widthOf(networks: readonly Network[]): number {
  const view = networks[0]?.views.get('down');
  return view === undefined ? 0 : countFeatures(view);
}

function countFeatures(view: UnitView): number {
  return view.axis === 'row' ? view.columns : view.place.rows[1];
}

/** A network that is sought, with its candidates and how both are read. */
interface Ask {
  readonly network: Network;
  readonly candidates: readonly Network[];
  readonly window: SampleWindow;
  readonly otherWindow: SampleWindow;
  /** For each feature read of the network the place of its partner among those read of a candidate; null where they are the same. */
  readonly pairs: Int32Array | null;
  readonly rule: NetworkTest['rule'];
}

interface Sizes {
  readonly units: number;
  readonly features: number;
  readonly groups: number;
}

function planAsks(
  part: SoughtPart,
  mine: readonly Network[],
  theirs: readonly Network[],
  dimensions: DimensionMap | null,
  { units, features, groups }: Sizes,
): readonly Ask[] | null {
  const [first, second] = [mine[0]!.views.get(part), theirs[0]!.views.get(part)];
  if (first === undefined || second === undefined || first.axis !== second.axis) return null;
  const isEqual = first.units === second.units && countFeatures(first) === countFeatures(second);
  if (!isEqual && (part !== 'down' || first.axis !== 'column')) return null;
  if (!isEqual && countFeatures(first) !== countFeatures(second) && (dimensions?.left.length ?? 0) < 32)
    return null;
  const asks: Ask[] = [];
  for (const network of spread(mine, isEqual ? groups : Math.min(groups, ORDER_GROUPS))) {
    const view = network.views.get(part);
    if (view === undefined || view.units !== first.units) continue;
    const candidates = theirs.filter(
      ({ layer, views }) =>
        views.get(part)?.units === second.units && (theirs.length <= CANDIDATES || layer === network.layer),
    );
    if (candidates.length === 0) continue;
    const window = placeWindow(view, units, isEqual ? features : Math.min(features, ORDER_FEATURES));
    const whole = { ...window, firstUnit: 0, units: second.units };
    if (isEqual)
      asks.push({ network, candidates, window, otherWindow: window, pairs: null, rule: 'own place' });
    else if (dimensions === null)
      asks.push({ network, candidates, window, otherWindow: whole, pairs: null, rule: 'order' });
    else {
      const taken = spread([...dimensions.left.keys()], ORDER_FEATURES);
      const lines = taken.map((i) => dimensions.left[i]!);
      const partners = taken.map((i) => dimensions.right[i]!);
      const sorted = [...partners].sort((a, b) => a - b);
      const place = new Map(sorted.map((line, i) => [line, i]));
      const pairs = Int32Array.from(partners, (line) => place.get(line)!);
      const count = { firstFeature: 0, features: lines.length };
      asks.push({
        network,
        candidates,
        window: { ...window, ...count, lines },
        otherWindow: { ...whole, ...count, lines: sorted },
        pairs,
        rule: 'order',
      });
    }
  }
  return asks;
}

async function runTest(
  part: SoughtPart,
  file: WeightFile,
  other: WeightFile,
  asks: readonly Ask[],
): Promise<NetworkTest | null> {
  const kept: { ask: Ask; sample: RowMatrix; best: FoundNetwork | null }[] = [];
  for (const ask of asks) {
    const sample = await readSample(file, ask.network.views.get(part)!, ask.window, ask.pairs);
    if (sample !== null && !kept.some((one) => isCopyOf(sample, one.sample)))
      kept.push({ ask, sample, best: null });
  }
  for (const candidate of new Set(kept.flatMap(({ ask }) => ask.candidates))) {
    const { otherWindow } = kept.find(({ ask }) => ask.candidates.includes(candidate))!.ask;
    const theirs = await readSample(other, candidate.views.get(part)!, otherWindow, null);
    if (theirs === null) continue;
    for (const one of kept) {
      if (!one.ask.candidates.includes(candidate)) continue;
      const partners = findPartners(one.sample, theirs);
      const matches = one.ask.rule === 'order' ? countInOrder(partners) : countOwnPlace(partners);
      if (matches <= (one.best?.matches ?? -1)) continue;
      const { layer, expert } = one.ask.network;
      const place = { otherLayer: candidate.layer, otherExpert: candidate.expert };
      one.best = { layer, expert, ...place, units: one.sample.rows, matches };
    }
  }
  const found = kept.flatMap(({ best }) => (best === null ? [] : [best]));
  if (found.length === 0) return null;
  const { rule } = kept[0]!.ask;
  const [units, matches] = [sum(found.map((one) => one.units)), sum(found.map((one) => one.matches))];
  const logWays = sum(kept.map(({ ask }) => Math.log(ask.candidates.length)));
  const bound =
    rule === 'order'
      ? logOrderCountP(matches, Math.max(...found.map((one) => one.units)), found.length)
      : logMatchCountP(matches, found.length);
  return { part, rule, found, units, matches, logP: Math.min(0, bound + logWays) };
}

async function readSample(
  file: WeightFile,
  view: UnitView,
  window: SampleWindow,
  pairs: Int32Array | null,
): Promise<RowMatrix | null> {
  const read = await readUnits(file, view, window);
  if (findAnalyticReason(view.place.tensor.name, read) !== null) return null;
  const sample = pairs === null ? read : reorderFeatures(read, pairs);
  standardiseRows(sample);
  return sample;
}

/** Feature i goes to place `places[i]`. */
function reorderFeatures({ rows, columns, values }: RowMatrix, places: Int32Array): RowMatrix {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < columns; i++) out[row * columns + places[i]!] = values[row * columns + i]!;
  return { rows, columns, values: out };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
