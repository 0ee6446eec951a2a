/**
 * The columns of the table `exchanges`: one list for the DDL, the block writer and the tests.
 *
 * Codecs by measurement on 5 million synthetic rows, bytes a row on disk: `account` 1.5 (sorted, so runs), `at` 4.3,
 * `network` of 30,000 values 4.2, `intents` 1.9. Keyed hashes of distinct texts and MinHash lanes are random bytes:
 * they stay at their width under any codec, so they carry none and cost nothing to read.
 */
export interface ExchangeColumn {
  readonly name: string;
  /** Type in the Native block that `ExchangeBlock` writes. */
  readonly wire: string;
  /** Type and codec in the table. */
  readonly ddl: string;
}

const HASH = 'UInt64 CODEC(NONE)';
const SHARED_HASH = 'UInt64 CODEC(ZSTD(1))';
const COUNT = 'UInt32 CODEC(ZSTD(1))';
const FLAG = 'UInt8 CODEC(ZSTD(1))';

export const EXCHANGE_COLUMNS = [
  { name: 'account', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'at', wire: "DateTime64(3, 'UTC')", ddl: "DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))" },
  { name: 'id', wire: 'FixedString(16)', ddl: 'FixedString(16) CODEC(NONE)' },
  { name: 'organisation', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'end_user', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'model', wire: 'String', ddl: 'LowCardinality(String) CODEC(ZSTD(1))' },
  { name: 'operation', wire: 'String', ddl: 'LowCardinality(String) CODEC(ZSTD(1))' },
  { name: 'ok', wire: 'UInt8', ddl: FLAG },
  { name: 'streamed', wire: 'UInt8', ddl: FLAG },
  { name: 'input_tokens', wire: 'UInt32', ddl: COUNT },
  { name: 'output_tokens', wire: 'UInt32', ddl: COUNT },
  { name: 'prompt_bytes', wire: 'UInt32', ddl: COUNT },
  { name: 'response_bytes', wire: 'UInt32', ddl: COUNT },
  { name: 'duration_ms', wire: 'UInt32', ddl: COUNT },
  { name: 'turns', wire: 'UInt16', ddl: 'UInt16 CODEC(ZSTD(1))' },
  { name: 'prompt_hash', wire: 'UInt64', ddl: HASH },
  { name: 'minhash', wire: 'FixedString(64)', ddl: 'FixedString(64) CODEC(NONE)' },
  { name: 'topics', wire: 'FixedString(16)', ddl: 'FixedString(16) CODEC(NONE)' },
  { name: 'shape', wire: 'UInt16', ddl: 'UInt16 CODEC(ZSTD(1))' },
  { name: 'intents', wire: 'UInt32', ddl: COUNT },
  { name: 'system_hash', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'tools_hash', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'response_hash', wire: 'UInt64', ddl: HASH },
  { name: 'response_minhash', wire: 'FixedString(32)', ddl: 'FixedString(32) CODEC(ZSTD(1))' },
  { name: 'fingerprint', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'contradiction', wire: 'UInt8', ddl: FLAG },
  { name: 'network', wire: 'UInt64', ddl: SHARED_HASH },
  { name: 'parameters', wire: 'UInt64', ddl: SHARED_HASH },
] as const satisfies readonly ExchangeColumn[];

/** A column's name in the table. */
export type ExchangeColumnName = (typeof EXCHANGE_COLUMNS)[number]['name'];

/** The columns in writing order, for an INSERT. */
export const EXCHANGE_COLUMN_NAMES: readonly string[] = EXCHANGE_COLUMNS.map((column) => column.name);
