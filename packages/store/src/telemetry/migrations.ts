import { createTable, type Layout, TABLES } from './schema.js';

/** One step of the schema. Steps are only ever added; a step that has shipped is never edited. */
export interface Migration {
  readonly version: number;
  readonly about: string;
  /** Statements, safe to run twice: a crash may fall between the last of them and the version row. */
  statements(layout: Layout): readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    about: 'exchanges, accounts, interventions, progress, findings, texts',
    statements: (layout) =>
      [
        TABLES.schemaVersion,
        TABLES.exchanges,
        TABLES.accounts,
        TABLES.interventions,
        TABLES.ingestProgress,
        TABLES.findings,
        TABLES.textBatches,
        TABLES.texts,
        ...(layout.kind === 'copies' ? [TABLES.staleCopies] : []),
      ].flatMap((table) => createTable(table, layout)),
  },
];

/** The schema that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)!.version;
