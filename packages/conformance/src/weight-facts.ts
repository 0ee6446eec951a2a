import { createHash } from 'node:crypto';
import { countNumbers, type Tensor, type WeightFile } from '@phalanx/weights';
import type { Checks } from './checks.js';

/** What a judge says of a tensor: its shape, and the SHA-256 of its numbers as 32-bit floats. */
export interface TensorFacts {
  readonly shape: readonly number[];
  /** Absent where the judge or we do not decode the format. */
  readonly sha?: string;
  /** Mean, standard deviation, kurtosis. */
  readonly moments?: readonly [number, number, number];
}

/** A prime, so that pieces begin within rows and blocks. */
const PIECE = 4_093;

/** Numbers of a tensor, a piece at a time. */
export async function* readPieces(file: WeightFile, tensor: Tensor): AsyncGenerator<Float32Array> {
  const count = countNumbers(tensor);
  for (let at = 0; at < count; at += PIECE)
    yield await file.readNumbers(tensor, at, Math.min(PIECE, count - at));
}

/** SHA-256 of a tensor's numbers. */
export async function digestTensor(file: WeightFile, tensor: Tensor): Promise<string> {
  const hash = createHash('sha256');
  for await (const { buffer, byteOffset, byteLength } of readPieces(file, tensor))
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** Checks that a file has the tensors that the judge saw, with the same shapes and numbers. */
export async function checkFacts(
  checks: Checks,
  what: string,
  file: WeightFile,
  expected: Readonly<Record<string, TensorFacts>>,
): Promise<void> {
  const names = (of: Iterable<string>) => [...of].sort().join(' ');
  checks.equal(`${what}: names`, names(file.tensors.keys()), names(Object.keys(expected)));
  for (const [name, { shape, sha }] of Object.entries(expected)) {
    const tensor = file.tensors.get(name);
    if (tensor === undefined) continue;
    checks.equal(`${what}: shape of ${name}`, tensor.shape.join(' '), shape.join(' '));
    if (sha !== undefined) checks.equal(`${what}: ${name}`, await digestTensor(file, tensor), sha);
  }
}

/** Mean, standard deviation and kurtosis in double precision. */
export async function measureMoments(file: WeightFile, tensor: Tensor): Promise<[number, number, number]> {
  const count = countNumbers(tensor);
  let sum = 0;
  for await (const piece of readPieces(file, tensor)) for (const value of piece) sum += value;
  const mean = sum / count;
  let second = 0;
  let fourth = 0;
  for await (const piece of readPieces(file, tensor))
    for (const value of piece) {
      const square = (value - mean) ** 2;
      second += square;
      fourth += square * square;
    }
  const variance = second / count;
  return [mean, Math.sqrt(variance), variance === 0 ? 0 : fourth / count / variance ** 2];
}
