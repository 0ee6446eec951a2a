import type { WeightFile } from '../formats/weight-file.js';
import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';
import { refuse, requireWithin } from '../weights-error.js';
import { placeTensors } from './architecture.js';
import {
  applyGain,
  countVocabulary,
  findNorm,
  findOne,
  readGain,
  SKETCHED_PARTS,
  type SketchedPart,
} from './neuron-sketch.js';
import { findPolarFactor } from './polar-factor.js';
import { viewUnits } from './shared-units.js';
import type { SketchComparison } from './sketch-comparison.js';

/** A turn of the residual stream: a row vector x of `right` times it lies where that of `left` does. */
export interface ResidualTurn {
  readonly dimensions: number;
  /** Orthogonal, row-major. */
  readonly matrix: Float64Array;
  /** |E_left - E_right Q| / |E_left| over the tokens used. */
  readonly residual: number;
}

/** One part of a layer of the suspect in the coordinates of the owner. */
export interface RealignedPart {
  readonly part: SketchedPart;
  /** Rows in the owner's order, basis and scale; a neuron without a partner is zeros. For `down` the columns of the tensor. */
  readonly neurons: RowMatrix;
  /** What each row was multiplied by, signs included; 0 without a partner. */
  readonly scales: Float64Array;
  /** |owner - realigned| / |owner| over the neurons with a partner. */
  readonly residual: number;
}

const TOKENS = 16_384;
const LARGEST_PART = 64 * 1024 * 1024;

/**
 * The turn between the residual streams of two models that have tokens in common, by their embeddings (orthogonal Procrustes).
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` without embeddings of one width that span it, `WEIGHTS_LIMIT` above 2,048 dimensions
 */
export async function findResidualTurn(left: WeightFile, right: WeightFile): Promise<ResidualTurn> {
  const [mine, theirs] = [findOne(left, 'embedding'), findOne(right, 'embedding')];
  const dimensions = mine?.tensor.shape.at(-1) ?? 0;
  if (mine === null || theirs === null || theirs.tensor.shape.at(-1) !== dimensions)
    return refuse('WEIGHTS_ARGUMENT', 'no embeddings of one width');
  requireWithin(dimensions <= 2_048, `a basis of ${dimensions} dimensions`);
  const tokens = Math.min(countVocabulary(left), countVocabulary(right), TOKENS);
  const read = async (file: WeightFile, place: typeof mine) =>
    file.readNumbers(place.tensor, 0, tokens * dimensions);
  const [e, f] = [await read(left, mine), await read(right, theirs)];
  const product = new Float64Array(dimensions * dimensions);
  for (let token = 0; token < tokens; token++)
    for (let i = 0; i < dimensions; i++) {
      const value = f[token * dimensions + i]!;
      for (let j = 0; j < dimensions; j++) product[i * dimensions + j]! += value * e[token * dimensions + j]!;
    }
  const matrix = findPolarFactor(product, dimensions);
  const turned = turnRows({ rows: tokens, columns: dimensions, values: f }, matrix);
  return { dimensions, matrix, residual: measureResidual(e, turned.values) };
}

/**
 * The suspect's neurons of one layer where the owner's are: ordered by the partners that T2 found, turned, gain of the norm exchanged, and each
 * scaled by least squares to the owner's. What tracing reads marks from.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for layers without such matrices, `WEIGHTS_LIMIT` above 64 Mi numbers a matrix
 */
export async function realignLayer(
  left: WeightFile,
  right: WeightFile,
  comparison: SketchComparison,
  turn: ResidualTurn,
): Promise<readonly RealignedPart[]> {
  const parts: RealignedPart[] = [];
  for (const part of SKETCHED_PARTS) {
    const mine = await readNeurons(left, comparison.leftLayer, part);
    const theirs = await readNeurons(right, comparison.rightLayer, part);
    if (mine === null || theirs === null) continue;
    if (mine.neurons.columns !== turn.dimensions || theirs.neurons.columns !== turn.dimensions)
      return refuse('WEIGHTS_ARGUMENT', `${part} has another width than the embedding`);
    const turned = turnRows(theirs.neurons, turn.matrix);
    parts.push(alignPart(part, mine, turned, comparison.partners));
  }
  return parts;
}

interface Neurons {
  /** With the gain folded in. */
  readonly neurons: RowMatrix;
  readonly gain: Float32Array | null;
}

async function readNeurons(file: WeightFile, layer: number, part: SketchedPart): Promise<Neurons | null> {
  const places = placeTensors(file);
  const place = places.find((one) => one.part === part && one.layer === layer && one.expert === null);
  const view = place === undefined ? null : viewUnits(place, part === 'down' ? 'column' : 'row');
  if (place === undefined || view === null) return null;
  const [first, rows] = place.rows;
  requireWithin(rows * view.columns <= LARGEST_PART, `a matrix of ${rows} times ${view.columns} numbers`);
  const values = await file.readNumbers(place.tensor, place.skip + first * view.columns, rows * view.columns);
  const matrix = { rows, columns: view.columns, values };
  const neurons = view.axis === 'row' ? matrix : transpose(matrix);
  const gain = part === 'down' ? null : await readGain(file, findNorm(places, layer));
  applyGain(neurons, gain);
  return { neurons, gain };
}

function alignPart(
  part: SketchedPart,
  mine: Neurons,
  turned: RowMatrix,
  partners: Int32Array,
): RealignedPart {
  const { rows, columns, values } = mine.neurons;
  const out = new Float32Array(rows * columns);
  const scales = new Float64Array(rows);
  let [off, all] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const partner = partners[i] ?? -1;
    if (partner < 0) continue;
    const own = values.subarray(i * columns, (i + 1) * columns);
    const other = turned.values.subarray(partner * columns, (partner + 1) * columns);
    let [shared, square] = [0, 0];
    for (let k = 0; k < columns; k++) {
      shared += own[k]! * other[k]!;
      square += other[k]! * other[k]!;
    }
    const scale = square > 0 ? shared / square : 0;
    scales[i] = scale;
    for (let k = 0; k < columns; k++) {
      const gain = mine.gain?.[k] ?? 1;
      const value = gain === 0 ? 0 : (scale * other[k]!) / gain;
      const target = gain === 0 ? 0 : own[k]! / gain;
      out[i * columns + k] = value;
      off += (value - target) ** 2;
      all += target * target;
    }
  }
  return {
    part,
    neurons: { rows, columns, values: out },
    scales,
    residual: all > 0 ? Math.sqrt(off / all) : 1,
  };
}

/** Each row times a square matrix. */
function turnRows(rows: RowMatrix, matrix: Float64Array): RowMatrix {
  const size = rows.columns;
  return multiplyRows(rows, transpose({ rows: size, columns: size, values: Float32Array.from(matrix) }));
}

function measureResidual(target: Float32Array, found: Float32Array): number {
  let [off, all] = [0, 0];
  for (let i = 0; i < target.length; i++) {
    off += (found[i]! - target[i]!) ** 2;
    all += target[i]! ** 2;
  }
  return all > 0 ? Math.sqrt(off / all) : 1;
}
