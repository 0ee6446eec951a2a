import { Random } from '@phalanx/stats';
import { accuseTogether, type Baseline } from './baseline.js';
import { spreadRows } from './traffic.js';
import { hashWords } from './word-features.js';

const WINDOW = 30;
const REFERENCE = 200;
const DIMENSIONS = 256;
const DRAWS = 100;
const BANDWIDTHS = [0.5, 1, 2, 4];

/**
 * Unbiased squared MMD (Gretton et al. 2012, equation 3) between a window of an account's prompts and a pooled honest
 * reference, mean of RBF kernels at 0.5, 1, 2 and 4 times the median squared distance, features hashed words. The
 * permutation null is studentised: the score is how many of its standard deviations the statistic lies above its mean,
 * because 100 permutations cannot resolve p = 0.001.
 *
 * The published detector uses sentence embeddings and windows of 1,500 prompts; this has neither, and its figures are
 * no statement about those.
 */
export const distributionShift: Baseline = {
  name: 'MMD against pooled reference',
  reference: 'MMD detector of model extraction, arXiv 2606.05725; Gretton et al., JMLR 13 (2012)',
  fit: ({ traffic }) => {
    const random = new Random(2);
    const reference = Array.from({ length: REFERENCE }, (_, i) => {
      const from = traffic[i % traffic.length]!;
      return embed(from.promptText(random.integer(from.account.length)));
    });
    const distances = pairDistances(reference, reference);
    const sorted = Float64Array.from(distances.filter((d) => d > 0)).sort();
    const median = sorted[sorted.length >> 1] ?? 1;
    const kernel = (squared: number): number =>
      BANDWIDTHS.reduce((sum, b) => sum + Math.exp(-squared / (2 * b * median)), 0) / BANDWIDTHS.length;
    const inner = distances.map(kernel);
    return (view) =>
      accuseTogether(
        Float64Array.from(view.rowsOf, (rows, account) =>
          rows.length < WINDOW
            ? Number.NEGATIVE_INFINITY
            : studentise(
                joinKernels(
                  inner,
                  reference,
                  Array.from(spreadRows(rows, WINDOW), (row) => embed(view.promptText(row))),
                  kernel,
                ),
                new Random(account + 1),
              ),
        ),
      );
  },
};

function embed(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  for (const bucket of hashWords(text, DIMENSIONS * 2)) vector[bucket >> 1]! += bucket & 1 ? 1 : -1;
  const norm = Math.hypot(...vector) || 1;
  return vector.map((x) => x / norm);
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < DIMENSIONS; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

function pairDistances(a: readonly Float32Array[], b: readonly Float32Array[]): Float64Array {
  const out = new Float64Array(a.length * b.length);
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) out[i * b.length + j] = squaredDistance(a[i]!, b[j]!);
  return out;
}

/** The kernel matrix of window and reference together, window first. */
function joinKernels(
  inner: Float64Array,
  reference: readonly Float32Array[],
  window: readonly Float32Array[],
  kernel: (squared: number) => number,
): Float64Array {
  const n = WINDOW + REFERENCE;
  const own = pairDistances(window, window);
  const cross = pairDistances(window, reference);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i < WINDOW && j < WINDOW) out[i * n + j] = kernel(own[i * WINDOW + j]!);
      else if (i >= WINDOW && j >= WINDOW) out[i * n + j] = inner[(i - WINDOW) * REFERENCE + (j - WINDOW)]!;
      else if (i < WINDOW) out[j * n + i] = out[i * n + j] = kernel(cross[i * REFERENCE + (j - WINDOW)]!);
    }
  return out;
}

function studentise(kernels: Float64Array, random: Random): number {
  const n = WINDOW + REFERENCE;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  // Sums over the small side suffice: rows' totals give the rest, for any choice of WINDOW items.
  const rowSum = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) rowSum[i]! += kernels[i * n + j]!;
  for (const sum of rowSum) total += sum;
  const statistic = (): number => {
    let within = 0;
    let rows = 0;
    for (let a = 0; a < WINDOW; a++) {
      rows += rowSum[order[a]!]!;
      for (let b = 0; b < a; b++) within += 2 * kernels[order[a]! * n + order[b]!]!;
    }
    const cross = rows - within;
    const rest = total - within - 2 * cross;
    return (
      within / (WINDOW * (WINDOW - 1)) +
      rest / (REFERENCE * (REFERENCE - 1)) -
      (2 * cross) / (WINDOW * REFERENCE)
    );
  };
  const observed = statistic();
  let sum = 0;
  let squares = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    // A partial Fisher-Yates shuffle: only who is in the window matters.
    for (let i = 0; i < WINDOW; i++) {
      const j = i + random.integer(n - i);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    const value = statistic();
    sum += value;
    squares += value * value;
  }
  const mean = sum / DRAWS;
  return (observed - mean) / Math.sqrt(Math.max(1e-12, squares / DRAWS - mean * mean));
}
