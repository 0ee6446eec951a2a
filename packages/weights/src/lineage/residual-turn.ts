import type { WeightFile } from '../formats/weight-file.js';
import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';
import { refuse, requireWithin } from '../weights-error.js';
import type { PlacedTensor } from './architecture.js';
import { countVocabulary, findOne } from './neuron-sketch.js';
import { findPolarFactor } from './polar-factor.js';
import { iteratePolarFactor } from './polar-iteration.js';
import { findSignedOrder, reorderRows, type SignedOrder } from './signed-order.js';

/** A turn of the residual stream: a row vector x of `right` times it lies where that of `left` does. */
export interface ResidualTurn {
  readonly dimensions: number;
  /** Orthogonal, row-major. */
  readonly matrix: Float64Array | Float32Array;
  /** The same where dimensions only stand in another order or under another sign; sought above 512 dimensions. */
  readonly order?: SignedOrder;
  /** |E_left - E_right Q| / |E_left| over the tokens used. */
  readonly residual: number;
}

const TOKENS = 16_384;
/** Above so many dimensions products of 32-bit floats, by the kernel, replace inversions in 64 bits, which take several times as long. */
const EXACT = 512;
const LARGEST = 8_192;
const BLOCK = 2_048;
/** Dimensions are matched over so many tokens, in runs spread over the vocabulary. */
const [ORDER_TOKENS, RUN] = [1_024, 64];
/** What is left when dimensions only moved and numbers were rounded, at most. A few reflections of many dimensions also look like a move, and leave more. */
const ORDER_RESIDUAL = 0.02;

/**
 * The turn between the residual streams of two models that have tokens in common, by their embeddings (orthogonal Procrustes) over up to
 * 16,384 tokens. Above 512 dimensions it first looks whether dimensions only changed places and signs, which takes seconds; the general
 * turn then takes a dozen steps of two products of matrices in 32-bit floats, and half a dozen matrices of memory:
 * `npm run bench -- weight-lineage --turn 4096` prints time and memory.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` without embeddings of one width that span it, `WEIGHTS_LIMIT` above 8,192 dimensions
 */
export async function findResidualTurn(left: WeightFile, right: WeightFile): Promise<ResidualTurn> {
  const [mine, theirs] = [findOne(left, 'embedding'), findOne(right, 'embedding')];
  const dimensions = mine?.tensor.shape.at(-1) ?? 0;
  if (mine === null || theirs === null || theirs.tensor.shape.at(-1) !== dimensions)
    return refuse('WEIGHTS_ARGUMENT', 'no embeddings of one width');
  requireWithin(dimensions <= LARGEST, `a basis of ${dimensions} dimensions; at most ${LARGEST}`);
  const tokens = Math.min(countVocabulary(left), countVocabulary(right), TOKENS);
  const read = (from: number, count: number) =>
    Promise.all([readTokens(left, mine, from, count), readTokens(right, theirs, from, count)]);
  if (dimensions <= EXACT) return solveExactly(await read(0, tokens));
  const moved = await tryOrder(Math.min(countVocabulary(left), countVocabulary(right)), read);
  if (moved === null && tokens < dimensions)
    return refuse('WEIGHTS_ARGUMENT', `${tokens} tokens do not span ${dimensions} dimensions`);
  return moved ?? solveByProducts(dimensions, tokens, read);
}

/** Rows from the basis of `right` to that of `left`. */
export type TurnRows = (rows: RowMatrix) => RowMatrix;

/** A turn to be applied to many rows. */
export function prepareTurn({
  dimensions,
  matrix,
  order,
}: Pick<ResidualTurn, 'dimensions' | 'matrix' | 'order'>): TurnRows {
  if (order !== undefined) return (rows) => reorderRows(rows, order);
  const values = matrix instanceof Float32Array ? matrix : Float32Array.from(matrix);
  const columns = transpose({ rows: dimensions, columns: dimensions, values });
  return (rows) => multiplyRows(rows, columns);
}

type ReadPair = (from: number, count: number) => Promise<[RowMatrix, RowMatrix]>;

async function readTokens(
  file: WeightFile,
  place: PlacedTensor,
  from: number,
  count: number,
): Promise<RowMatrix> {
  const columns = place.tensor.shape.at(-1)!;
  return {
    rows: count,
    columns,
    values: await file.readNumbers(place.tensor, place.skip + from * columns, count * columns),
  };
}

function solveExactly([left, right]: readonly [RowMatrix, RowMatrix]): ResidualTurn {
  const dimensions = left.columns;
  const [e, f] = [left.values, right.values];
  const product = new Float64Array(dimensions * dimensions);
  for (let token = 0; token < left.rows; token++)
    for (let i = 0; i < dimensions; i++) {
      const value = f[token * dimensions + i]!;
      for (let j = 0; j < dimensions; j++) product[i * dimensions + j]! += value * e[token * dimensions + j]!;
    }
  const turn = { dimensions, matrix: findPolarFactor(product, dimensions) };
  return { ...turn, residual: measureResidual(e, prepareTurn(turn)(right).values) };
}

async function tryOrder(vocabulary: number, read: ReadPair): Promise<ResidualTurn | null> {
  const runs = Math.min(ORDER_TOKENS / RUN, Math.floor(vocabulary / RUN));
  const parts: [RowMatrix, RowMatrix][] = [];
  for (let run = 0; run < runs; run++)
    parts.push(await read(Math.floor((run * (vocabulary - RUN)) / Math.max(1, runs - 1)), RUN));
  const [left, right] = [0, 1].map((side) => stack(parts.map((pair) => pair[side]!)));
  const order = left!.rows === 0 ? null : findSignedOrder(transpose(left!), transpose(right!));
  if (order === null) return null;
  const residual = measureResidual(left!.values, reorderRows(right!, order).values);
  if (residual > ORDER_RESIDUAL) return null;
  const dimensions = left!.columns;
  const matrix = new Float32Array(dimensions * dimensions);
  for (const [to, from] of order.places.entries()) matrix[from * dimensions + to] = order.signs[to]!;
  return { dimensions, matrix, order, residual };
}

function stack(parts: readonly RowMatrix[]): RowMatrix {
  const columns = parts[0]?.columns ?? 0;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const values = new Float32Array(rows * columns);
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { rows, columns, values };
}

async function solveByProducts(dimensions: number, tokens: number, read: ReadPair): Promise<ResidualTurn> {
  const product = new Float32Array(dimensions * dimensions);
  for (let at = 0; at < tokens; at += BLOCK) {
    const [e, f] = await read(at, Math.min(BLOCK, tokens - at));
    const part = multiplyRows(transpose(f), transpose(e)).values;
    for (let i = 0; i < part.length; i++) product[i]! += part[i]!;
  }
  const turn = { dimensions, matrix: iteratePolarFactor(product, dimensions) };
  const [e, f] = await read(0, Math.min(BLOCK, tokens));
  return { ...turn, residual: measureResidual(e.values, prepareTurn(turn)(f).values) };
}

function measureResidual(target: Float32Array, found: Float32Array): number {
  let [off, all] = [0, 0];
  for (let i = 0; i < target.length; i++) {
    off += (found[i]! - target[i]!) ** 2;
    all += target[i]! ** 2;
  }
  return all > 0 ? Math.sqrt(off / all) : 1;
}
