import type { Migration } from './migration.js';

/** Collections of TAXII 2.1 and what stands in them. `src/control/taxii-*.ts`. */
export const taxii: Migration = {
  number: 1,
  name: 'taxii',
  statements: [
    `CREATE TABLE taxii_roots (
       path text PRIMARY KEY,
       title text NOT NULL,
       description text,
       is_default bool NOT NULL
     )`,
  ],
};
