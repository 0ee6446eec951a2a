import { refuse } from '../weights-error.js';
import { findBlockFormat } from './gguf-block.js';
import { NUMBER_BITS, type NumberFormat } from './number-format.js';
import { encodeBlocks } from './quantization.js';
import { countColumns, countNumbers, type Tensor, type WeightFile } from './weight-file.js';

/** A tensor to write; its bytes come when it is its turn. */
export interface WrittenTensor {
  readonly name: string;
  /** As the container names it: `BF16`, `Q8_0`. */
  readonly format: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** Its bytes from the first to the last, in pieces of any size. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Bytes of one piece where nothing else is asked for. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/**
 * A tensor of a file with its bytes as they are.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a view, whose bytes are not in the order of its shape: convert it
 */
export function copyTensor(tensor: Tensor, chunkBytes = CHUNK_BYTES): WrittenTensor {
  if (tensor.strides !== undefined) return refuse('WEIGHTS_ARGUMENT', 'a view has no bytes of its own');
  return {
    name: tensor.name,
    format: tensor.format,
    shape: tensor.shape,
    chunks: () => readBytes(tensor, chunkBytes),
  };
}

/**
 * A tensor of a file in another format, some rows at a time.
 *
 * @param format `F32`, `F16`, `BF16`, `Q8_0` or `Q4_0`; the last two for rows of whole blocks of 32
 */
export function convertTensor(
  file: WeightFile,
  tensor: Tensor,
  format: string,
  chunkBytes = CHUNK_BYTES,
): WrittenTensor {
  const { name, shape } = tensor;
  return { name, format, shape, chunks: () => readConverted(file, tensor, format, chunkBytes) };
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` for two tensors of one name, or a name that is no Unicode or is not allowed */
export function checkNames(
  tensors: readonly Pick<WrittenTensor, 'name'>[],
  isAllowed: (name: string) => boolean,
): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    // A half of a surrogate pair does not survive UTF-8.
    if (names.has(name) || !isAllowed(name) || Buffer.from(name).toString() !== name)
      refuse(
        'WEIGHTS_ARGUMENT',
        `a tensor cannot be named ${JSON.stringify(name.slice(0, 80))}, or not twice`,
      );
    names.add(name);
  }
}

/** Bytes of a tensor of plain numbers. @throws PhalanxError `WEIGHTS_ARGUMENT` */
export function measureNumbers(tensor: Pick<WrittenTensor, 'format' | 'shape'>): number {
  if (!Object.hasOwn(NUMBER_BITS, tensor.format))
    return refuse('WEIGHTS_ARGUMENT', `no number format ${tensor.format}`);
  const bits = countWritten(tensor) * NUMBER_BITS[tensor.format as NumberFormat];
  if (bits % 8 !== 0 || !Number.isSafeInteger(bits))
    return refuse('WEIGHTS_ARGUMENT', 'a tensor that ends within a byte');
  return bits / 8;
}

/** Bytes of a tensor of blocks. @throws PhalanxError `WEIGHTS_ARGUMENT` */
export function measureBlocks(tensor: Pick<WrittenTensor, 'format' | 'shape'>): number {
  const { numbers, bytes } = findBlockFormat(tensor.format);
  if ((tensor.shape.at(-1) ?? 1) % numbers !== 0)
    return refuse('WEIGHTS_ARGUMENT', `a row that is not of whole blocks of ${numbers}`);
  return (countWritten(tensor) / numbers) * bytes;
}

function countWritten({ shape }: Pick<WrittenTensor, 'shape'>): number {
  const numbers = countNumbers({ shape });
  if (!Number.isSafeInteger(numbers) || shape.some((size) => !Number.isSafeInteger(size) || size < 0))
    return refuse('WEIGHTS_ARGUMENT', 'a tensor with a size that is no count');
  return numbers;
}

/** The tensor's pieces; another sum of their lengths than `sizeBytes` is refused. */
export async function* writeChunks(tensor: WrittenTensor, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of tensor.chunks()) {
    done += chunk.length;
    if (done > sizeBytes) break;
    yield chunk;
  }
  if (done !== sizeBytes)
    refuse('WEIGHTS_ARGUMENT', `tensor ${tensor.name} gave another number of bytes than ${sizeBytes}`);
}

async function* readBytes(tensor: Tensor, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < tensor.sizeBytes; at += chunkBytes)
    yield await tensor.source.read(tensor.offset + at, Math.min(chunkBytes, tensor.sizeBytes - at));
}

async function* readConverted(
  file: WeightFile,
  tensor: Tensor,
  format: string,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  const numbers = countNumbers(tensor);
  // Whole rows, or parts of one in whole blocks of both formats: 256 numbers are the largest there is.
  const columns = Math.max(1, countColumns(tensor));
  const rows = Math.floor(chunkBytes / 4 / columns);
  const step = rows > 0 ? rows * columns : Math.max(256, Math.floor(chunkBytes / 4 / 256) * 256);
  for (let at = 0; at < numbers; at += step)
    yield encodeBlocks(format, await file.readNumbers(tensor, at, Math.min(step, numbers - at)));
}
