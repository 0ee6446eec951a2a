import { refuse } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';

/** One named array of numbers, and where its bytes lie. */
export interface Tensor {
  readonly name: string;
  /** Number format or block format, as the file's own format names it: `BF16`, `Q4_K`. */
  readonly format: string;
  /** Outermost dimension first, as PyTorch has it; no dimension for a scalar. */
  readonly shape: readonly number[];
  readonly source: ByteSource;
  readonly offset: number;
  /** From the first to the last byte that is part of it. */
  readonly sizeBytes: number;
  /** Step in numbers along each dimension, where it is a view that is not in row-major order (PyTorch alone has such). */
  readonly strides?: readonly number[];
}

/** A model's weights, read where they are wanted. Opening reads headers only. */
export interface WeightFile {
  readonly container: 'safetensors' | 'gguf' | 'onnx' | 'torch' | 'llama2c';
  /** In the order of the file. A map, since a name may be `__proto__`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What the file says of itself, values as text. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes read so far from all sources. */
  readonly bytesRead: number;
  /**
   * `count` numbers of a tensor from `from`, in row-major order, as 32-bit floats.
   *
   * @throws PhalanxError `WEIGHTS_ARGUMENT` outside the tensor, or for a format without a float view; what sources throw
   */
  readNumbers(tensor: Tensor, from: number, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Numbers of a tensor. */
export function countNumbers({ shape }: Pick<Tensor, 'shape'>): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Numbers of one row: all dimensions but the first. */
export function countColumns({ shape }: Pick<Tensor, 'shape'>): number {
  return countNumbers({ shape: shape.slice(1) });
}

/** Whole rows of a tensor, one after another. */
export function readRows(
  file: WeightFile,
  tensor: Tensor,
  from: number,
  rows: number,
): Promise<Float32Array> {
  const columns = countColumns(tensor);
  return file.readNumbers(tensor, from * columns, rows * columns);
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` unless the numbers lie in the tensor */
export function checkNumbers(tensor: Tensor, from: number, count: number): void {
  const total = countNumbers(tensor);
  const isRange = Number.isSafeInteger(from) && Number.isSafeInteger(count) && from >= 0 && count >= 0;
  if (!isRange || from + count > total)
    refuse('WEIGHTS_ARGUMENT', `numbers ${from} to ${from + count} of a tensor of ${total}`);
}
