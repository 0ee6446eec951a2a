import { countColumns, countNumbers, type Tensor, type WeightFile } from '../formats/weight-file.js';
import { findPartners, type RowMatrix } from '../kernels/inner-products.js';
import { refuse } from '../weights-error.js';
import { findAnalyticReason } from './analytic-tensor.js';
import { type Part, type PlacedTensor, placeTensors, readKeyGroups } from './architecture.js';
import { keepDistinctFeatures } from './distinct-features.js';
import { countOwnPlace, logMatchCountP } from './match-count.js';
import { groupByShape } from './shape-groups.js';
import { isCopyOf, placeWindow, readUnits, standardiseRows, type UnitView } from './unit-sample.js';

/** What training may permute: hidden neurons, dimensions of the residual stream, groups of heads that share keys, output channels. */
export type UnitKind = 'mlp-neuron' | 'residual-dimension' | 'key-value-group' | 'channel';

export interface SharedUnitsSettings {
  /** Most units of a group, 2 to 65,536. */
  readonly units?: number;
  /** About how many numbers of each unit, 8 to 65,536. */
  readonly features?: number;
  /** Most groups (layers, or experts of layers), 1 to 100,000, evenly spread. */
  readonly groups?: number;
}

/** One count: a part of the model over its layers. */
export interface UnitTest {
  readonly kind: UnitKind;
  readonly part: Part | 'convolution';
  /** Groups whose orders are independent. */
  readonly groups: number;
  /** Units that were looked at, in all groups. */
  readonly units: number;
  /** Units whose best match is the unit of their own place. */
  readonly matches: number;
  /** Natural logarithm of the bound on the chance of so many matches. */
  readonly logP: number;
}

export interface ExcludedTensor {
  readonly name: string;
  readonly reason: string;
}

export interface SharedUnits {
  readonly tests: readonly UnitTest[];
  /** Smallest `logP` times the number of tests; 0 where there is none. */
  readonly logP: number;
  readonly excluded: readonly ExcludedTensor[];
}

interface Pair {
  readonly left: UnitView;
  readonly right: UnitView;
}

interface Plan {
  readonly kind: UnitKind;
  readonly part: UnitTest['part'];
  readonly pairs: readonly Pair[];
}

const DEFAULTS = { units: 256, features: 256, groups: 16 } as const;

/**
 * T1, the exact test: for each part of the model, in how many places a unit of `left` has its best match (largest correlation over a window of
 * its numbers) in the unit of the same place in `right`. The bound is that of `logMatchCountP`; the parts share permutations and are
 * looked at together, so that the smallest p-value is multiplied by their number.
 *
 * Null hypothesis: the order of the units of one model owes nothing to the other model, as after training from another random start
 * with an optimiser that treats all units alike. It says nothing where units have a meaning by their place (sorted neurons,
 * structured starts, sinusoidal positions in the residual stream, channels that are classes). Models of one random start share it and are
 * found, whoever trained them. A model whose units were permuted is not found: `compareSketches` is for those.
 *
 * Reads a window in the middle of each unit and layer. Layers are compared with those of the same number; `searchNetworks` is for depth and
 * width that changed. Layers of the right model that are copies of one another, as when depth was grown, share one order and count once.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range; what readers throw
 */
export async function testSharedUnits(
  left: WeightFile,
  right: WeightFile,
  settings: SharedUnitsSettings = {},
): Promise<SharedUnits> {
  const { units, features, groups } = checkSampleSettings(settings);
  const excluded: ExcludedTensor[] = [];
  const tests: UnitTest[] = [];
  for (const { kind, part, pairs } of planTests(left, right, excluded)) {
    const taken = spread(pairs, groups);
    const counted: RowMatrix[] = [];
    let [looked, matches] = [0, 0];
    for (const pair of taken) {
      const isResidual = kind === 'residual-dimension';
      const window = placeWindow(narrow(pair), units, isResidual ? Math.min(1_024, features * 4) : features);
      const read = await Promise.all([
        readUnits(left, pair.left, window),
        readUnits(right, pair.right, window),
      ]);
      const names = [pair.left.place.tensor.name, pair.right.place.tensor.name] as const;
      const reason = findAnalyticReason(names[0], read[0]) ?? findAnalyticReason(names[1], read[1]);
      if (reason !== null) {
        excluded.push({ name: names[0], reason });
        continue;
      }
      const samples: [RowMatrix, RowMatrix] = isResidual ? keepDistinctFeatures(read) : read;
      for (const sample of samples) standardiseRows(sample);
      if (counted.some((one) => isCopyOf(samples[1], one))) {
        excluded.push({ name: names[1], reason: 'a copy of another layer of the same model' });
        continue;
      }
      counted.push(samples[1]);
      looked += window.units;
      matches += countOwnPlace(findPartners(...samples));
    }
    // Groups that were left out stay counted: what is left out then only lowers the count.
    if (looked > 0)
      tests.push({
        kind,
        part,
        groups: taken.length,
        units: looked,
        matches,
        logP: logMatchCountP(matches, taken.length),
      });
  }
  const least = tests.reduce((low, { logP }) => Math.min(low, logP), 0);
  return { tests, logP: Math.min(0, least + Math.log(Math.max(1, tests.length))), excluded };
}

/** With defaults. @throws PhalanxError `WEIGHTS_ARGUMENT` for settings out of range */
export function checkSampleSettings(given: SharedUnitsSettings): Required<SharedUnitsSettings> {
  const settings = { ...DEFAULTS, ...given };
  const within = (value: number, low: number, high: number) =>
    Number.isSafeInteger(value) && value >= low && value <= high;
  const { units, features, groups } = settings;
  if (!within(units, 2, 65_536) || !within(features, 8, 65_536) || !within(groups, 1, 100_000))
    return refuse('WEIGHTS_ARGUMENT', 'units, features or groups out of range');
  return settings;
}

/** Both views cut to the features that both have. */
function narrow({ left, right }: Pair): UnitView {
  if (left.axis === 'row') return left.columns <= right.columns ? left : right;
  return left.place.rows[1] <= right.place.rows[1] ? left : right;
}

/** At most so many of them, evenly. */
export function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / most)]!);
}

function planTests(left: WeightFile, right: WeightFile, excluded: ExcludedTensor[]): readonly Plan[] {
  const plans = new Map<string, { kind: UnitKind; part: Part; pairs: Pair[] }>();
  const others = new Map(placeTensors(right).map((place) => [keyOf(place), place]));
  const known = new Set<string>();
  for (const place of placeTensors(left)) {
    const { name } = place.tensor;
    known.add(name);
    const other = others.get(keyOf(place));
    const views = other === undefined ? 'absent from the other model' : viewPair(place, other, left, right);
    if (typeof views === 'string') {
      excluded.push({ name, reason: views });
      continue;
    }
    const plan = plans.get(place.part) ?? { kind: views.kind, part: place.part, pairs: [] };
    plan.pairs.push(views.pair);
    plans.set(place.part, plan);
  }
  return [...plans.values(), ...planChannels(left, right, known, excluded)];
}

function keyOf({ part, layer, expert }: PlacedTensor): string {
  return `${part} ${layer} ${expert}`;
}

/** Pairs of convolutions that are looked at where names do not pair them, and of one of them: a file may have a million of a shape. */
const MOST_BY_SHAPE = 1_000;
const MOST_OF_ONE = 64;

/**
 * Convolutions are a test each: networks with shortcuts permute several at once, so that their counts are not independent. One whose name the
 * other model does not have is compared with all of its shape there whose names are new as well.
 */
function planChannels(
  left: WeightFile,
  right: WeightFile,
  known: ReadonlySet<string>,
  excluded: ExcludedTensor[],
): readonly Plan[] {
  const byName: Pair[] = [];
  const nameless: Tensor[] = [];
  const strangers = groupByShape([...right.tensors.values()].filter(({ name }) => !left.tensors.has(name)));
  for (const tensor of left.tensors.values()) {
    const { name, shape } = tensor;
    if (known.has(name)) continue;
    const namesake = right.tensors.get(name);
    const isConvolution =
      shape.length >= 3 && shape.length <= 5 && shape[0]! >= 16 && countColumns(tensor) >= 8;
    if (!isConvolution) excluded.push({ name, reason: 'no units of a kind that training may permute' });
    else if (namesake === undefined ? !strangers.has(shape.join()) : namesake.shape.join() !== shape.join())
      excluded.push({ name, reason: 'absent from the other model, or of another shape' });
    else if (namesake === undefined) nameless.push(tensor);
    else byName.push({ left: viewChannels(tensor), right: viewChannels(namesake) });
  }
  const byShape = spread(nameless, MOST_BY_SHAPE).flatMap((tensor) =>
    spread(strangers.get(tensor.shape.join())!, MOST_OF_ONE).map((other) => ({
      left: viewChannels(tensor),
      right: viewChannels(other),
    })),
  );
  return [...byName, ...spread(byShape, MOST_BY_SHAPE)].map((pair) => ({
    kind: 'channel',
    part: 'convolution',
    pairs: [pair],
  }));
}

function viewChannels(tensor: Tensor): UnitView {
  const units = tensor.shape[0]!;
  const place = { tensor, rows: [0, units] as const, skip: 0 };
  return { place, columns: countColumns(tensor), axis: 'row', units, width: 1 };
}

const KINDS: Partial<Record<Part, readonly [UnitKind, UnitView['axis']]>> = {
  gate: ['mlp-neuron', 'row'],
  up: ['mlp-neuron', 'row'],
  down: ['mlp-neuron', 'column'],
  embedding: ['residual-dimension', 'column'],
  head: ['residual-dimension', 'column'],
  query: ['key-value-group', 'row'],
  key: ['key-value-group', 'row'],
  value: ['key-value-group', 'row'],
  output: ['key-value-group', 'column'],
};

function viewPair(
  place: PlacedTensor,
  other: PlacedTensor,
  left: WeightFile,
  right: WeightFile,
): { kind: UnitKind; pair: Pair } | string {
  const [kind, axis] = KINDS[place.part] ?? [];
  if (kind === undefined || axis === undefined) return 'one number a unit';
  const groups = kind === 'key-value-group' ? readKeyGroups(left) : null;
  if (kind === 'key-value-group' && (groups === null || groups !== readKeyGroups(right)))
    return 'how many groups of heads there are is not stated, or not the same';
  const views = [place, other].map((one) => viewUnits(one, axis, groups));
  const [first, second] = views;
  if (first == null || second == null) return 'no matrix of such units';
  if (first.units !== second.units || first.width !== second.width || first.axis !== second.axis)
    return 'another number of units in the other model';
  if (first.units < 2) return 'a single unit';
  return { kind, pair: { left: first, right: second } };
}

/** Null where the shape is not that of a matrix, or groups do not divide it. */
export function viewUnits(
  place: PlacedTensor,
  axis: UnitView['axis'],
  groups: number | null = null,
): UnitView | null {
  const { tensor } = place;
  const { shape } = tensor;
  if (shape.length < 2 || countNumbers(tensor) === 0) return null;
  const columns = shape.at(-1)!;
  if (shape.length !== (place.isStacked ? 3 : 2)) return null;
  const turned = place.isTransposed ? (axis === 'row' ? 'column' : 'row') : axis;
  const size = turned === 'row' ? place.rows[1] : columns;
  const units = groups ?? size;
  if (size % units !== 0) return null;
  return { place, columns, axis: turned, units, width: size / units };
}
