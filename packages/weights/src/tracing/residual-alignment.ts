import type { WeightFile } from '../formats/weight-file.js';
import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';
import { readGain } from '../lineage/neuron-sketch.js';
import type { ResidualTurn } from '../lineage/realignment.js';
import { findInputNorm, type SuspectView } from './suspect-view.js';

/** Most numbers of a matrix that is turned at once. */
const LARGEST = 64 * 1024 * 1024;

/**
 * A matrix of the file in the owner's basis of the residual stream, for parts whose units kept their order: embedding and head, and the matrices of
 * attention. What reads the stream has its gain exchanged and its rows turned; what writes it, its columns. Null for other parts, where
 * widths differ, and for matrices that are too large.
 */
export async function turnMatrix(
  base: WeightFile,
  suspect: WeightFile,
  view: SuspectView,
  turn: ResidualTurn,
): Promise<Float32Array | null> {
  const { place, rows, columns } = view;
  const part = place?.part ?? null;
  const size = turn.dimensions;
  if (place === null || part === null || rows * columns > LARGEST) return null;
  const isReader =
    part === 'embedding' || part === 'head' || part === 'query' || part === 'key' || part === 'value';
  const isWriter = part === 'output';
  if (place.isTransposed || !(isReader || isWriter) || (isReader ? columns : rows) !== size) return null;
  const values = await suspect.readNumbers(view.other, view.otherFirst, rows * columns);
  if (isWriter) return transpose(turnRows(transpose({ rows, columns, values }), turn)).values;
  const [own, other] = await Promise.all([
    readGain(base, findInputNorm(base, place)),
    readGain(suspect, findInputNorm(suspect, place)),
  ]);
  if (other?.length === columns) multiplyColumns(values, columns, (k) => other[k]!);
  const turned = turnRows({ rows, columns, values }, turn).values;
  if (own?.length === columns) multiplyColumns(turned, columns, (k) => (own[k] === 0 ? 0 : 1 / own[k]!));
  return turned;
}

function turnRows(rows: RowMatrix, { dimensions, matrix }: ResidualTurn): RowMatrix {
  const square = { rows: dimensions, columns: dimensions, values: Float32Array.from(matrix) };
  return multiplyRows(rows, transpose(square));
}

function multiplyColumns(values: Float32Array, columns: number, factor: (k: number) => number): void {
  const factors = Float64Array.from({ length: columns }, (_, k) => factor(k));
  for (let at = 0; at < values.length; at++) values[at]! *= factors[at % columns]!;
}
