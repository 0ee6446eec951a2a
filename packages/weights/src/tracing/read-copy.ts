import { PhalanxError } from '@phalanx/core';
import type { WeightFile } from '../formats/weight-file.js';
import { transpose } from '../kernels/inner-products.js';
import { type Disguise, testDisguise } from '../lineage/disguise.js';
import { findResidualTurn, type ResidualTurn, realignLayer } from '../lineage/realignment.js';
import { refuse } from '../weights-error.js';
import type { MarkKey } from './mark-key.js';
import { MarkReader, measureRow, type ShownCode } from './read-marks.js';
import { turnMatrix } from './residual-alignment.js';
import { findRowOrder, type RowOrder, readInOrder } from './row-order.js';
import { findViews, readGainQuotient, type SuspectView } from './suspect-view.js';
import { findByContent } from './tensor-by-content.js';

/** When a search under another order, scale and basis is made. */
export const REALIGNMENTS = ['needed', 'always', 'never'] as const;
export type Realignment = (typeof REALIGNMENTS)[number];

/** How a tensor was read. */
export type ReadingWay =
  | 'as it stands'
  | 'gains exchanged'
  | 'rows reordered'
  | 'turned'
  | 'realigned'
  | 'left out';

export interface TensorReading {
  readonly name: string;
  readonly way: ReadingWay;
  /** Cosine of the file's numbers, as read, and the owner's; null where the file has none. */
  readonly cosine: number | null;
}

export interface CopyReading extends ShownCode {
  readonly tensors: readonly TensorReading[];
}

/** Below this cosine a tensor is also sought under another order, scale and basis. */
const DOUBTED = 0.9;
/** Below this one it is left out: it is not the same matrix. */
const LEAST = 0.3;
const BLOCK = 1024 * 1024;
const SAMPLES = 16;

/**
 * What a suspect shows of the code of a key, given the unmarked base: tensors by name or part, else by content, gains of norms exchanged where they were folded,
 * permutation, scales and turn of the residual basis undone where a tensor does not fit as it stands. Which way a tensor is read is decided by its
 * distance from the base alone.
 *
 * @param base the model that copies were made from, under the same tensor names
 * @throws PhalanxError `WEIGHTS_ARGUMENT` when the base lacks a tensor of the key; what readers throw
 */
export async function readCopy(
  base: WeightFile,
  suspect: WeightFile,
  key: MarkKey,
  { realignment = 'needed' }: { readonly realignment?: Realignment } = {},
): Promise<CopyReading> {
  const reader = new MarkReader(key);
  const tensors: TensorReading[] = [];
  const doubted: Doubted[] = [];
  const lost: string[] = [];
  const place = async (view: SuspectView, fit: Fit) => {
    if (realignment === 'always' || (realignment === 'needed' && fit.cosine < DOUBTED))
      doubted.push({ view, fit });
    else tensors.push(await readDirectly(base, suspect, reader, view, fit));
  };
  for (const { name } of key.tensors) {
    if (!base.tensors.has(name))
      return refuse('WEIGHTS_ARGUMENT', 'the base lacks a tensor of the key; another model?');
    const fits: Doubted[] = [];
    for (const view of findViews(base, suspect, name))
      fits.push({ view, fit: await fitDirectly(base, suspect, view) });
    if (fits.every(({ fit }) => fit.cosine < LEAST)) lost.push(name);
    else for (const { view, fit } of fits) await place(view, fit);
  }
  const renamed = await findByContent(base, suspect, lost, LEAST);
  for (const name of lost) {
    const view = renamed.get(name);
    const views = view === undefined ? findViews(base, suspect, name) : [view];
    if (views.length === 0) tensors.push({ name, way: 'left out', cosine: null });
    for (const one of views) await place(one, await fitDirectly(base, suspect, one));
  }
  if (doubted.length > 0) tensors.push(...(await readDoubted(base, suspect, reader, doubted)));
  return { ...reader.finish(), tensors };
}

interface Fit {
  readonly cosine: number;
  readonly gains: Float64Array | null;
  readonly order: RowOrder | null;
}

interface Doubted {
  readonly view: SuspectView;
  readonly fit: Fit;
}

/** With gains exchanged and without, in either order of rows, by some rows. */
async function fitDirectly(base: WeightFile, suspect: WeightFile, view: SuspectView): Promise<Fit> {
  const gains = await readGainQuotient(base, suspect, view);
  const reordered = findRowOrder(base, suspect, view);
  const fits: Fit[] = [];
  for (const order of reordered === null ? [null] : [null, reordered])
    fits.push(...(await fitInOrder(base, suspect, view, gains, order)));
  return fits.reduce((best, fit) => (fit.cosine > best.cosine ? fit : best));
}

async function fitInOrder(
  base: WeightFile,
  suspect: WeightFile,
  view: SuspectView,
  gains: Float64Array | null,
  order: RowOrder | null,
): Promise<readonly Fit[]> {
  const taken = Math.min(view.rows, SAMPLES);
  const width = Math.min(view.columns, BLOCK / SAMPLES);
  const [plain, exchanged] = [new Cosine(), new Cosine()];
  for (let i = 0; i < taken; i++) {
    const at = Math.floor(((i + 0.5) * view.rows) / taken) * view.columns;
    const mine = await base.readNumbers(view.tensor, view.first + at, width);
    const theirs = await readInOrder(suspect, view, order, at, width);
    plain.add(mine, theirs);
    if (gains === null) continue;
    exchanged.add(
      mine,
      theirs.map((value, k) => value * gains[k]!),
    );
  }
  const fit = { cosine: plain.value, gains: null, order };
  return gains === null ? [fit] : [fit, { cosine: exchanged.value, gains, order }];
}

async function readDirectly(
  base: WeightFile,
  suspect: WeightFile,
  reader: MarkReader,
  view: SuspectView,
  { cosine, gains, order }: Fit,
): Promise<TensorReading> {
  const { tensor, rows, columns } = view;
  if (cosine < LEAST) return { name: tensor.name, way: 'left out', cosine };
  // Whole rows, or parts of a row that is longer than a block.
  const width = order === null ? measureRow(tensor) : columns;
  const step = width > BLOCK ? BLOCK : Math.floor(BLOCK / width) * width;
  for (let at = 0; at < rows * columns; at += step) {
    const count = Math.min(step, rows * columns - at);
    const mine = await base.readNumbers(tensor, view.first + at, count);
    const theirs = await readInOrder(suspect, view, order, at, count);
    if (gains !== null) for (let k = 0; k < count; k++) theirs[k]! *= gains[(at + k) % columns]!;
    reader.add(tensor, view.first + at, mine, theirs);
  }
  const way = order !== null ? 'rows reordered' : gains !== null ? 'gains exchanged' : 'as it stands';
  return { name: tensor.name, way, cosine };
}

async function readDoubted(
  base: WeightFile,
  suspect: WeightFile,
  reader: MarkReader,
  doubted: readonly Doubted[],
): Promise<readonly TensorReading[]> {
  const turn = await tryOrNull(() => findResidualTurn(base, suspect));
  const disguise =
    turn === null ? null : await tryOrNull(() => testDisguise(base, suspect, { layers: 1_024 }));
  const layers = new Set(doubted.map(({ view }) => view.place?.layer ?? null));
  const readings: TensorReading[] = [];
  for (const layer of layers) {
    const parts =
      turn === null || layer === null ? [] : await realignParts(base, suspect, disguise, turn, layer);
    for (const { view, fit } of doubted) {
      if ((view.place?.layer ?? null) !== layer) continue;
      const part = parts.find((one) => one.part === view.place?.part);
      const other = part?.values ?? (turn === null ? null : await turnMatrix(base, suspect, view, turn));
      const reading =
        other === null
          ? null
          : await readMatrix(base, reader, view, other, fit, part === undefined ? 'turned' : 'realigned');
      readings.push(reading ?? (await readDirectly(base, suspect, reader, view, fit)));
    }
  }
  return readings;
}

interface AlignedPart {
  readonly part: string;
  /** In the order of the owner's tensor. */
  readonly values: Float32Array;
}

async function realignParts(
  base: WeightFile,
  suspect: WeightFile,
  disguise: Disguise | null,
  turn: ResidualTurn,
  layer: number,
): Promise<readonly AlignedPart[]> {
  const comparison = disguise?.comparisons.find(({ leftLayer }) => leftLayer === layer);
  if (comparison === undefined) return [];
  const parts = await tryOrNull(() => realignLayer(base, suspect, comparison, turn));
  return (parts ?? []).map(({ part, neurons }) => ({
    part,
    values: part === 'down' ? transpose(neurons).values : neurons.values,
  }));
}

/** Null where the matrix lies no nearer than what stands in the file. */
async function readMatrix(
  base: WeightFile,
  reader: MarkReader,
  view: SuspectView,
  other: Float32Array,
  fit: Fit,
  way: ReadingWay,
): Promise<TensorReading | null> {
  const { tensor, first, rows, columns } = view;
  if (other.length !== rows * columns) return null;
  const mine = await base.readNumbers(tensor, first, rows * columns);
  const cosine = new Cosine();
  cosine.add(mine, other);
  if (cosine.value <= fit.cosine || cosine.value < LEAST) return null;
  // In blocks, as everything is read: what a block takes is many times its size.
  const step = Math.max(1, Math.floor(BLOCK / columns)) * columns;
  for (let at = 0; at < mine.length; at += step)
    reader.add(tensor, first + at, mine.subarray(at, at + step), other.subarray(at, at + step));
  return { name: tensor.name, way, cosine: cosine.value };
}

/** Numbers that are not finite, or absurd, count nothing. */
class Cosine {
  #shared = 0;
  #left = 0;
  #right = 0;

  add(left: ArrayLike<number>, right: ArrayLike<number>): void {
    for (let k = 0; k < left.length; k++) {
      const [a, b] = [left[k]!, right[k]!];
      if (!(Math.abs(a) < 1e15) || !(Math.abs(b) < 1e15)) continue;
      this.#shared += a * b;
      this.#left += a * a;
      this.#right += b * b;
    }
  }

  get value(): number {
    const value = this.#shared / Math.sqrt(this.#left * this.#right);
    return Number.isFinite(value) ? value : 0;
  }
}

/** A suspect that cannot be realigned, whatever the reason, is read as it stands. */
async function tryOrNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (PhalanxError.is(error, 'WEIGHTS_ARGUMENT') || PhalanxError.is(error, 'WEIGHTS_LIMIT')) return null;
    throw error;
  }
}
