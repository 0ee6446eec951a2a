import { PhalanxError } from '@phalanx/core';
import type { KeyedCounts } from '@phalanx/domain';
import type { StoreErrorCode } from '../errors.js';
import type { NativeBlock, NativeColumn } from './native.js';

/**
 * A query's answer by column name. The engine sends no columns at all when there is no row; then every column is empty.
 * Each method throws `STORE_BLOCK_CORRUPT` for a column that is missing or of another type.
 */
export class Answer {
  readonly rows: number;
  readonly #columns: ReadonlyMap<string, NativeColumn>;

  constructor(block: NativeBlock) {
    this.rows = block.rows;
    this.#columns = new Map(block.columns.map((column) => [column.name, column]));
  }

  uint32(name: string): Uint32Array {
    return this.#take(name, Uint32Array);
  }

  uint64(name: string): BigUint64Array {
    return this.#take(name, BigUint64Array);
  }

  float64(name: string): Float64Array {
    return this.#take(name, Float64Array);
  }

  bytes(name: string): Uint8Array {
    return this.#take(name, Uint8Array);
  }

  strings(name: string): readonly string[] {
    return this.#take<string[]>(name, Array as unknown as new () => string[]);
  }

  #take<T>(name: string, Kind: new (length: number) => T): T {
    if (this.rows === 0) return new Kind(0);
    const values: unknown = this.#columns.get(name)?.values;
    if (!(values instanceof Kind))
      throw new PhalanxError<StoreErrorCode>('STORE_BLOCK_CORRUPT', `the answer lacks a fit column ${name}`);
    return values;
  }
}

/** Joins answers with the columns account, key and count. */
export function joinKeyedCounts(answers: readonly Answer[]): KeyedCounts {
  const rows = answers.reduce((total, answer) => total + answer.rows, 0);
  const account = new BigUint64Array(rows);
  const key = new BigUint64Array(rows);
  const count = new Uint32Array(rows);
  let at = 0;
  for (const answer of answers) {
    account.set(answer.uint64('account'), at);
    key.set(answer.uint64('key'), at);
    count.set(answer.uint32('count'), at);
    at += answer.rows;
  }
  return { account, key, count };
}
