import { refuse, requireFormat } from '../weights-error.js';
import { decodeNumbers, isDecodable, NUMBER_BITS } from './number-format.js';
import { checkNumbers, countNumbers, type Tensor } from './weight-file.js';

/** Numbers of storage from the first to the last that a view touches. @throws PhalanxError `WEIGHTS_FORMAT` when that overflows */
export function measureSpan(shape: readonly number[], strides: readonly number[]): number {
  let numbers = 1;
  let last = 0;
  for (const [i, size] of shape.entries()) {
    numbers *= size;
    last += Math.max(0, size - 1) * strides[i]!;
    requireFormat(
      Number.isSafeInteger(numbers) && Number.isSafeInteger(last),
      'the size of a tensor overflows',
    );
  }
  return numbers === 0 ? 0 : last + 1;
}

/** Whether the steps are those of row-major order. Dimensions of one, and tensors of none, have no order. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== step) return shape.includes(0);
    step *= shape[i]!;
  }
  return true;
}

/** Numbers of a view in row-major order of its shape; reads the stretch of the storage that they lie in. */
export async function readView(tensor: Tensor, from: number, count: number): Promise<Float32Array> {
  checkNumbers(tensor, from, count);
  const { shape, strides = [], format } = tensor;
  if (!isDecodable(format)) return refuse('WEIGHTS_ARGUMENT', `${format} has no real numbers of whole bytes`);
  if (count === 0) return new Float32Array(0);
  const width = NUMBER_BITS[format] / 8;
  const [first, last] = measureStretch(shape, strides, from, count);
  const bytes = await tensor.source.read(tensor.offset + first * width, (last - first + 1) * width);
  const numbers = decodeNumbers(format, bytes);
  const index = locate(shape, from);
  const out = new Float32Array(count);
  let at = index.reduce((sum, value, i) => sum + value * strides[i]!, -first);
  for (let i = 0; i < count; i++) {
    out[i] = numbers[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** First and last place in the storage, at most: exact for whole rows of the outermost dimension. */
function measureStretch(
  shape: readonly number[],
  strides: readonly number[],
  from: number,
  count: number,
): [first: number, last: number] {
  const columns = countNumbers({ shape: shape.slice(1) });
  const [step = 0, ...inner] = strides;
  const rowLast = shape.slice(1).reduce((sum, size, i) => sum + (size - 1) * inner[i]!, 0);
  return [Math.floor(from / columns) * step, Math.floor((from + count - 1) / columns) * step + rowLast];
}

/** Index of a number along each dimension. */
function locate(shape: readonly number[], from: number): number[] {
  const index = shape.map(() => 0);
  let rest = from;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}
