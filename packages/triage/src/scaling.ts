/** Mean and reciprocal deviation of each of some figures. */
export interface Scaling {
  readonly means: Float64Array;
  /** 0 for a figure that never varied. */
  readonly factors: Float64Array;
}

/** One odd figure must not outweigh all others. */
const MAX_DEVIATIONS = 4;

/** Fits a scaling. `rows` is not empty; all rows are as long as the first. */
export function fitScaling(rows: readonly ArrayLike<number>[]): Scaling {
  const width = rows[0]!.length;
  const means = new Float64Array(width);
  const factors = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    for (const row of rows) means[j]! += row[j]! / rows.length;
    let square = 0;
    for (const row of rows) square += (row[j]! - means[j]!) ** 2;
    const deviation = Math.sqrt(square / rows.length);
    // Below this the spread is rounding.
    factors[j] = deviation > 1e-9 * (1 + Math.abs(means[j]!)) ? 1 / deviation : 0;
  }
  return { means, factors };
}

/** Figures in deviations from their means, at most four either way. */
export function applyScaling({ means, factors }: Scaling, row: ArrayLike<number>): Float32Array {
  return Float32Array.from(means, (mean, j) =>
    Math.min(MAX_DEVIATIONS, Math.max(-MAX_DEVIATIONS, (row[j]! - mean) * factors[j]!)),
  );
}
