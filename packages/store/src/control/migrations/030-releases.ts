import type { Migration } from './migration.js';

/** Decisions on what leaves, uses of standing approvals, and until when what came in may be kept. `src/control/releases.ts`, `received-terms.ts`. */
export const releases: Migration = {
  number: 30,
  name: 'releases',
  statements: [
    `CREATE TABLE releases (
       sequence int8 PRIMARY KEY,
       release_id text NOT NULL UNIQUE,
       statement text NOT NULL,
       opening text,
       reasons text NOT NULL,
       envelope bytea,
       retain_until_ms int8 NOT NULL,
       is_logged bool NOT NULL
     )`,
    'CREATE INDEX releases_unlogged ON releases (sequence) WHERE NOT is_logged',
    'CREATE INDEX releases_ended ON releases (retain_until_ms) WHERE envelope IS NOT NULL',
    `CREATE TABLE standing_uses (
       day text NOT NULL,
       approval_sha256 text NOT NULL,
       used int4 NOT NULL,
       PRIMARY KEY (day, approval_sha256)
     )`,
    `CREATE TABLE received_terms (
       object_id text PRIMARY KEY,
       digest text NOT NULL,
       purpose text NOT NULL,
       retain_until_ms int8 NOT NULL
     )`,
    'CREATE INDEX received_terms_ended ON received_terms (retain_until_ms)',
  ],
};
