import { refuse } from '../weights-error.js';
import { decodeNumbers, isDecodable, NUMBER_BITS } from './number-format.js';
import { checkNumbers, type Tensor } from './weight-file.js';

/**
 * Numbers of a tensor whose format has one number after another, in the order of its shape.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` outside the tensor, or for a format without real numbers of whole bytes
 */
export async function readPlainNumbers(tensor: Tensor, from: number, count: number): Promise<Float32Array> {
  checkNumbers(tensor, from, count);
  const { format } = tensor;
  if (!isDecodable(format)) return refuse('WEIGHTS_ARGUMENT', `${format} has no real numbers of whole bytes`);
  const width = NUMBER_BITS[format] / 8;
  return decodeNumbers(format, await tensor.source.read(tensor.offset + from * width, count * width));
}
