/** One step of the schema, applied once and forward only. Once released it is never edited: a change is a new step. */
export interface Migration {
  /** Unique; steps run in this order. */
  readonly number: number;
  readonly name: string;
  /** DDL and SQL that run alike on PGlite and PostgreSQL, one statement each. */
  readonly statements: readonly string[];
}
