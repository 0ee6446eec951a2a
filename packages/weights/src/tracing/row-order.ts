import type { WeightFile } from '../formats/weight-file.js';
import type { SuspectView } from './suspect-view.js';

/** Rows of a head in another order. */
export interface RowOrder {
  /** Rows of a head. */
  readonly head: number;
  /** Where the file has the owner's row of a head. */
  place(row: number): number;
}

/**
 * The order of rows of query and key between GGUF and other containers: llama.cpp's converter writes the two halves of a head of Llama and its
 * relatives in turn, row by row (`permute` in `convert_hf_to_gguf.py`), since it rotates neighbours. Null where neither or both are GGUF, or it does
 * not say how many heads there are. Whether a file was written so is seen by which order fits.
 */
export function findRowOrder(
  base: WeightFile,
  suspect: WeightFile,
  { place, rows }: Pick<SuspectView, 'place' | 'rows'>,
): RowOrder | null {
  const isKey = place?.part === 'key';
  if (!isKey && place?.part !== 'query') return null;
  const isPaired = base.container === 'gguf';
  if (isPaired === (suspect.container === 'gguf')) return null;
  const { metadata } = isPaired ? base : suspect;
  const architecture = metadata.get('general.architecture') ?? '';
  const all = metadata.get(`${architecture}.attention.head_count`);
  const heads = Number((isKey ? metadata.get(`${architecture}.attention.head_count_kv`) : null) ?? all);
  const head = rows / heads;
  if (!Number.isSafeInteger(head) || head < 2 || head % 2 !== 0) return null;
  const half = head / 2;
  return {
    head,
    place: isPaired
      ? (row) => (row % 2) * half + (row >> 1)
      : (row) => 2 * (row % half) + Math.floor(row / half),
  };
}

/** `count` numbers of the file, from number `at` of a view on, in the owner's order of rows; whole rows where there is an order. */
export async function readInOrder(
  suspect: WeightFile,
  { other, otherFirst, columns, rows }: SuspectView,
  order: RowOrder | null,
  at: number,
  count: number,
): Promise<Float32Array> {
  if (order === null) return suspect.readNumbers(other, otherFirst + at, count);
  const { head, place } = order;
  const [from, end] = [Math.floor(at / columns), Math.ceil((at + count) / columns)];
  const [first, last] = [from - (from % head), Math.min(rows, Math.ceil(end / head) * head)];
  const block = await suspect.readNumbers(other, otherFirst + first * columns, (last - first) * columns);
  const out = new Float32Array((end - from) * columns);
  for (let row = from; row < end; row++) {
    const source = row - (row % head) - first + place(row % head);
    out.set(block.subarray(source * columns, (source + 1) * columns), (row - from) * columns);
  }
  const skipped = at - from * columns;
  return out.subarray(skipped, skipped + count);
}
