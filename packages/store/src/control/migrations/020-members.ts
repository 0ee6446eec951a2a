import type { Migration } from './migration.js';

/** Who takes part, and by what they are known: `src/control/members.ts`. Nothing of it is ever removed, so that a key never changes hands. */
export const members: Migration = {
  number: 20,
  name: 'members',
  statements: [
    `CREATE TABLE members (
       id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
       identity text COLLATE "C" NOT NULL UNIQUE,
       clearance text NOT NULL,
       roles text[] NOT NULL,
       suspended_at_ms int8
     )`,
    `CREATE TABLE member_keys (
       kid text COLLATE "C" PRIMARY KEY,
       member_id text COLLATE "C" NOT NULL REFERENCES members,
       jwk jsonb NOT NULL,
       from_ms int8 NOT NULL,
       until_ms int8 NOT NULL,
       revoked_at_ms int8
     )`,
    'CREATE INDEX member_keys_member ON member_keys (member_id)',
    `CREATE TABLE member_certificates (
       thumbprint text COLLATE "C" PRIMARY KEY,
       member_id text COLLATE "C" NOT NULL REFERENCES members,
       from_ms int8 NOT NULL,
       until_ms int8 NOT NULL,
       revoked_at_ms int8
     )`,
    `CREATE TABLE member_certificate_names (
       uri text COLLATE "C" PRIMARY KEY,
       member_id text COLLATE "C" NOT NULL REFERENCES members
     )`,
    `CREATE TABLE member_passwords (
       member_id text COLLATE "C" PRIMARY KEY REFERENCES members,
       stored text NOT NULL
     )`,
  ],
};
