import { taxii } from './001-taxii.js';
import { matching } from './050-matching.js';
import type { Migration } from './migration.js';

/** All steps of the schema, ascending by number. */
export const MIGRATIONS: readonly Migration[] = [taxii, matching];
