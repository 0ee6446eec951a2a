import { multiplyRows, type RowMatrix, transpose } from '../kernels/inner-products.js';

/** Cosine from which two features are one. */
const ALIKE = 0.98;

/**
 * Features of `samples` that are not nearly parallel to an earlier one, in any of them. A vocabulary has tokens that training never
 * saw and that share one embedding (130 of 512 in a small model of public stories); left in, that one vector decides every comparison of
 * dimensions. Looks at no order of units, so that the bound of T1 stands.
 */
export function keepDistinctFeatures(samples: readonly [RowMatrix, RowMatrix]): [RowMatrix, RowMatrix] {
  const kept = samples
    .map((sample) => findDistinct(transpose(sample)))
    .reduce((a, b) => a.filter((feature) => b.includes(feature)));
  return [takeFeatures(samples[0], kept), takeFeatures(samples[1], kept)];
}

/** Rows that are no zeros and not nearly parallel to an earlier one that was kept. */
export function findDistinct(features: RowMatrix): number[] {
  const { values } = multiplyRows(features, features);
  const lengths = Float64Array.from({ length: features.rows }, (_, i) =>
    Math.sqrt(values[i * features.rows + i]!),
  );
  const kept: number[] = [];
  for (let i = 0; i < features.rows; i++) {
    const isNew = kept.every(
      (j) => Math.abs(values[i * features.rows + j]!) < ALIKE * lengths[i]! * lengths[j]!,
    );
    if (isNew && lengths[i]! > 0) kept.push(i);
  }
  return kept;
}

function takeFeatures({ rows, columns, values }: RowMatrix, features: readonly number[]): RowMatrix {
  const out = new Float32Array(rows * features.length);
  for (let row = 0; row < rows; row++)
    for (const [i, feature] of features.entries())
      out[row * features.length + i] = values[row * columns + feature]!;
  return { rows, columns: features.length, values: out };
}
