import type { RowMatrix } from '../kernels/inner-products.js';

/** Names of tables that a program computes: rotary angles, Fourier bases, windows, masks. */
const TABLE_NAMES =
  /freqs_(?:cos|sin|cis)|rope_freqs|inv_freq|rotary|(?:^|[._/])(?:cos|sin)_cached|stft|fourier|dft|mel_|hann|window|position_ids|(?:^|[._/])(?:attn_)?mask/i;

const ORDER = 6;
const LEAST_LENGTH = 24;
const SEQUENCES = 16;
/** Share of a sequence's variance that its own past must explain. */
const EXPLAINED = 0.999;

/**
 * Why a tensor says nothing of its training, or null. Constant: at most two different numbers, or units that are all equal. Analytic: a
 * table by its name, or one whose numbers follow from the six before them, as sums of three sinusoids do exactly (rotary and sinusoidal
 * tables, windowed Fourier bases), along units or across them. Each model is looked at alone, so that a copy's tensors are not
 * excluded for being equal.
 */
export function findAnalyticReason(name: string, sample: RowMatrix): string | null {
  if (TABLE_NAMES.test(name.slice(0, 500))) return 'a computed table by its name';
  if (new Set(sample.values.subarray(0, 65_536)).size <= 2) return 'constant';
  const along = Array.from({ length: Math.min(SEQUENCES, sample.rows) }, (_, i) => {
    const row = Math.floor((i * sample.rows) / Math.min(SEQUENCES, sample.rows));
    return sample.values.subarray(row * sample.columns, (row + 1) * sample.columns);
  });
  const across = Array.from({ length: Math.min(SEQUENCES, sample.columns) }, (_, i) => {
    const column = Math.floor((i * sample.columns) / Math.min(SEQUENCES, sample.columns));
    return Float32Array.from(
      { length: sample.rows },
      (_, row) => sample.values[row * sample.columns + column]!,
    );
  });
  if (across.every((sequence) => sequence.every((value) => value === sequence[0])))
    return 'constant over units';
  for (const sequences of [along, across])
    if (followsItself(sequences)) return 'computed: each number follows from those before';
  return null;
}

function followsItself(sequences: readonly Float32Array[]): boolean {
  if ((sequences[0]?.length ?? 0) < LEAST_LENGTH) return false;
  const shares = sequences.map((sequence) => explainByPast(sequence.subarray(0, 512))).sort((a, b) => a - b);
  return shares[Math.floor(shares.length / 2)]! >= EXPLAINED;
}

/** Share of the variance of a sequence that the best linear rule on its last six numbers explains. */
function explainByPast(x: Float32Array): number {
  const gram = Array.from({ length: ORDER }, () => new Float64Array(ORDER));
  const right = new Float64Array(ORDER);
  let total = 0;
  for (let t = ORDER; t < x.length; t++) {
    total += x[t]! ** 2;
    for (let i = 0; i < ORDER; i++) {
      right[i]! += x[t - 1 - i]! * x[t]!;
      for (let j = 0; j < ORDER; j++) gram[i]![j]! += x[t - 1 - i]! * x[t - 1 - j]!;
    }
  }
  // Also where everything is zero: a unit that was pruned away is no table.
  if (!(total > 0) || !Number.isFinite(total)) return 0;
  for (let i = 0; i < ORDER; i++) gram[i]![i]! += total * 1e-9;
  const weights = solve(gram, right);
  let rest = 0;
  for (let t = ORDER; t < x.length; t++) {
    let value = x[t]!;
    for (let i = 0; i < ORDER; i++) value -= weights[i]! * x[t - 1 - i]!;
    rest += value * value;
  }
  return 1 - rest / total;
}

/** Gauss without pivots: the matrix is positive definite. */
function solve(matrix: Float64Array[], right: Float64Array): Float64Array {
  for (let i = 0; i < ORDER; i++)
    for (let j = i + 1; j < ORDER; j++) {
      const factor = matrix[j]![i]! / matrix[i]![i]!;
      for (let k = i; k < ORDER; k++) matrix[j]![k]! -= factor * matrix[i]![k]!;
      right[j]! -= factor * right[i]!;
    }
  for (let i = ORDER - 1; i >= 0; i--) {
    for (let k = i + 1; k < ORDER; k++) right[i]! -= matrix[i]![k]! * right[k]!;
    right[i]! /= matrix[i]![i]!;
  }
  return right;
}
