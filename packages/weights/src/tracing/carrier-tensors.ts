import { countColumns, countNumbers, type Tensor, type WeightFile } from '../formats/weight-file.js';
import { findAnalyticReason } from '../lineage/analytic-tensor.js';
import { refuse } from '../weights-error.js';
import { type CarrierFormat, findCarrierRange, isCarrierFormat } from './carriers.js';
import type { MarkedTensor } from './mark-key.js';

/** Tensors of a model that marks can lie in, and how many of their numbers can carry one. */
export interface CarrierSurvey {
  readonly tensors: readonly MarkedTensor[];
  /** Numbers above the thresholds, estimated from the sample. */
  readonly carriers: number;
  readonly numbers: number;
}

/** Deviations below which a number carries nothing: small ones have small steps, which noise of one size for all drowns. */
const THRESHOLD = 0.3;
const LEAST_NUMBERS = 256;
/** A row is scaled as one when marks are read: of a few numbers nothing would be left. */
const LEAST_COLUMNS = 8;
const STRETCHES = 64;
const STRETCH = 1_024;

/**
 * The matrices of a safetensors or GGUF file in BF16, F16 or F32: two dimensions or more, 256 numbers or more, neither constant nor computed
 * (rotary tables). The threshold of each is 0.3 of the root mean square over 64 stretches of 1,024 numbers spread evenly, so that marking needs
 * one pass. Reads 256 KiB of each tensor at most.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a model without any; what readers throw
 */
export async function surveyCarriers(file: WeightFile): Promise<CarrierSurvey> {
  if (file.container !== 'safetensors' && file.container !== 'gguf')
    return refuse('WEIGHTS_ARGUMENT', `${file.container} is not marked; convert it to safetensors`);
  const tensors: MarkedTensor[] = [];
  let [carriers, numbers] = [0, 0];
  for (const tensor of file.tensors.values()) {
    const { name, format } = tensor;
    if (!isCarrierFormat(format) || !isMatrix(tensor) || (await isComputed(file, tensor))) continue;
    const sample = await readSample(file, tensor);
    const squares = sample.reduce((sum, value) => sum + value * value, 0);
    const threshold = Math.fround(THRESHOLD * Math.sqrt(squares / sample.length));
    if (!(threshold > 0) || !Number.isFinite(threshold)) continue;
    tensors.push({ name, threshold });
    numbers += countNumbers(tensor);
    carriers += countNumbers(tensor) * measureShare(sample, format, threshold);
  }
  if (tensors.length === 0)
    return refuse('WEIGHTS_ARGUMENT', 'no matrix in BF16, F16 or F32 that could carry marks');
  return { tensors, carriers: Math.floor(carriers), numbers };
}

function isMatrix(tensor: Tensor): boolean {
  return (
    tensor.shape.length >= 2 &&
    countNumbers(tensor) >= LEAST_NUMBERS &&
    countColumns(tensor) >= LEAST_COLUMNS &&
    tensor.strides === undefined &&
    tensor.name.length <= 10_000
  );
}

async function isComputed(file: WeightFile, tensor: Tensor): Promise<boolean> {
  const columns = countColumns(tensor);
  const taken = Math.min(columns, STRETCH);
  const rows = Math.min(tensor.shape[0]!, STRETCHES);
  const values = new Float32Array(rows * taken);
  for (let row = 0; row < rows; row++)
    values.set(await file.readNumbers(tensor, row * columns, taken), row * taken);
  return findAnalyticReason(tensor.name, { rows, columns: taken, values }) !== null;
}

async function readSample(file: WeightFile, tensor: Tensor): Promise<Float32Array> {
  const numbers = countNumbers(tensor);
  if (numbers <= STRETCHES * STRETCH) return file.readNumbers(tensor, 0, numbers);
  const sample = new Float32Array(STRETCHES * STRETCH);
  for (let i = 0; i < STRETCHES; i++) {
    const from = Math.floor(((i + 0.5) * numbers) / STRETCHES) - STRETCH / 2;
    sample.set(await file.readNumbers(tensor, from, STRETCH), i * STRETCH);
  }
  return sample;
}

function measureShare(sample: Float32Array, format: CarrierFormat, threshold: number): number {
  const { above, below } = findCarrierRange(format, threshold, 1);
  const bits = new Uint32Array(sample.buffer, sample.byteOffset, sample.length);
  let count = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i]! & 0x7fff_ffff;
    if (magnitude > above && magnitude < below) count++;
  }
  return count / sample.length;
}
