import type { StatementTables } from './hub-statements.js';
import type { MatchingTables } from './matching-tables.js';
import type { MemberTables } from './member-tables.js';
import type { ReleaseTables } from './release-tables.js';
import type { TaxiiTables } from './taxii-tables.js';
import type { TrustTables } from './trust-tables.js';

/** What `migrate` has done. */
export interface MigrationTables {
  migrations: { number: number; name: string; digest: string };
}

/** All tables of the control store, as kysely sees them. A noun declares its own in its file and is added here. */
export type ControlTables = MigrationTables &
  TaxiiTables &
  MemberTables &
  MatchingTables &
  ReleaseTables &
  TrustTables &
  StatementTables;
