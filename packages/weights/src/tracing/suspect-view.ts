import { countColumns, type Tensor, type WeightFile } from '../formats/weight-file.js';
import { type Part, type PlacedTensor, placeTensors } from '../lineage/architecture.js';
import { findNorm, findOne, readGain } from '../lineage/neuron-sketch.js';

/** Rows of one of the owner's tensors and where the file has them. */
export interface SuspectView {
  /** The owner's tensor, and which of its numbers: `rows` rows from number `first`. */
  readonly tensor: Tensor;
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
  /** What it is for, where its name says so. */
  readonly place: PlacedTensor | null;
  /** The file's tensor, and its first number. */
  readonly other: Tensor;
  readonly otherFirst: number;
  readonly otherPlace: PlacedTensor | null;
}

/** Parts that have a row for each token, of which a file may have more. */
const TOKEN_PARTS: readonly Part[] = ['embedding', 'head'];

/**
 * Where a file has the numbers of one of the owner's tensors: under the same name, else wherever the same part of the same layer and expert
 * lies, whatever its name and container. Parts of a fused tensor are found one by one. Empty where there is nothing of that shape.
 */
export function findViews(base: WeightFile, suspect: WeightFile, name: string): readonly SuspectView[] {
  const tensor = base.tensors.get(name);
  if (tensor === undefined) return [];
  const columns = countColumns(tensor);
  const places = indexOf(base).byName.get(name) ?? [];
  const [place = null] = places;
  const same = suspect.tensors.get(name);
  const rows = tensor.shape[0]!;
  if (same !== undefined && countColumns(same) === columns && hasRows(same.shape[0]!, rows, place))
    return [
      {
        tensor,
        first: 0,
        rows: Math.min(rows, same.shape[0]!),
        columns,
        place: places.length === 1 ? place : null,
        other: same,
        otherFirst: 0,
        otherPlace: indexOf(suspect).byName.get(name)?.[0] ?? null,
      },
    ];
  const views: SuspectView[] = [];
  for (const mine of places) {
    const theirs = indexOf(suspect).byPart.get(keyOf(mine));
    if (theirs === undefined || theirs.isTransposed !== mine.isTransposed) continue;
    const [width, otherWidth] = [lastOf(mine), lastOf(theirs)];
    if (width !== otherWidth || !hasRows(theirs.rows[1], mine.rows[1], mine)) continue;
    views.push({
      tensor,
      first: mine.skip + mine.rows[0] * width,
      rows: Math.min(mine.rows[1], theirs.rows[1]),
      columns: width,
      place: mine,
      other: theirs.tensor,
      otherFirst: theirs.skip + theirs.rows[0] * width,
      otherPlace: theirs,
    });
  }
  return views;
}

/**
 * What each column of the file must be multiplied by where gains of the norm before it were folded into it or out of it: the file's gain over the
 * owner's. Null where there is no norm, or both are equal.
 */
export async function readGainQuotient(
  base: WeightFile,
  suspect: WeightFile,
  { place, columns }: Pick<SuspectView, 'place' | 'columns'>,
): Promise<Float64Array | null> {
  const [mine, theirs] = [findInputNorm(base, place), findInputNorm(suspect, place)];
  const own = await readGain(base, mine);
  const other = await readGain(suspect, theirs);
  if (own === null || other === null || own.length !== columns || other.length !== columns) return null;
  if (own.every((gain, k) => gain === other[k])) return null;
  return Float64Array.from(own, (gain, k) => (gain === 0 ? 0 : other[k]! / gain));
}

/** The norm whose gain the columns of a part are multiplied by. */
export function findInputNorm(file: WeightFile, place: PlacedTensor | null): PlacedTensor | null {
  if (place === null) return null;
  const { part, layer } = place;
  if (part === 'head') return findOne(file, 'final-norm');
  if (layer === null) return null;
  if (part === 'gate' || part === 'up') return findNorm(indexOf(file).all, layer);
  if (part === 'query' || part === 'key' || part === 'value')
    return indexOf(file).all.find((one) => one.part === 'attention-norm' && one.layer === layer) ?? null;
  return null;
}

/** Places of a model, found by the tensor's name and by what they are for: models of experts have tens of thousands. */
interface PlaceIndex {
  readonly all: readonly PlacedTensor[];
  readonly byName: ReadonlyMap<string, readonly PlacedTensor[]>;
  readonly byPart: ReadonlyMap<string, PlacedTensor>;
}

const known = new WeakMap<WeightFile, PlaceIndex>();

function indexOf(file: WeightFile): PlaceIndex {
  const made = known.get(file);
  if (made !== undefined) return made;
  const all = placeTensors(file);
  const byName = new Map<string, PlacedTensor[]>();
  const byPart = new Map<string, PlacedTensor>();
  for (const place of all) {
    const { name } = place.tensor;
    byName.set(name, [...(byName.get(name) ?? []), place]);
    // The first of several, as everywhere.
    if (!byPart.has(keyOf(place))) byPart.set(keyOf(place), place);
  }
  const index = { all, byName, byPart };
  known.set(file, index);
  return index;
}

function keyOf({ part, layer, expert }: PlacedTensor): string {
  return `${part} ${layer} ${expert}`;
}

function hasRows(theirs: number, mine: number, place: PlacedTensor | null): boolean {
  return theirs === mine || (place !== null && TOKEN_PARTS.includes(place.part));
}

function lastOf({ tensor }: PlacedTensor): number {
  return tensor.shape.at(-1) ?? 1;
}
