import { DAY_MS } from '@phalanx/core';
import type { TimeWindow } from '@phalanx/domain';
import { badArgument, inWindow, LOTS, millis, saturate } from './reader-queries.js';

/**
 * The SQL of `ResponseReader`. Only `response_hash` and `response_minhash` are read of every row, without FINAL: a row that
 * was written twice is found twice, and collapses by its id when it is asked who received it.
 */
export function responseCounts(from: string, window: TimeWindow, minBytes: number): string {
  return `SELECT account, ${saturate('count()')} AS count FROM ${from} FINAL
  WHERE ${inWindow(window)} AND ${isResponse(minBytes)} GROUP BY account ORDER BY account`;
}

/** A stretch of the table whose rows are read in one statement: days, and of them accounts by their highest 8 bits. */
export interface ResponseSlice {
  readonly fromDay: number;
  readonly toDay: number;
  readonly fromTop: number;
  readonly toTop: number;
  /** Of `parts` equal parts by exchange id, this one; where accounts alone do not divide enough. */
  readonly part: number;
  readonly parts: number;
  /** Of all parts together. */
  readonly rows: number;
}

/** Rows by day since 1970 and the account's highest 8 bits, ascending. */
export function responseDensity(from: string, window: TimeWindow): string {
  return `SELECT toUInt32(intDiv(toUnixTimestamp64Milli(at), ${DAY_MS})) AS day, toUInt32(bitShiftRight(account, 56)) AS top,
    toFloat64(count()) AS n FROM ${from} WHERE ${inWindow(window)} GROUP BY day, top ORDER BY day, top`;
}

/** Rows of a slice at most, unless a slice cannot be divided further: 20 MB of answer, of which a few copies are alive. */
const SLICE_ROWS = 500_000;
const MAX_PARTS = 64;
/** Values of the highest 8 bits. */
const WHOLE = 256;

/** Rows of one day and one value of the account's highest 8 bits. */
export interface ResponseCell {
  readonly day: number;
  readonly top: number;
  readonly rows: number;
}

/** Divides the table: whole days together while they are small, single days by account. `cells` ascend by day and top. */
export function planSlices(cells: readonly ResponseCell[]): ResponseSlice[] {
  const slices: ResponseSlice[] = [];
  for (const day of joinDays(cells)) {
    const rows = countRows(day);
    const last = slices.at(-1);
    if (rows > SLICE_ROWS) slices.push(...divideDay(day));
    else if (
      last !== undefined &&
      last.rows + rows <= SLICE_ROWS &&
      last.toTop === WHOLE &&
      last.fromTop === 0
    )
      slices[slices.length - 1] = { ...last, toDay: day[0]!.day + 1, rows: last.rows + rows };
    else slices.push(makeSlice(day[0]!.day, 0, WHOLE, rows));
  }
  return slices;
}

function joinDays(cells: readonly ResponseCell[]): ResponseCell[][] {
  const days: ResponseCell[][] = [];
  for (const cell of cells) {
    const last = days.at(-1);
    if (last !== undefined && last[0]!.day === cell.day) last.push(cell);
    else days.push([cell]);
  }
  return days;
}

function divideDay(cells: readonly ResponseCell[]): ResponseSlice[] {
  const slices: ResponseSlice[] = [];
  for (let at = 0; at < cells.length; ) {
    let rows = cells[at]!.rows;
    let end = at + 1;
    while (end < cells.length && rows + cells[end]!.rows <= SLICE_ROWS) rows += cells[end++]!.rows;
    const parts = Math.min(MAX_PARTS, Math.ceil(rows / SLICE_ROWS));
    const slice = makeSlice(cells[at]!.day, cells[at]!.top, cells[end - 1]!.top + 1, rows);
    for (let part = 0; part < parts; part++) slices.push({ ...slice, part, parts });
    at = end;
  }
  return slices;
}

function makeSlice(day: number, fromTop: number, toTop: number, rows: number): ResponseSlice {
  return { fromDay: day, toDay: day + 1, fromTop, toTop, part: 0, parts: 1, rows };
}

export function responseSketches(from: string, window: TimeWindow, slice: ResponseSlice): string {
  const { fromDay, toDay, fromTop, toTop, part, parts } = slice;
  const fromMs = Math.max(window.fromMs, fromDay * DAY_MS);
  const toMs = Math.min(window.toMs, toDay * DAY_MS);
  const byAccount = [
    ...(fromTop > 0 ? [`account >= ${BigInt(fromTop) << 56n}`] : []),
    ...(toTop < WHOLE ? [`account < ${BigInt(toTop) << 56n}`] : []),
    ...(parts > 1 ? [`sipHash64(id) % ${parts} = ${part}`] : []),
  ];
  return `SELECT response_hash, response_minhash FROM ${from}
  PREWHERE ${[inWindow({ fromMs, toMs }), ...byAccount].join(' AND ')} WHERE response_hash != 0`;
}

/** @throws PhalanxError `STORE_ARGUMENT` for a share outside 0 to 1. */
export function sampleResponses(from: string, window: TimeWindow, share: number, minBytes: number): string {
  if (!(share >= 0 && share <= 1)) throw badArgument('a share lies outside 0 to 1');
  const drawn = `bitShiftRight(sipHash64(id), 32) < ${Math.ceil(share * LOTS)}`;
  return `SELECT response_hash, response_minhash FROM ${from}
  PREWHERE ${inWindow(window)} AND ${drawn} WHERE ${isResponse(minBytes)} LIMIT 1 BY id`;
}

/** @throws PhalanxError `STORE_ARGUMENT` unless `most` is an integer of at least 1. */
export function findResponses(from: string, hashes: BigUint64Array, most: number): string {
  if (!Number.isSafeInteger(most) || most < 1) throw badArgument('most is not an integer of at least 1');
  return `SELECT * FROM (
    SELECT response_hash, account, ${millis('at')} AS at_ms, response_bytes, id FROM ${from}
    PREWHERE response_hash IN (${hashes.length === 0 ? 'NULL' : hashes.join(',')}) LIMIT 1 BY response_hash, id)
  LIMIT ${most} BY response_hash`;
}

function isResponse(minBytes: number): string {
  if (!Number.isSafeInteger(minBytes) || minBytes < 0)
    throw badArgument('minBytes is not an integer of at least 0');
  return `response_hash != 0 AND response_bytes >= ${minBytes}`;
}

function countRows(cells: readonly ResponseCell[]): number {
  return cells.reduce((total, { rows }) => total + rows, 0);
}
