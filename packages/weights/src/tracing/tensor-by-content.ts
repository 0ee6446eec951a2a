import { countColumns, countNumbers, type Tensor, type WeightFile } from '../formats/weight-file.js';
import { groupByShape } from '../lineage/shape-groups.js';
import type { SuspectView } from './suspect-view.js';

/** Numbers of a tensor that it is recognised by, in so many stretches spread evenly. */
const SAMPLE = 1_024;
const STRETCHES = 8;
/** Pairs of one shape that are looked at: more have too many equals, as experts do. */
const MOST_PAIRS = 4_000_000;
/** Tensors of one shape whose samples are held at once, 8 KiB each. */
const MOST_SOUGHT = 16_384;

/**
 * Where a file has tensors of the owner under names or numbers that say nothing: of the tensors of one shape that with the largest cosine over 1,024
 * numbers, if it is `least` or more. Strangers of 1,024 numbers have 0.03. No two are given one tensor. Transposed ones, and those that
 * were disguised besides, are not found.
 */
export async function findByContent(
  base: WeightFile,
  suspect: WeightFile,
  lost: readonly string[],
  least: number,
): Promise<ReadonlyMap<string, SuspectView>> {
  const others = groupByShape(suspect.tensors.values());
  const found = new Map<string, SuspectView>();
  const sought = lost.flatMap((name) => base.tensors.get(name) ?? []);
  for (const [shape, mine] of groupByShape(sought)) {
    const theirs = others.get(shape) ?? [];
    if (mine.length > MOST_SOUGHT || mine.length * theirs.length > MOST_PAIRS) continue;
    for (const [tensor, other] of await pairUp(base, mine, suspect, theirs, least))
      found.set(tensor.name, viewWhole(tensor, other));
  }
  return found;
}

async function pairUp(
  base: WeightFile,
  mine: readonly Tensor[],
  suspect: WeightFile,
  theirs: readonly Tensor[],
  least: number,
): Promise<ReadonlyMap<Tensor, Tensor>> {
  if (theirs.length === 0) return new Map();
  const samples = await Promise.all(mine.map((tensor) => readSample(base, tensor)));
  const pairs: { tensor: Tensor; other: Tensor; cosine: number }[] = [];
  for (const other of theirs) {
    const sample = await readSample(suspect, other);
    for (const [i, tensor] of mine.entries()) {
      const cosine = dot(samples[i]!, sample);
      if (cosine >= least) pairs.push({ tensor, other, cosine });
    }
  }
  pairs.sort((a, b) => b.cosine - a.cosine);
  const found = new Map<Tensor, Tensor>();
  const taken = new Set<Tensor>();
  for (const { tensor, other } of pairs) {
    if (found.has(tensor) || taken.has(other)) continue;
    found.set(tensor, other);
    taken.add(other);
  }
  return found;
}

/** Of length one; what is not finite, and all of a tensor without numbers to speak of, is zero. */
async function readSample(file: WeightFile, tensor: Tensor): Promise<Float64Array> {
  const numbers = countNumbers(tensor);
  const count = Math.min(numbers, SAMPLE);
  const size = Math.ceil(count / STRETCHES);
  const sample = new Float64Array(STRETCHES * size);
  for (let i = 0; i < STRETCHES; i++) {
    const from = Math.min(Math.floor(((i + 0.5) * numbers) / STRETCHES), numbers - size);
    sample.set(await file.readNumbers(tensor, from, size), i * size);
  }
  for (const [k, value] of sample.entries()) if (!(Math.abs(value) < 1e15)) sample[k] = 0;
  const length = Math.sqrt(dot(sample, sample));
  return length > 0 ? sample.map((value) => value / length) : sample;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function viewWhole(tensor: Tensor, other: Tensor): SuspectView {
  const columns = countColumns(tensor);
  const rows = tensor.shape[0]!;
  return { tensor, first: 0, rows, columns, place: null, other, otherFirst: 0, otherPlace: null };
}
