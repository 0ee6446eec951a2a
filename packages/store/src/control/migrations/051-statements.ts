import type { Migration } from './migration.js';

/** What a hub states of what it took in and decided, for regulators; and in which collection a retraction stands. */
export const statements: Migration = {
  number: 51,
  name: 'statements',
  statements: [
    `CREATE TABLE hub_statements (
       number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       text text NOT NULL
     )`,
    `CREATE TABLE retraction_places (
       seq int8 NOT NULL,
       root_path text NOT NULL,
       collection_id uuid NOT NULL,
       PRIMARY KEY (seq, collection_id)
     )`,
  ],
};
