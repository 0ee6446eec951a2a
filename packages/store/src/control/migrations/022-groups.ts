import type { Migration } from './migration.js';

/** Groups of members who are hidden from others: `src/control/groups.ts`. Rights of collections name a group as `group:` and its id. */
export const groups: Migration = {
  number: 22,
  name: 'groups',
  statements: [
    `CREATE TABLE member_groups (
       id text COLLATE "C" PRIMARY KEY,
       name text NOT NULL,
       visibility text NOT NULL CHECK (visibility IN ('visible', 'hidden')),
       epoch_days int4 NOT NULL CHECK (epoch_days BETWEEN 1 AND 366)
     )`,
    `CREATE TABLE group_members (
       member_id text COLLATE "C" NOT NULL REFERENCES members,
       group_id text COLLATE "C" NOT NULL REFERENCES member_groups,
       PRIMARY KEY (member_id, group_id)
     )`,
    `CREATE TABLE pseudonyms (
       group_id text COLLATE "C" NOT NULL REFERENCES member_groups,
       epoch int4 NOT NULL,
       member_id text COLLATE "C" NOT NULL REFERENCES members,
       identity text COLLATE "C" NOT NULL UNIQUE,
       kid text COLLATE "C" NOT NULL UNIQUE,
       jwk jsonb NOT NULL,
       certificate text NOT NULL,
       PRIMARY KEY (group_id, epoch, member_id)
     )`,
  ],
};
