import type { Migration } from './migration.js';

/**
 * Private matching: places, what labs may still ask for, what they gave, and messages that are passed on. What a lab gave lies sealed
 * under the key of its epoch (`epoch-keys.ts`).
 */
export const matching: Migration = {
  number: 50,
  name: 'matching',
  statements: [
    `CREATE TABLE matching_places (
       lab text PRIMARY KEY,
       place int4 NOT NULL UNIQUE CHECK (place BETWEEN 1 AND 255)
     )`,
    `CREATE TABLE matching_quotas (
       epoch int8 NOT NULL,
       lab text NOT NULL,
       first int4 NOT NULL,
       changes int4 NOT NULL,
       used int4 NOT NULL,
       runs jsonb NOT NULL,
       declaration bytea NOT NULL,
       PRIMARY KEY (epoch, lab)
     )`,
    `CREATE TABLE matching_batches (
       number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       epoch int8 NOT NULL,
       kind text NOT NULL CHECK (kind IN ('tokens', 'submissions')),
       lab text NOT NULL,
       digest bytea NOT NULL,
       nonce bytea NOT NULL,
       box bytea NOT NULL,
       UNIQUE (epoch, kind, lab, digest)
     )`,
    `CREATE TABLE key_ceremonies (
       epoch int8 PRIMARY KEY,
       attempt int4 NOT NULL,
       step text NOT NULL,
       closes_ms int8,
       restarts jsonb NOT NULL
     )`,
    `CREATE TABLE key_envelopes (
       epoch int8 NOT NULL,
       attempt int4 NOT NULL,
       step text NOT NULL,
       sender int4 NOT NULL,
       recipient int4 NOT NULL,
       text text NOT NULL,
       PRIMARY KEY (epoch, attempt, step, sender, recipient)
     )`,
    `CREATE TABLE overlap_grants (
       lab text NOT NULL,
       peer text NOT NULL,
       until_ms int8 NOT NULL,
       text text NOT NULL,
       PRIMARY KEY (lab, peer)
     )`,
    `CREATE TABLE overlap_runs (
       run text PRIMARY KEY,
       epoch int8 NOT NULL,
       lab text NOT NULL,
       peer text NOT NULL
     )`,
    `CREATE TABLE overlap_messages (
       run text NOT NULL REFERENCES overlap_runs (run) ON DELETE CASCADE,
       sender text NOT NULL,
       step text NOT NULL,
       text text NOT NULL,
       PRIMARY KEY (run, sender, step)
     )`,
  ],
};
