import type { Migration } from './migration.js';

/** What opens the digests of a statement. */
export const statementOpenings: Migration = {
  number: 52,
  name: 'statement-openings',
  statements: ['ALTER TABLE hub_statements ADD COLUMN opening text'],
};
