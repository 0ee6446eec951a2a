import type { Migration } from './migration.js';

/** Collections of TAXII 2.1 and what stands in them: `src/control/taxii-*.ts`. Times are microseconds. */
export const taxii: Migration = {
  number: 1,
  name: 'taxii',
  statements: [
    `CREATE TABLE taxii_roots (
       path text COLLATE "C" PRIMARY KEY CHECK (path ~ '^[a-z0-9-]{1,64}$'),
       title text NOT NULL,
       description text,
       is_default bool NOT NULL,
       is_open bool NOT NULL
     )`,
    'CREATE UNIQUE INDEX taxii_roots_default ON taxii_roots (is_default) WHERE is_default',
    // `number` stands for the id in the rows of objects: 4 bytes in place of 37. `last_added_us` never goes back, whatever is removed.
    `CREATE TABLE taxii_collections (
       number int4 GENERATED ALWAYS AS IDENTITY UNIQUE,
       id text COLLATE "C" PRIMARY KEY,
       root_path text COLLATE "C" NOT NULL REFERENCES taxii_roots,
       alias text COLLATE "C",
       title text NOT NULL,
       description text,
       media_types text[] NOT NULL,
       is_announced bool NOT NULL,
       spec_versions text[] NOT NULL DEFAULT '{}',
       last_added_us int8 NOT NULL DEFAULT 0,
       UNIQUE (root_path, alias)
     )`,
    `CREATE TABLE taxii_rights (
       collection_id text COLLATE "C" NOT NULL REFERENCES taxii_collections ON DELETE CASCADE,
       principal text COLLATE "C" NOT NULL,
       can_read bool NOT NULL,
       can_write bool NOT NULL,
       PRIMARY KEY (principal, collection_id)
     )`,
    // `is_last`: no version of the object in the collection is later. `last_bar`: the lowest clearance of later versions.
    // A row up to 8 kB keeps its text in place, uncompressed: a page is then one walk along the primary key.
    `CREATE TABLE taxii_objects (
       collection int4 NOT NULL REFERENCES taxii_collections (number),
       added_us int8 NOT NULL,
       object_id text COLLATE "C" NOT NULL,
       type text COLLATE "C" NOT NULL,
       created_by_ref text COLLATE "C",
       member_id text COLLATE "C" NOT NULL,
       version_us int8 NOT NULL,
       version_text text COLLATE "C" NOT NULL,
       spec_version text COLLATE "C" NOT NULL,
       media_type text COLLATE "C" NOT NULL,
       clearance int2,
       is_last bool NOT NULL,
       last_bar int2,
       bytes int4 NOT NULL,
       digest bytea NOT NULL,
       json text COLLATE "C" NOT NULL,
       PRIMARY KEY (collection, added_us)
     ) WITH (toast_tuple_target = 8160)`,
    'CREATE INDEX taxii_objects_version ON taxii_objects (collection, object_id, version_us)',
    // Which later version displaces one that is not the last: where `last_bar` does not say it already.
    `CREATE INDEX taxii_objects_author ON taxii_objects (collection, object_id, created_by_ref, version_us)
       WHERE clearance IS NULL OR clearance > 0`,
    'CREATE INDEX taxii_objects_judged ON taxii_objects (collection, object_id, version_us) WHERE clearance IS NULL',
    `CREATE TABLE taxii_statuses (
       root_path text COLLATE "C" NOT NULL,
       member_id text COLLATE "C" NOT NULL,
       id text COLLATE "C" NOT NULL,
       request_us int8 NOT NULL,
       json text NOT NULL,
       PRIMARY KEY (root_path, member_id, id)
     )`,
    'CREATE INDEX taxii_statuses_time ON taxii_statuses (request_us)',
  ],
};
