import type { RowMatrix } from '../kernels/inner-products.js';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { type LayerSketch, SKETCHED_PARTS, type SketchedPart, setLengths } from './neuron-sketch.js';

/** `PHXS`, then the version. */
const MAGIC = 0x53584850;
const VERSION = 1;
const HEADER_BYTES = 24;
const MAX_NEURONS = 1_048_576;
const MAX_TOKENS = 4_096;
/** Numbers of one part: 131,072 neurons by 512 tokens, 256 MiB once read. */
const MAX_NUMBERS = 64 * 1024 * 1024;

/**
 * A sketch as a file: 24 bytes (magic `PHXS`, version, layer, neurons, tokens, parts as bits: gate 1, up 2, down 4; each of 32 bits,
 * little-endian), the tokens, then for each part a row of signed bytes for each neuron, its largest magnitude at 127. So 15.1 MB for 28,672
 * neurons, three parts and 176 tokens.
 *
 * Who has it learns how neurons respond to those tokens, up to a scale each. With fewer tokens than the model has dimensions it does not
 * determine the weights; with as many, and the embedding, it does up to scales and standardisation.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for what `decodeSketch` would refuse
 */
export function encodeSketch(sketch: LayerSketch): Uint8Array {
  const { layer, neurons, tokens } = sketch;
  if (neurons < 1 || tokens.length < 1 || !isWithinLimits(neurons, tokens.length))
    return refuse('WEIGHTS_ARGUMENT', `a sketch of ${neurons} neurons and ${tokens.length} tokens`);
  const parts = SKETCHED_PARTS.filter((part) => sketch.parts.has(part));
  const bits = parts.reduce((sum, part) => sum + bitOf(part), 0);
  const start = HEADER_BYTES + tokens.length * 4;
  const bytes = new Uint8Array(start + parts.length * neurons * tokens.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [MAGIC, VERSION, layer, neurons, tokens.length, bits, ...tokens].entries())
    view.setUint32(i * 4, value, true);
  const rows = new Int8Array(bytes.buffer, start);
  for (const [i, part] of parts.entries())
    encodeRows(sketch.parts.get(part)!, rows.subarray(i * neurons * tokens.length));
  return bytes;
}

/** @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT` above 1,048,576 neurons, 4,096 tokens or 64 Mi numbers of a part */
export function decodeSketch(bytes: Uint8Array): LayerSketch {
  requireFormat(bytes.length >= HEADER_BYTES, 'a sketch shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [magic, version, layer, neurons, count, bits] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(i * 4, true),
  ) as [number, number, number, number, number, number];
  requireFormat(magic === MAGIC && version === VERSION, 'no sketch of version 1');
  requireWithin(isWithinLimits(neurons, count), `a sketch of ${neurons} neurons, ${count} tokens`);
  const parts = SKETCHED_PARTS.filter((part) => (bits & bitOf(part)) !== 0);
  requireFormat(bits <= 7 && parts.length >= 2 && neurons >= 1 && count >= 1, 'a sketch without parts');
  const start = HEADER_BYTES + count * 4;
  const size = neurons * count;
  requireFormat(
    bytes.length === start + parts.length * size,
    'a sketch of another length than its header says',
  );
  return {
    layer,
    neurons,
    tokens: Uint32Array.from({ length: count }, (_, i) => view.getUint32(HEADER_BYTES + i * 4, true)),
    parts: new Map(
      parts.map((part, i) => {
        const from = bytes.byteOffset + start + i * size;
        const values = Float32Array.from(new Int8Array(bytes.buffer, from, size));
        const matrix: RowMatrix = { rows: neurons, columns: count, values };
        setLengths(matrix);
        return [part, matrix];
      }),
    ),
  };
}

function isWithinLimits(neurons: number, tokens: number): boolean {
  return neurons <= MAX_NEURONS && tokens <= MAX_TOKENS && neurons * tokens <= MAX_NUMBERS;
}

function bitOf(part: SketchedPart): number {
  return 1 << SKETCHED_PARTS.indexOf(part);
}

function encodeRows({ rows, columns, values }: RowMatrix, out: Int8Array): void {
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * columns, (row + 1) * columns);
    let most = 0;
    for (const value of line) most = Math.max(most, Math.abs(value));
    if (most > 0)
      for (let i = 0; i < columns; i++) out[row * columns + i] = Math.round((line[i]! / most) * 127);
  }
}
