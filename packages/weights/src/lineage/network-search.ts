import type { WeightFile } from '../formats/weight-file.js';
import { findPartners, type RowMatrix } from '../kernels/inner-products.js';
import { findAnalyticReason } from './analytic-tensor.js';
import type { Part } from './architecture.js';
import { type DimensionMap, matchDimensions } from './dimension-map.js';
import { countOwnPlace, logMatchCountP } from './match-count.js';
import {
  type Ask,
  chooseSide,
  listByShape,
  listNetworks,
  planAsks,
  type SearchSizes,
  SOUGHT_PARTS,
  type SoughtPart,
  widthOf,
} from './network-plan.js';
import { countInOrder, logOrderCountP } from './order-count.js';
import { isCopyOf, readUnits, type SampleWindow, standardiseRows, type UnitView } from './unit-sample.js';

/** A feed-forward network that was sought among those of the other model. */
export interface FoundNetwork {
  readonly layer: number;
  readonly expert: number | null;
  /** Where it has most matches; where names say nothing, the matrix of such a shape by its place in the file. */
  readonly otherLayer: number;
  readonly otherExpert: number | null;
  readonly units: number;
  readonly matches: number;
}

export interface NetworkTest {
  readonly part: Part;
  /** Whether units keep their place, or, where widths differ, their order. */
  readonly rule: Ask['rule'];
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

/** Dimensions, and three parts. */
const TESTS = 4;

/**
 * T1 where numbers of layers mean nothing: depth that was cut or grown, experts that changed places or grew out of one network, neurons or
 * dimensions that were cut away, tensors under names that say nothing. Some networks of one model, each against all of the other; what each
 * matches best is added up.
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
  sizes: SearchSizes,
): Promise<NetworkSearch | null> {
  const networks = { left: listNetworks(left), right: listNetworks(right) };
  if (networks.left.length === 0) networks.left = listByShape(left, networks.right);
  else if (networks.right.length === 0) networks.right = listByShape(right, networks.left);
  const sought = chooseSide(networks.left, networks.right);
  const [file, other] = sought === 'left' ? [left, right] : [right, left];
  const mine = networks[sought];
  const theirs = networks[sought === 'left' ? 'right' : 'left'];
  if (mine.length === 0 || theirs.length === 0) return null;
  const widths = [mine, theirs].map((all) => widthOf(all));
  const dimensions = widths[0] === widths[1] ? null : await matchDimensions(file, other);
  const tests: NetworkTest[] = [];
  for (const part of SOUGHT_PARTS) {
    const asks = planAsks(part, mine, theirs, dimensions, sizes);
    const test = asks === null ? null : await runTest(part, file, other, asks);
    if (test !== null) tests.push(test);
  }
  if (tests.length === 0 && dimensions === null) return null;
  const least = Math.min(0, dimensions?.logP ?? 0, ...tests.map(({ logP }) => logP));
  return { sought, dimensions, tests, logP: Math.min(0, least + Math.log(TESTS)) };
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
