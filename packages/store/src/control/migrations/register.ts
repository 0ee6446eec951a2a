import { taxii } from './001-taxii.js';
import { members } from './020-members.js';
import { nonces } from './021-nonces.js';
import { groups } from './022-groups.js';
import { releases } from './030-releases.js';
import { trust } from './040-trust.js';
import { matching } from './050-matching.js';
import { statements } from './051-statements.js';
import { statementOpenings } from './052-statement-openings.js';
import type { Migration } from './migration.js';

/** All steps of the schema, ascending by number. */
export const MIGRATIONS: readonly Migration[] = [
  taxii,
  members,
  nonces,
  groups,
  releases,
  trust,
  matching,
  statements,
  statementOpenings,
];
