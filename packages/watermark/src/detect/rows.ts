import { type Pivot, valuesPerNgram } from '../mark.js';
import { demand } from '../watermark-error.js';

/**
 * N-grams that an array of values stands for.
 *
 * @throws PhalanxError `MARK_ARGUMENT` when it does not divide into rows of the pivot.
 */
export function countRows(pivot: Pivot, values: Float64Array): number {
  const rows = values.length / valuesPerNgram(pivot);
  demand(
    Number.isInteger(rows),
    'MARK_ARGUMENT',
    `${values.length} values are no whole number of n-grams`,
    'Use the pivot and the values of one Mark.',
  );
  return rows;
}
