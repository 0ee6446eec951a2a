import type { Migration } from './migration.js';

/** What came in from others, what was learnt of it, and a hub's feed of retractions. `src/control/quarantine.ts`, `retractions.ts`. */
export const trust: Migration = {
  number: 40,
  name: 'trust',
  statements: [
    `CREATE TABLE trust_indicators (
       id text PRIMARY KEY,
       member text NOT NULL,
       object text NOT NULL,
       state text NOT NULL,
       reason text NOT NULL,
       taken_ms int8 NOT NULL,
       seen_ms int8 NOT NULL,
       report text,
       decision text
     )`,
    'CREATE INDEX trust_indicators_state ON trust_indicators (state, taken_ms, id)',
    'CREATE INDEX trust_indicators_member ON trust_indicators (member)',
    `CREATE TABLE trust_transitions (
       number int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       indicator_id text NOT NULL,
       at_ms int8 NOT NULL,
       from_state text,
       to_state text NOT NULL,
       reason text NOT NULL,
       by_person text
     )`,
    'CREATE INDEX trust_transitions_indicator ON trust_transitions (indicator_id, number)',
    `CREATE TABLE trust_claims (
       object_id text NOT NULL,
       trace_key text NOT NULL,
       member text NOT NULL,
       at_ms int8 NOT NULL,
       evidence_digest text,
       PRIMARY KEY (object_id, member, trace_key)
     )`,
    `CREATE TABLE trust_absences (
       trace_key text NOT NULL,
       member text NOT NULL,
       at_ms int8 NOT NULL,
       PRIMARY KEY (trace_key, member)
     )`,
    `CREATE TABLE trust_opinions (
       indicator_id text NOT NULL,
       member text NOT NULL,
       case_id text NOT NULL,
       is_against bool NOT NULL,
       at_ms int8 NOT NULL,
       PRIMARY KEY (indicator_id, member, case_id)
     )`,
    `CREATE TABLE trust_outcomes (
       member text NOT NULL,
       kind text NOT NULL,
       subject text NOT NULL,
       was_right bool NOT NULL,
       weight float8 NOT NULL,
       at_ms int8 NOT NULL,
       PRIMARY KEY (member, kind, subject)
     )`,
    'CREATE TABLE trust_canaries (trace_key text PRIMARY KEY, shown_by text NOT NULL)',
    'CREATE TABLE trust_barred (member text PRIMARY KEY, trace_key text NOT NULL, at_ms int8 NOT NULL)',
    `CREATE TABLE trust_overrides (
       indicator_id text NOT NULL,
       counsel text NOT NULL,
       expires_ms int8 NOT NULL,
       body text NOT NULL,
       PRIMARY KEY (indicator_id, counsel, expires_ms)
     )`,
    'CREATE TABLE trust_places (feed text PRIMARY KEY, seq int8 NOT NULL)',
    `CREATE TABLE retractions (
       seq int8 PRIMARY KEY,
       object_id text NOT NULL,
       digest text NOT NULL UNIQUE,
       member text NOT NULL,
       at_ms int8 NOT NULL,
       object text NOT NULL
     )`,
    `CREATE TABLE retraction_acknowledgements (
       member text PRIMARY KEY,
       seq int8 NOT NULL,
       at_ms int8 NOT NULL
     )`,
  ],
};
