import { verifyTimestamp } from '@phalanx/attestation';
import { canonicalJson, fromBase64, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import {
  type Checkpoint,
  openNote,
  parseCheckpoint,
  parseNote,
  type TransparencyLog,
  type TrustPolicy,
  verifyConsistency,
} from '@phalanx/ledger';
import { z } from 'zod';
import type { EvidenceErrorCode } from './evidence-error.js';
import { readJsonLines } from './json-lines.js';

/**
 * A checkpoint that somebody else saw at a time: its signed note and an RFC 3161 response over it. Kept as the log grows, they show later
 * that entries were there when they say, and were not made up for the case.
 */
export interface DatedCheckpoint {
  readonly note: Uint8Array;
  /** DER. */
  readonly response: Uint8Array;
}

/** Entries of a log that were there at a time. */
export interface DatedSize {
  readonly size: number;
  readonly timeMs: number;
}

const MAX_LINE_BYTES = 400_000;
/** Of a bundle; older logs are thinned. */
const MAX_DATES = 2_000;

const Line = z.strictObject({
  note: z.string(),
  response: z.string(),
  consistency: z.array(z.string()).max(64).optional(),
});

/** One line of a file of dated checkpoints. */
export function formatDatedLine(
  { note, response }: DatedCheckpoint,
  consistency?: readonly Uint8Array[],
): Uint8Array {
  return utf8(
    `${canonicalJson({
      note: toBase64(note),
      response: toBase64(response),
      ...(consistency !== undefined && { consistency: consistency.map(toBase64) }),
    })}\n`,
  );
}

/** @throws PhalanxError `EVIDENCE_RECORD` for a malformed line */
export async function* readDatedLines(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<DatedCheckpoint & { readonly consistency: readonly Uint8Array[] | null }> {
  for await (const value of readJsonLines(content, MAX_LINE_BYTES)) {
    const parsed = Line.safeParse(value);
    if (!parsed.success) throw dateError('a line is malformed');
    const { note, response, consistency } = parsed.data;
    try {
      yield {
        note: fromBase64(note),
        response: fromBase64(response),
        consistency: consistency?.map(fromBase64) ?? null,
      };
    } catch (cause) {
      throw dateError('a line is malformed', cause);
    }
  }
}

/** Lines of `dates.jsonl`: dated checkpoints, each with its proof that the tree of `newSize` leaves continues it. */
export async function* proveDates(
  log: TransparencyLog,
  dated: readonly DatedCheckpoint[],
  newSize: number,
): AsyncGenerator<Uint8Array> {
  const step = Math.max(1, Math.ceil(dated.length / MAX_DATES));
  for (let i = 0; i < dated.length; i += step) {
    const { size } = parseCheckpoint(parseNote(dated[i]!.note).text);
    if (size <= newSize) yield formatDatedLine(dated[i]!, await log.proveConsistency(size, newSize));
  }
}

/**
 * Verifies `dates.jsonl`: each checkpoint is by the log, was stamped, and is continued by the checkpoint of the bundle.
 *
 * @returns ascending in size and time
 * @throws PhalanxError `EVIDENCE_RECORD`, `ATTESTATION_TIMESTAMP`
 */
export async function verifyDates(
  content: AsyncIterable<Uint8Array>,
  checkpoint: Checkpoint,
  policy: TrustPolicy,
  certificates: readonly Uint8Array[],
): Promise<DatedSize[]> {
  const dates: DatedSize[] = [];
  const keys = policy.logs.map(({ key }) => key);
  for await (const { note, response, consistency } of readDatedLines(content)) {
    const old = readSigned(note, keys);
    const { timeMs } = verifyTimestamp(response, note, { certificates });
    const last = dates.at(-1);
    if (last !== undefined && (old.size < last.size || timeMs < last.timeMs))
      throw dateError(`the checkpoint of ${old.size} entries is out of order`);
    const continues =
      old.origin === checkpoint.origin &&
      consistency !== null &&
      verifyConsistency(old.size, checkpoint.size, consistency, old.root, checkpoint.root);
    if (!continues) throw dateError(`the log does not continue its checkpoint of ${old.size} entries`);
    dates.push({ size: old.size, timeMs });
    if (dates.length > MAX_DATES) throw dateError(`more than ${MAX_DATES}`);
  }
  return dates;
}

/** The first time at which an entry is known to have been there; null when it is not covered. `dates` as `verifyDates` returns them. */
export function dateOf(index: number, dates: readonly DatedSize[]): number | null {
  let [low, high] = [0, dates.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (dates[middle]!.size > index) high = middle;
    else low = middle + 1;
  }
  return dates[low]?.timeMs ?? null;
}

function readSigned(note: Uint8Array, keys: Parameters<typeof openNote>[1]): Checkpoint {
  try {
    return parseCheckpoint(openNote(note, keys).text);
  } catch (cause) {
    throw dateError('a checkpoint is not by the log', cause);
  }
}

function dateError(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', `a dated checkpoint does not hold: ${what}`, { cause });
}
