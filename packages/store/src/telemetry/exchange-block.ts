import { PhalanxError } from '@phalanx/core';
import type { ExchangeRecord } from '@phalanx/domain';
import type { StoreErrorCode } from '../errors.js';
import { EXCHANGE_COLUMNS, type ExchangeColumnName } from './exchange-columns.js';
import { encodeNative, type NativeColumn } from './native.js';

type Numbers = Uint8Array | Uint16Array | Uint32Array;
type Bigs = BigUint64Array | BigInt64Array;
type Values = Numbers | Bigs | string[];

/** The last millisecond that ClickHouse's DateTime64(3) holds: 2299-12-31T23:59:59.999Z. */
export const LAST_AT_MS = 10_413_791_999_999;

const MAX_UINT32 = 2 ** 32 - 1;
const START_ROWS = 1024;

/**
 * Exchange records on their way into the store, held as columns that grow. Needs no engine: safe in a worker thread.
 *
 * Counts are rounded and saturate at their column's width (UInt32; `turns` and `shape` UInt16) instead of wrapping.
 * Reuse one block: `clear()` keeps its memory.
 */
export class ExchangeBlock {
  #rows = 0;
  #capacity = START_ROWS;
  readonly #columns = new Map<ExchangeColumnName, Values>();

  constructor() {
    for (const { name, wire } of EXCHANGE_COLUMNS)
      this.#columns.set(name, makeColumn(wire, this.#capacity, widthOf(wire)));
  }

  /** Rows pushed since the last `clear`. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Appends one record; copies its bytes.
   *
   * @throws PhalanxError `STORE_ROW_INVALID` for a sketch or id of a wrong byte length, an identifier outside 64
   *   bits, a count that is not a number of at least 0, or a time that is not in 1970..2299. The block is unchanged.
   */
  push(record: ExchangeRecord): void {
    checkRecord(record);
    if (this.#rows === this.#capacity) this.#grow();
    const row = this.#rows;
    const big = (name: ExchangeColumnName, value: bigint): void => {
      (this.#columns.get(name) as Bigs)[row] = value;
    };
    const count = (name: ExchangeColumnName, value: number, max = MAX_UINT32): void => {
      (this.#columns.get(name) as Numbers)[row] = Math.min(Math.round(value), max);
    };
    const bytes = (name: ExchangeColumnName, value: Uint8Array): void => {
      (this.#columns.get(name) as Uint8Array).set(value, row * value.byteLength);
    };
    const text = (name: ExchangeColumnName, value: string): void => {
      (this.#columns.get(name) as string[])[row] = value;
    };
    big('account', record.account);
    big('at', BigInt(Math.floor(record.atMs)));
    bytes('id', record.id);
    big('organisation', record.organisation);
    big('end_user', record.endUser);
    text('model', record.model);
    text('operation', record.operation);
    count('ok', record.ok ? 1 : 0);
    count('streamed', record.streamed ? 1 : 0);
    count('input_tokens', record.inputTokens);
    count('output_tokens', record.outputTokens);
    count('prompt_bytes', record.promptBytes);
    count('response_bytes', record.responseBytes);
    count('duration_ms', record.durationMs);
    count('turns', record.turns, 65_535);
    big('prompt_hash', record.promptHash);
    bytes('minhash', record.minhash);
    bytes('topics', record.topics);
    count('shape', record.shape, 65_535);
    count('intents', record.intents);
    big('system_hash', record.systemHash);
    big('tools_hash', record.toolsHash);
    big('response_hash', record.responseHash);
    bytes('response_minhash', record.responseMinhash);
    big('fingerprint', record.fingerprint);
    count('contradiction', record.contradiction ? 1 : 0);
    big('network', record.network);
    big('parameters', record.parameters);
    this.#rows++;
  }

  /** The rows as one ClickHouse Native block, for `TelemetryStore.insertExchanges`. A fresh array every time. */
  encode(): Uint8Array {
    const columns = EXCHANGE_COLUMNS.map(({ name, wire }) => {
      const values = this.#columns.get(name)!;
      const length = this.#rows * widthOf(wire);
      const used = Array.isArray(values) ? values.slice(0, length) : values.subarray(0, length);
      return { name, type: wire, values: used } as NativeColumn;
    });
    return encodeNative({ rows: this.#rows, columns });
  }

  /** Forgets the rows. */
  clear(): void {
    this.#rows = 0;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const { name, wire } of EXCHANGE_COLUMNS) {
      const old = this.#columns.get(name)!;
      if (Array.isArray(old)) continue;
      const grown = makeColumn(wire, this.#capacity, widthOf(wire));
      (grown as Uint8Array).set(old as Uint8Array);
      this.#columns.set(name, grown);
    }
  }
}

function widthOf(wire: string): number {
  return wire.startsWith('FixedString(') ? Number(wire.slice(12, -1)) : 1;
}

function makeColumn(wire: string, capacity: number, width: number): Values {
  switch (wire) {
    case 'String':
      return [];
    case 'UInt16':
      return new Uint16Array(capacity);
    case 'UInt32':
      return new Uint32Array(capacity);
    case 'UInt64':
      return new BigUint64Array(capacity);
    case "DateTime64(3, 'UTC')":
      return new BigInt64Array(capacity);
    default:
      return new Uint8Array(capacity * width);
  }
}

const IDENTIFIERS = [
  'account',
  'organisation',
  'endUser',
  'promptHash',
  'systemHash',
  'toolsHash',
  'responseHash',
  'fingerprint',
  'network',
  'parameters',
] as const;
const COUNTS = [
  'inputTokens',
  'outputTokens',
  'promptBytes',
  'responseBytes',
  'durationMs',
  'turns',
  'shape',
  'intents',
] as const;
const BYTES = [
  ['id', 16],
  ['minhash', 64],
  ['topics', 16],
  ['responseMinhash', 32],
] as const;

function checkRecord(record: ExchangeRecord): void {
  if (!(record.atMs >= 0 && record.atMs <= LAST_AT_MS)) throw invalid('atMs', 'a time in 1970..2299');
  for (const [field, width] of BYTES)
    if (record[field].byteLength !== width) throw invalid(field, `${width} bytes`);
  for (const field of COUNTS) if (!(record[field] >= 0)) throw invalid(field, 'a number of at least 0');
  for (const field of IDENTIFIERS)
    if (record[field] < 0n || record[field] > 0xffff_ffff_ffff_ffffn)
      throw invalid(field, 'an unsigned 64-bit integer');
}

function invalid(field: string, want: string): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_ROW_INVALID', `${field} is not ${want}`, {
    advice: 'Reject this row and go on.',
  });
}
