import { EXCHANGE_COLUMNS } from './exchange-columns.js';

/**
 * How many nodes the tables live on.
 *
 * - `single`: one node, embedded or served.
 * - `replicated`: a cluster with Keeper. `ReplicatedReplacingMergeTree` copies itself; the cluster's shards need
 *   `internal_replication=true`, and every node the macros `{shard}` and `{replica}`.
 * - `copies`: a cluster without Keeper, `internal_replication=false`. Plain tables on every node; the store writes every
 *   copy itself (see `copied-tables.ts`).
 */
export type Layout =
  | { readonly kind: 'single' }
  | { readonly kind: 'replicated' | 'copies'; readonly cluster: string };

/** A table, said once for all layouts. */
export interface TableSource {
  readonly name: string;
  /** Column definitions. */
  readonly columns: readonly string[];
  /** Expression of the partition, if any. */
  readonly partitionBy?: string;
  readonly orderBy: string;
  /** Of equal keys the row with the highest value stays; without it the last inserted. */
  readonly version?: string;
  /** Rows are spread over shards by this UInt64 expression; without it every node has all rows. */
  readonly shardBy?: string;
}

/** Rows of `exchanges` and `texts` survive a power cut once acknowledged, and merges do not undo that. */
const DURABLE =
  'SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1';

/** The statements that make a table in a layout, in order. The reader's name is always `name`. */
export function createTable(table: TableSource, layout: Layout): string[] {
  const { name, columns, partitionBy, orderBy, version, shardBy } = table;
  const body = (engine: string, as: string, on: string) =>
    [
      `CREATE TABLE IF NOT EXISTS ${as}${on} (`,
      `  ${columns.join(',\n  ')}`,
      `) ENGINE = ${engine}`,
      ...(partitionBy ? [`PARTITION BY ${partitionBy}`] : []),
      `ORDER BY ${orderBy}`,
      DURABLE,
    ].join('\n');
  const argument = version ?? '';
  if (layout.kind === 'single') return [body(`ReplacingMergeTree(${argument})`, name, '')];

  // ON CLUSTER is carried by Keeper; without one the store runs the statement on every node itself.
  const on = layout.kind === 'replicated' ? ` ON CLUSTER ${quoteName(layout.cluster)}` : '';
  const local = shardBy ? localName(name) : name;
  const place = shardBy ? `'/clickhouse/tables/{shard}/{database}/${local}', '{replica}'` : everywhere(name);
  const engine =
    layout.kind === 'replicated'
      ? `ReplicatedReplacingMergeTree(${place}${argument ? `, ${argument}` : ''})`
      : `ReplacingMergeTree(${argument})`;
  const made = [body(engine, local, on)];
  if (shardBy && layout.kind === 'replicated')
    made.push(
      `CREATE TABLE IF NOT EXISTS ${name}${on} AS ${local}\n` +
        `ENGINE = Distributed(${quoteText(layout.cluster)}, currentDatabase(), ${local}, ${shardBy})`,
    );
  return made;
}

/** The table on each node behind a sharded name. */
export function localName(table: string): string {
  return `${table}_local`;
}

/** One replication group over all shards, so that a small table is whole on every node. */
function everywhere(name: string): string {
  return `'/clickhouse/tables/all/{database}/${name}', '{shard}-{replica}'`;
}

/** An identifier in backquotes. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll(/[`\\]/g, '\\$&')}\``;
}

/** A string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

/** The tables of the telemetry store. */
export const TABLES = {
  exchanges: {
    name: 'exchanges',
    columns: EXCHANGE_COLUMNS.map(({ name, ddl }) => `${name} ${ddl}`),
    partitionBy: 'toYYYYMMDD(at)',
    // A second copy of an exchange has the same account, time and id, hence the same key and partition.
    orderBy: '(account, at, id)',
    shardBy: 'account',
  },
  accounts: {
    name: 'accounts',
    columns: [
      'account UInt64',
      'account_id String',
      'organisation UInt64',
      'created_at_ms Int64',
      'payment UInt64',
      'signup_network UInt64',
      'signup_device UInt64',
      'email_domain String',
      'programme String',
      'declaration String',
      'version UInt64',
    ],
    orderBy: 'account',
    version: 'version',
  },
  interventions: {
    name: 'interventions',
    columns: [
      'id String',
      'account UInt64',
      'kind String',
      'arm String',
      'from_ms Int64',
      'to_ms Int64',
      'version UInt64',
    ],
    orderBy: 'id',
    version: 'version',
  },
  ingestProgress: {
    name: 'ingest_progress',
    columns: [
      'source_digest String',
      'offset UInt64',
      'rows UInt64',
      'rejected UInt64',
      'finished UInt8',
      'version UInt64',
    ],
    orderBy: 'source_digest',
    version: 'version',
  },
  findings: {
    name: 'findings',
    columns: ['id String', 'at Int64', 'json String CODEC(ZSTD(3))', 'version UInt64'],
    orderBy: 'id',
    version: 'version',
  },
  textBatches: {
    name: 'text_batches',
    columns: [
      'batch FixedString(12)',
      'account UInt64',
      'day UInt32',
      'key_id UInt64',
      'ciphertext String CODEC(NONE)',
    ],
    partitionBy: 'day',
    orderBy: 'batch',
    shardBy: 'account',
  },
  texts: {
    name: 'texts',
    columns: ['id FixedString(16)', 'account UInt64', 'day UInt32', 'batch FixedString(12)', 'slot UInt32'],
    partitionBy: 'day',
    orderBy: 'id',
    shardBy: 'account',
  },
  schemaVersion: {
    name: 'schema_version',
    columns: ['one UInt8', 'version UInt64'],
    orderBy: 'one',
    version: 'version',
  },
  /** Only of the `copies` layout: which copy may lack rows of which relation. */
  staleCopies: {
    name: 'stale_copies',
    columns: ['node String', 'relation String', 'stale UInt8', 'version UInt64'],
    orderBy: '(node, relation)',
    version: 'version',
  },
} as const satisfies Record<string, TableSource>;
