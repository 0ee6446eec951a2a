import { hashRows } from '../prf/synthid-hash.js';
import { requireInteger } from '../watermark-error.js';

/** Which tokens the detectors of transformers and synthid-text score. */
export interface SynthidMaskOptions {
  readonly ngramLength: number;
  /** Contexts that are remembered (`context_history_size`): 1,024 upstream. */
  readonly history: number;
  /** Where the hash starts: 1 for `hf-synthid`, `SynthidPrf.start` for `deepmind-synthid`. */
  readonly start: bigint;
  /** From its first occurrence on, nothing is scored. */
  readonly endToken?: number;
}

const MAX_HISTORY = 1 << 20;

/**
 * The mask of `compute_context_repetition_mask` times `compute_eos_token_mask`, one entry a token: 0 for the first
 * `ngramLength - 1`, for a token whose context is among the last `history` contexts, and from the end token on.
 * For `NgramCollector.add`, which leaves out every repeated context whether or not upstream has forgotten it: a token
 * that upstream scores and the collector does not is a context met again after more than `history` others.
 * Vectors: `context_mask` in `synthid.json`.
 *
 * @throws PhalanxError `MARK_ARGUMENT` for a length that is not 2 to 17, or a history that is not 1 to 2^20.
 */
export function maskLikeSynthid(tokens: Int32Array, options: SynthidMaskOptions): Uint8Array {
  const { ngramLength, history, start, endToken } = options;
  requireInteger(ngramLength, 'n-gram length', 2, 17);
  requireInteger(history, 'history', 1, MAX_HISTORY);
  const mask = new Uint8Array(tokens.length);
  const width = ngramLength - 1;
  const count = tokens.length - width;
  if (count <= 0) return mask;
  const rows = new Int32Array(count * width);
  for (let row = 0; row < count; row++) rows.set(tokens.subarray(row, row + width), row * width);
  const hashes = hashRows(rows, width, start);
  // The history is made of zeros at first, so that a context of hash 0 counts as met until they are all pushed out.
  const last = new Map<bigint, number>([[0n, -1]]);
  const end = endToken === undefined ? -1 : tokens.indexOf(endToken);
  for (let row = 0; row < count; row++) {
    const hash = hashes[row]!;
    const seen = last.get(hash);
    const position = row + width;
    if ((seen === undefined || row - seen > history) && (end < 0 || position < end)) mask[position] = 1;
    last.set(hash, row);
  }
  return mask;
}
