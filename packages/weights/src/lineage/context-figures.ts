import { countNumbers, type Tensor, type WeightFile } from '../formats/weight-file.js';
import { type Part, type PlacedTensor, placeTensors } from './architecture.js';

/**
 * Figures that others go by. Context, not evidence: none has a null distribution, each is wrong on some pair of the suite
 * `weight-lineage` (a permuted child has no cosine left; strangers of one recipe have alike deviations).
 */
export interface ContextFigures {
  /** Matrices of the same place and shape that were looked at, in up to 65,536 numbers each. */
  readonly matrices: number;
  /** Cosine of all their numbers as one vector (PCS of HuRef, NeurIPS 2024). Near 0 after any permutation. */
  readonly cosine: number | null;
  /** Correlation over layers of the deviations of query, key, value and output matrices, mean of the four (2507.03014). Needs 3 layers. */
  readonly attentionDeviation: number | null;
  /**
   * Mean kurtosis of the matrices of each. It moves one way while a model trains (MoTHer, 2405.18432), so that of two that
   * are related it may order parent and child; which way differs between training from nothing and tuning.
   */
  readonly kurtosis: { readonly left: number; readonly right: number } | null;
}

const NUMBERS = 65_536;
const MATRICES = 128;
const MATRIX_PARTS: readonly Part[] = [
  'gate',
  'up',
  'down',
  'query',
  'key',
  'value',
  'output',
  'embedding',
  'head',
];

interface Moments {
  readonly deviation: number;
  readonly kurtosis: number;
}

/** Reads the middle of up to 128 matrices of both. @throws PhalanxError what readers throw */
export async function measureContext(left: WeightFile, right: WeightFile): Promise<ContextFigures> {
  const keyOf = ({ part, layer, expert }: PlacedTensor) => `${part} ${layer} ${expert}`;
  const others = new Map(placeTensors(right).map((place) => [keyOf(place), place]));
  const pairs = placeTensors(left).flatMap((place) => {
    const other = others.get(keyOf(place));
    const isSame = other !== undefined && other.tensor.shape.join() === place.tensor.shape.join();
    return isSame && MATRIX_PARTS.includes(place.part) && place.tensor.shape.length >= 2
      ? [{ place, other }]
      : [];
  });
  const step = Math.max(1, pairs.length / MATRICES);
  const taken = pairs.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  let [product, mine, theirs] = [0, 0, 0];
  const seen: { place: PlacedTensor; left: Moments; right: Moments }[] = [];
  for (const { place, other } of taken) {
    const [a, b] = await Promise.all([readMiddle(left, place.tensor), readMiddle(right, other.tensor)]);
    for (let i = 0; i < a.length; i++) {
      product += a[i]! * b[i]!;
      mine += a[i]! ** 2;
      theirs += b[i]! ** 2;
    }
    seen.push({ place, left: measureMoments(a), right: measureMoments(b) });
  }
  const cosine = product / Math.sqrt(mine * theirs);
  const mean = (side: 'left' | 'right') =>
    seen.reduce((sum, one) => sum + one[side].kurtosis, 0) / seen.length;
  return {
    matrices: seen.length,
    cosine: Number.isFinite(cosine) ? cosine : null,
    attentionDeviation: correlateDeviations(seen),
    kurtosis: seen.length > 0 ? { left: mean('left'), right: mean('right') } : null,
  };
}

async function readMiddle(file: WeightFile, tensor: Tensor): Promise<Float32Array> {
  const total = countNumbers(tensor);
  const count = Math.min(NUMBERS, total);
  const from = Math.floor((total - count) / 2 / 256) * 256;
  return file.readNumbers(tensor, from, count);
}

function measureMoments(numbers: Float32Array): Moments {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  let [second, fourth] = [0, 0];
  for (const value of numbers) {
    const square = (value - mean) ** 2;
    second += square;
    fourth += square * square;
  }
  const variance = second / numbers.length;
  const kurtosis = variance > 0 ? fourth / numbers.length / variance ** 2 : 0;
  return { deviation: Math.sqrt(variance), kurtosis };
}

function correlateDeviations(
  seen: readonly { place: PlacedTensor; left: Moments; right: Moments }[],
): number | null {
  const found: number[] = [];
  for (const part of ['query', 'key', 'value', 'output'] as const) {
    const layers = seen.filter(({ place }) => place.part === part);
    if (layers.length < 3) return null;
    found.push(correlate(layers.map((one) => [one.left.deviation, one.right.deviation])));
  }
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
  return Number.isFinite(mean) ? mean : null;
}

function correlate(pairs: readonly (readonly [number, number])[]): number {
  const mean = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [a, b] = [mean(0), mean(1)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [x, y] of pairs) {
    ab += (x - a) * (y - b);
    aa += (x - a) ** 2;
    bb += (y - b) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
