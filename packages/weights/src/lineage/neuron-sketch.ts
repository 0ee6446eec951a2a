import type { WeightFile } from '../formats/weight-file.js';
import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';
import { refuse } from '../weights-error.js';
import { type Part, type PlacedTensor, placeTensors } from './architecture.js';
import { findDistinct } from './distinct-features.js';
import { viewUnits } from './shared-units.js';

/** Matrices of a feed-forward network that a sketch covers, in this order. */
export const SKETCHED_PARTS = ['gate', 'up', 'down'] as const satisfies readonly Part[];
export type SketchedPart = (typeof SKETCHED_PARTS)[number];

/** The neurons of one layer by what they do to some tokens: no weight of the model stands in it. */
export interface LayerSketch {
  readonly layer: number;
  readonly neurons: number;
  /** The tokens whose embeddings are the anchors. */
  readonly tokens: Uint32Array;
  /** A row of length one for each neuron, a column for each token. A network without a gate has none. */
  readonly parts: ReadonlyMap<SketchedPart, RowMatrix>;
}

/** Tokens of a sketch where nothing else is asked for: three matrices of 28,672 neurons then are 15.1 MB. */
export const ANCHORS = 176;
const BLOCK_NUMBERS = 4 * 1024 * 1024;

/**
 * Tokens for the sketches of two models, spread over the first `vocabulary` tokens of this one, none nearly parallel to another.
 *
 * @param vocabulary how many tokens both models have
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a model without an embedding, and what readers throw
 */
export async function chooseAnchors(
  file: WeightFile,
  { count = ANCHORS, vocabulary = countVocabulary(file) }: { count?: number; vocabulary?: number } = {},
): Promise<Uint32Array> {
  const known = Math.min(vocabulary, countVocabulary(file));
  if (!Number.isSafeInteger(count) || count < 16 || count > 4_096 || known < 16)
    return refuse('WEIGHTS_ARGUMENT', `${count} anchors of ${known} tokens`);
  const candidates = spreadTokens(known, 4 * count);
  const distinct = findDistinct(await readTokens(file, findOne(file, 'embedding')!, candidates));
  const spread = spreadTokens(distinct.length, count);
  return Uint32Array.from(spread, (i) => candidates[distinct[i]!]!);
}

/** Tokens of a model's embedding; 0 without one. */
export function countVocabulary(file: WeightFile): number {
  return findOne(file, 'embedding')?.rows[1] ?? 0;
}

/** Layers with a feed-forward network of one expert of which at least two matrices are known, in rising order. */
export function listSketchable(file: WeightFile): readonly number[] {
  const parts = new Map<number, number>();
  for (const { part, layer, expert } of placeTensors(file))
    if (layer !== null && expert === null && SKETCHED_PARTS.includes(part as SketchedPart))
      parts.set(layer, (parts.get(layer) ?? 0) + 1);
  return [...parts]
    .filter(([, count]) => count >= 2)
    .map(([layer]) => layer)
    .sort((a, b) => a - b);
}

/**
 * Inner products of each neuron with token embeddings: gate and up rows w as (w g) E', with g the gain of the norm before the network,
 * down columns as (w f) U', with f the gain of the last norm and U the rows of the output matrix, or of the embedding where they are
 * tied. A change of the residual basis by A turns E into E A and w into w A^-T and cancels. Rows and columns are then
 * standardised, which undoes scales. Memory: the sketch, and blocks of 32 MB.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a layer without such a network, or tokens that the model lacks; what readers throw
 */
export async function sketchLayer(
  file: WeightFile,
  layer: number,
  tokens: Uint32Array,
): Promise<LayerSketch> {
  const places = placeTensors(file);
  const embedding = findOne(file, 'embedding');
  if (embedding === null || tokens.some((token) => token >= embedding.rows[1]))
    return refuse('WEIGHTS_ARGUMENT', 'a model without these tokens');
  const inputs = await readTokens(file, embedding, tokens);
  const outputs = await readTokens(file, findOne(file, 'head') ?? embedding, tokens);
  applyGain(inputs, await readGain(file, findNorm(places, layer)));
  applyGain(outputs, await readGain(file, findOne(file, 'final-norm')));
  const parts = new Map<SketchedPart, RowMatrix>();
  for (const part of SKETCHED_PARTS) {
    const place = places.find((one) => one.part === part && one.layer === layer && one.expert === null);
    if (place === undefined) continue;
    const products = await multiplyUnits(file, place, part === 'down' ? outputs : inputs);
    standardise(products, part === 'gate');
    parts.set(part, products);
  }
  const neurons = [...parts.values()][0]?.rows ?? 0;
  if (parts.size < 2 || [...parts.values()].some(({ rows }) => rows !== neurons))
    return refuse('WEIGHTS_ARGUMENT', `layer ${layer} has no network of which two matrices are known`);
  return { layer, neurons, tokens, parts };
}

/** The units of a matrix, a neuron a row, times the transpose of `others`, a block at a time. */
async function multiplyUnits(file: WeightFile, place: PlacedTensor, others: RowMatrix): Promise<RowMatrix> {
  const view = viewUnits(place, place.part === 'down' ? 'column' : 'row');
  if (view === null) return refuse('WEIGHTS_ARGUMENT', `${place.part} is no matrix`);
  const { columns, units } = view;
  const [first, lines] = place.rows;
  const inner = view.axis === 'row' ? columns : lines;
  if (inner !== others.columns)
    return refuse('WEIGHTS_ARGUMENT', `${place.part} has another width than the embedding`);
  const values = new Float32Array(units * others.rows);
  // Columns are turned and added up block by block: fewer, larger blocks.
  const size = view.axis === 'row' ? BLOCK_NUMBERS : 2 * BLOCK_NUMBERS;
  const step = Math.max(1, Math.floor(size / columns));
  for (let at = 0; at < lines; at += step) {
    const rows = Math.min(step, lines - at);
    const block = await file.readNumbers(place.tensor, place.skip + (first + at) * columns, rows * columns);
    if (view.axis === 'row')
      values.set(multiplyRows({ rows, columns, values: block }, others).values, at * others.rows);
    else {
      const turned = transpose({ rows, columns, values: block });
      const sums = multiplyRows(turned, takeColumns(others, at, rows)).values;
      for (let i = 0; i < sums.length; i++) values[i]! += sums[i]!;
    }
  }
  return { rows: units, columns: others.rows, values };
}

function takeColumns({ rows, columns, values }: RowMatrix, from: number, count: number): RowMatrix {
  const out = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++)
    out.set(values.subarray(row * columns + from, row * columns + from + count), row * count);
  return { rows, columns: count, values: out };
}

/**
 * Rows to length 1, columns to mean 0 and deviation 1, rows to length 1 again, in place. In this order a factor of a neuron changes nothing;
 * and where its sign may be turned the mean, which would turn with it, stays.
 */
function standardise(products: RowMatrix, isSigned: boolean): void {
  setLengths(products);
  const { rows, columns, values } = products;
  for (let column = 0; column < columns; column++) {
    let [sum, squares] = [0, 0];
    if (isSigned) for (let at = column; at < values.length; at += columns) sum += values[at]!;
    const mean = sum / rows;
    for (let at = column; at < values.length; at += columns) squares += (values[at]! - mean) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares / rows) : 0;
    for (let at = column; at < values.length; at += columns) values[at] = (values[at]! - mean) * scale;
  }
  setLengths(products);
}

/** Rows to length one, in place; what has no length becomes zeros. */
export function setLengths({ rows, columns, values }: RowMatrix): void {
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    let squares = 0;
    for (let i = 0; i < columns; i++) squares += line[i]! * line[i]!;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < columns; i++) line[i] = Number.isFinite(scale) ? line[i]! * scale : 0;
  }
}

async function readTokens(
  file: WeightFile,
  place: PlacedTensor,
  tokens: Iterable<number>,
): Promise<RowMatrix> {
  const list = [...tokens];
  const columns = place.tensor.shape.at(-1)!;
  const values = new Float32Array(list.length * columns);
  for (const [i, token] of list.entries())
    values.set(await file.readNumbers(place.tensor, token * columns, columns), i * columns);
  return { rows: list.length, columns, values };
}

/** The norm before the network: where a layer has several, the one named for it. */
export function findNorm(places: readonly PlacedTensor[], layer: number): PlacedTensor | null {
  const norms = places.filter((place) => place.part === 'mlp-norm' && place.layer === layer);
  return norms.find(({ tensor }) => tensor.name.includes('pre_feedforward')) ?? norms[0] ?? null;
}

/** Null without a norm: then there is no gain to fold. */
export async function readGain(file: WeightFile, place: PlacedTensor | null): Promise<Float32Array | null> {
  return place === null ? null : file.readNumbers(place.tensor, 0, place.tensor.shape[0] ?? 1);
}

/** Multiplies column by column, in place. */
export function applyGain({ columns, values }: RowMatrix, gain: Float32Array | null): void {
  if (gain === null || gain.length !== columns) return;
  for (let at = 0; at < values.length; at++) values[at]! *= gain[at % columns]!;
}

export function findOne(file: WeightFile, part: Part): PlacedTensor | null {
  return (
    placeTensors(file).find(
      (place) => place.part === part && place.layer === null && place.tensor.shape.length >= 1,
    ) ?? null
  );
}

function spreadTokens(size: number, count: number): number[] {
  if (size <= count) return Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * size) / count));
}
