import type { WeightFile } from '../formats/weight-file.js';
import { type RowMatrix, transpose } from '../kernels/inner-products.js';
import { refuse, requireWithin } from '../weights-error.js';
import { placeTensors } from './architecture.js';
import { applyGain, findNorm, readGain, SKETCHED_PARTS, type SketchedPart } from './neuron-sketch.js';
import { prepareTurn, type ResidualTurn, type TurnRows } from './residual-turn.js';
import { viewUnits } from './shared-units.js';
import type { SketchComparison } from './sketch-comparison.js';

export { findResidualTurn, type ResidualTurn } from './residual-turn.js';

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

/** 28,672 neurons of 8,192 dimensions are 224 Mi. */
const LARGEST_PART = 256 * 1024 * 1024;
/** Numbers of one read, and of a block that is turned. */
const BLOCK_NUMBERS = 16 * 1024 * 1024;

/**
 * The suspect's neurons of one layer where the owner's are: ordered by the partners that T2 found, turned, gain of the norm exchanged, and each
 * scaled by least squares to the owner's. What tracing reads marks from. Memory: a matrix of the layer of each model, in 32-bit floats, and
 * what is returned: three of them.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for layers without such matrices, `WEIGHTS_LIMIT` above 256 Mi numbers a matrix
 */
export async function realignLayer(
  left: WeightFile,
  right: WeightFile,
  comparison: SketchComparison,
  turn: ResidualTurn,
): Promise<readonly RealignedPart[]> {
  const parts: RealignedPart[] = [];
  const turnRows = prepareTurn(turn);
  for (const part of SKETCHED_PARTS) {
    const mine = await readNeurons(left, comparison.leftLayer, part);
    const theirs = mine === null ? null : await readNeurons(right, comparison.rightLayer, part);
    if (mine === null || theirs === null) continue;
    if (mine.neurons.columns !== turn.dimensions || theirs.neurons.columns !== turn.dimensions)
      return refuse('WEIGHTS_ARGUMENT', `${part} has another width than the embedding`);
    parts.push({ part, ...alignNeurons(mine, theirs.neurons, comparison.partners, turnRows) });
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
  const { columns, axis } = view;
  const [first, lines] = place.rows;
  requireWithin(lines * columns <= LARGEST_PART, `a matrix of ${lines} times ${columns} numbers`);
  const values = new Float32Array(lines * columns);
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / columns));
  for (let at = 0; at < lines; at += step) {
    const rows = Math.min(step, lines - at);
    const block = await file.readNumbers(place.tensor, place.skip + (first + at) * columns, rows * columns);
    if (axis === 'row') values.set(block, at * columns);
    else {
      const turned = transpose({ rows, columns, values: block }).values;
      for (let unit = 0; unit < columns; unit++)
        values.set(turned.subarray(unit * rows, (unit + 1) * rows), unit * lines + at);
    }
  }
  const neurons =
    axis === 'row' ? { rows: lines, columns, values } : { rows: columns, columns: lines, values };
  const gain = part === 'down' ? null : await readGain(file, findNorm(places, layer));
  applyGain(neurons, gain);
  return { neurons, gain };
}

/** Some neurons at a time; the owner's numbers give way to the suspect's, so that there is no third matrix. */
function alignNeurons(
  { neurons, gain }: Neurons,
  theirs: RowMatrix,
  partners: Int32Array,
  turnRows: TurnRows,
): Omit<RealignedPart, 'part'> {
  const { rows, columns, values } = neurons;
  const scales = new Float64Array(rows);
  const step = Math.max(1, Math.floor(BLOCK_NUMBERS / columns));
  let [off, all] = [0, 0];
  for (let from = 0; from < rows; from += step) {
    const count = Math.min(step, rows - from);
    const found = Int32Array.from({ length: count }, (_, i) => partners[from + i] ?? -1);
    const turned = turnRows(takeRows(theirs, found)).values;
    for (let i = 0; i < count; i++) {
      const own = values.subarray((from + i) * columns, (from + i + 1) * columns);
      if (found[i]! < 0) {
        own.fill(0);
        continue;
      }
      const other = turned.subarray(i * columns, (i + 1) * columns);
      let [shared, square] = [0, 0];
      for (let k = 0; k < columns; k++) {
        shared += own[k]! * other[k]!;
        square += other[k]! * other[k]!;
      }
      const scale = square > 0 ? shared / square : 0;
      scales[from + i] = scale;
      for (let k = 0; k < columns; k++) {
        const share = gain?.[k] ?? 1;
        const value = share === 0 ? 0 : (scale * other[k]!) / share;
        const target = share === 0 ? 0 : own[k]! / share;
        own[k] = value;
        off += (value - target) ** 2;
        all += target * target;
      }
    }
  }
  return { neurons, scales, residual: all > 0 ? Math.sqrt(off / all) : 1 };
}

/** Rows in the order of `chosen`; zeros for one below 0. */
function takeRows({ columns, values }: RowMatrix, chosen: Int32Array): RowMatrix {
  const out = new Float32Array(chosen.length * columns);
  for (const [i, row] of chosen.entries())
    if (row >= 0) out.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return { rows: chosen.length, columns, values: out };
}
