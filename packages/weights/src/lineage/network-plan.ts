import type { WeightFile } from '../formats/weight-file.js';
import { type Part, type PlacedTensor, placeTensors } from './architecture.js';
import type { DimensionMap } from './dimension-map.js';
import { spread, viewUnits } from './shared-units.js';
import { placeWindow, type SampleWindow, type UnitView } from './unit-sample.js';

/** A feed-forward network by its matrices. */
export interface Network {
  readonly layer: number;
  readonly expert: number | null;
  readonly views: ReadonlyMap<Part, UnitView>;
  /** Whether `layer` is the model's number for it, and not a place in the file. */
  readonly isNumbered: boolean;
}

/** Parts whose units are neurons, and where those lie. */
const AXES = { gate: 'row', up: 'row', down: 'column' } as const;
export type SoughtPart = keyof typeof AXES;
export const SOUGHT_PARTS = Object.keys(AXES) as readonly SoughtPart[];
/** Above so many networks (experts of all layers) only those of the same layer are candidates. */
const CANDIDATES = 256;
/** Most matrices of a file without names that are candidates: three of each of 341 layers. */
const UNNUMBERED = 1_024;
/** Where order is looked at, all units of the other model are read: of fewer networks, and fewer numbers of each. */
const [ORDER_GROUPS, ORDER_FEATURES] = [8, 128];

/** Of all layers and experts, in their order. */
export function listNetworks(file: WeightFile): readonly Network[] {
  const found = new Map<
    string,
    { layer: number; expert: number | null; views: Map<Part, UnitView>; isNumbered: boolean }
  >();
  for (const place of placeTensors(file)) {
    const { part, layer, expert } = place;
    if (layer === null || !isSought(part)) continue;
    const view = viewUnits(place, AXES[part]);
    if (view === null || view.units < 2) continue;
    const key = `${layer} ${expert}`;
    const network = found.get(key) ?? { layer, expert, views: new Map(), isNumbered: true };
    network.views.set(part, view);
    found.set(key, network);
  }
  return [...found.values()].sort((a, b) => a.layer - b.layer || (a.expert ?? 0) - (b.expert ?? 0));
}

/**
 * Matrices of a file whose names say nothing, by what has their shape in `known`: each a network of one matrix, numbered in the order of the
 * file. Gates and ups of one shape cannot be told apart, so such a matrix is either; kept with inputs as rows, as exports of graphs
 * have them, it is turned.
 */
export function listByShape(file: WeightFile, known: readonly Network[]): readonly Network[] {
  const networks: Network[] = [];
  for (const tensor of file.tensors.values()) {
    const { shape } = tensor;
    if (shape.length !== 2) continue;
    const place = { tensor, rows: [0, shape[0]!] as const, skip: 0 };
    const views = new Map<Part, UnitView>();
    for (const part of SOUGHT_PARTS) {
      const like = findView(known, part);
      if (like === undefined) continue;
      const wanted =
        AXES[part] === 'row' ? [like.units, countFeatures(like)] : [countFeatures(like), like.units];
      const isTurned = shape.join() !== wanted.join();
      if (isTurned && shape.join() !== wanted.toReversed().join()) continue;
      const axis = (AXES[part] === 'row') === isTurned ? 'column' : 'row';
      views.set(part, { place, columns: shape[1]!, axis, units: like.units, width: 1 });
    }
    if (views.size > 0) networks.push({ layer: networks.length, expert: null, views, isNumbered: false });
  }
  return spread(networks, UNNUMBERED);
}

/** Of the first network that has the part. */
function findView(networks: readonly Network[], part: Part): UnitView | undefined {
  return networks.find(({ views }) => views.has(part))?.views.get(part);
}

function isSought(part: PlacedTensor['part']): part is SoughtPart {
  return part in AXES;
}

/** The model with narrower networks, else with fewer, else the right: by sizes alone. */
export function chooseSide(left: readonly Network[], right: readonly Network[]): 'left' | 'right' {
  const [mine, theirs] = [left, right].map((all) => findView(all, 'down')?.units ?? 0) as [number, number];
  if (mine !== theirs) return mine < theirs ? 'left' : 'right';
  return left.length < right.length ? 'left' : 'right';
}

/** Width of the residual stream. */
export function widthOf(networks: readonly Network[]): number {
  const view = findView(networks, 'down');
  return view === undefined ? 0 : countFeatures(view);
}

function countFeatures(view: UnitView): number {
  return view.axis === 'row' ? view.columns : view.place.rows[1];
}

/** A network that is sought, with its candidates and how both are read. */
export interface Ask {
  readonly network: Network;
  readonly candidates: readonly Network[];
  readonly window: SampleWindow;
  readonly otherWindow: SampleWindow;
  /** For each feature read of the network the place of its partner among those read of a candidate; null where they are the same. */
  readonly pairs: Int32Array | null;
  /** Whether units keep their place, or, where widths differ, their order. */
  readonly rule: 'own place' | 'order';
}

/** Units, numbers of each, and networks that are looked at. */
export interface SearchSizes {
  readonly units: number;
  readonly features: number;
  readonly groups: number;
}

/**
 * Which networks are sought, among which candidates, and what of them is read: by names and sizes alone, and, where residual streams differ in width, by
 * the pairs of dimensions that embeddings show. Null where a part cannot be compared.
 */
export function planAsks(
  part: SoughtPart,
  mine: readonly Network[],
  theirs: readonly Network[],
  dimensions: DimensionMap | null,
  { units, features, groups }: SearchSizes,
): readonly Ask[] | null {
  const [first, second] = [findView(mine, part), findView(theirs, part)];
  if (first === undefined || second === undefined) return null;
  const isEqual = first.units === second.units && countFeatures(first) === countFeatures(second);
  if (!isEqual && (part !== 'down' || first.axis !== 'column' || second.axis !== 'column')) return null;
  if (!isEqual && countFeatures(first) !== countFeatures(second) && (dimensions?.left.length ?? 0) < 32)
    return null;
  const asks: Ask[] = [];
  for (const network of spread(mine, isEqual ? groups : Math.min(groups, ORDER_GROUPS))) {
    const view = network.views.get(part);
    if (view === undefined || view.units !== first.units) continue;
    const candidates = theirs.filter(
      ({ layer, views, isNumbered }) =>
        views.get(part)?.units === second.units &&
        (theirs.length <= CANDIDATES || !isNumbered || layer === network.layer),
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
