import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';
import { MAX_RING_KEYS, type RingKey } from './attribution.js';
import { type MarkTestOptions, testKey } from './log-p.js';

/** Most tests, rows times keys, and most of them kept as significant by themselves. */
export const MAX_ROW_TESTS = 1_000_000_000;
const MAX_KEPT = 5_000_000;

/** A row that depends on a key, at the level for all rows and keys. */
export interface NamedRow {
  /** Place of the row among those given. */
  readonly row: number;
  readonly id: string;
  /** Null: this key has nothing to do with how this row's tokens were chosen. */
  readonly logP: number;
  /** The same corrected for all rows and keys tried (Holm 1979). */
  readonly logAdjustedP: number;
}

export interface RowAttribution {
  /** Ascending by row. */
  readonly named: readonly NamedRow[];
  /** Keys with a named row, most rows first. */
  readonly keys: readonly { readonly id: string; readonly rows: number }[];
  /** Rows with anything to score, times keys. */
  readonly tried: number;
  readonly alpha: number;
}

/**
 * Tests every row under every key: whose rows a mixture holds, where `attributeKeys` on all rows together would drown a key that
 * marked one row in a hundred. With chance at most `alpha` any row is named under a key that it does not depend on
 * (Holm over all pairs, valid though rows repeat one another). Rows are n-grams of one text each, every key opened once.
 *
 * @throws PhalanxError `MARK_LIMIT` beyond `MAX_ROW_TESTS` or `MAX_RING_KEYS`, `MARK_ARGUMENT` for alpha outside (0, 1)
 */
export function attributeRows(
  rows: readonly Ngrams[],
  ring: Iterable<RingKey>,
  { alpha = 1e-3, ...options }: MarkTestOptions & { readonly alpha?: number } = {},
): RowAttribution {
  demand(alpha > 0 && alpha < 1, 'MARK_ARGUMENT', 'alpha is in (0, 1)', 'Give 0.001.');
  const scorable = rows.flatMap((ngrams, row) => (ngrams.count > 0 ? [{ ngrams, row }] : []));
  const kept: { row: number; id: string; logP: number }[] = [];
  let keys = 0;
  for (const key of ring) {
    demand(++keys <= MAX_RING_KEYS, 'MARK_LIMIT', `more than ${MAX_RING_KEYS} keys`, 'Split the ring.');
    demand(
      keys * scorable.length <= MAX_ROW_TESTS && kept.length < MAX_KEPT,
      'MARK_LIMIT',
      `more than ${MAX_ROW_TESTS} tests of a row under a key`,
      'Test a sample of the rows, or fewer keys.',
    );
    const mark = key.open();
    for (const { ngrams, row } of scorable) {
      const { logP } = testKey(mark, ngrams, options);
      if (logP <= Math.log(alpha)) kept.push({ row, id: key.id, logP });
    }
  }
  const tried = keys * scorable.length;
  const named = nameRows(kept, tried, alpha);
  const counts = new Map<string, number>();
  for (const { id } of named) counts.set(id, (counts.get(id) ?? 0) + 1);
  return {
    named: named.sort((a, b) => a.row - b.row || a.logP - b.logP),
    keys: [...counts].map(([id, count]) => ({ id, rows: count })).sort((a, b) => b.rows - a.rows),
    tried,
    alpha,
  };
}

/** Holm's steps over all tests, of which those above alpha by themselves were not kept and come last. */
function nameRows(
  kept: { readonly row: number; readonly id: string; readonly logP: number }[],
  tried: number,
  alpha: number,
): NamedRow[] {
  kept.sort((a, b) => a.logP - b.logP);
  const named: NamedRow[] = [];
  let highest = Number.NEGATIVE_INFINITY;
  for (const [rank, candidate] of kept.entries()) {
    highest = Math.max(highest, Math.min(0, candidate.logP + Math.log(tried - rank)));
    if (highest > Math.log(alpha)) break;
    named.push({ ...candidate, logAdjustedP: highest });
  }
  return named;
}
