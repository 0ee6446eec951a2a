import { createHash } from 'node:crypto';
import { PhalanxError } from '@phalanx/core';
import { type Kysely, sql } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import type { ControlTables } from './control-tables.js';
import type { Migration } from './migrations/migration.js';
import { MIGRATIONS } from './migrations/register.js';

/** Names the lock in `pg_advisory_xact_lock`; any number that nobody else in the database uses. The bytes are `phxctrl`. */
const LOCK_KEY = '31640504837304940';

/**
 * Brings the schema up to date: every step that the database has not had, in order of number, in one transaction, under a lock that
 * makes a second opener wait. A step that was applied is never applied again and never taken back.
 *
 * @throws PhalanxError `STORE_SCHEMA_NEWER` when the database has had steps that are not listed here; `STORE_SCHEMA_EDITED` when a
 *   listed step differs from what was applied under its number. Nothing is changed then.
 */
export async function migrate(
  database: Kysely<ControlTables>,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    const run = (statement: string) => sql.raw(statement).execute(transaction);
    await run('SET LOCAL statement_timeout = 0');
    await run('SET LOCAL lock_timeout = 0');
    await run(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    await run(
      'CREATE TABLE IF NOT EXISTS migrations (number int4 PRIMARY KEY, name text NOT NULL, digest text NOT NULL)',
    );
    const applied = await transaction.selectFrom('migrations').selectAll().execute();
    const digests = new Map(applied.map(({ number, digest }) => [number, digest]));
    for (const { number, name } of applied)
      if (!steps.some((step) => step.number === number)) throw newer(`${number}-${name}`);
    for (const step of steps) {
      const digest = digestOf(step);
      const had = digests.get(step.number);
      if (had !== undefined && had !== digest) throw edited(step);
      if (had !== undefined) continue;
      for (const statement of step.statements) await run(statement);
      await transaction
        .insertInto('migrations')
        .values({ number: step.number, name: step.name, digest })
        .execute();
    }
  });
}

/** SHA-256 of the statements as they will run; white space at line ends and indentation may change. */
function digestOf({ statements }: Migration): string {
  const hash = createHash('sha256');
  for (const statement of statements) hash.update(statement.replace(/\s+/g, ' ').trim()).update('\0');
  return hash.digest('hex');
}

function newer(step: string): PhalanxError<StoreErrorCode> {
  return new PhalanxError(
    'STORE_SCHEMA_NEWER',
    `the control store has had step ${step}, which this program does not know`,
    {
      advice: 'Use the Phalanx version that wrote it, or a later one.',
    },
  );
}

function edited(step: Migration): PhalanxError<StoreErrorCode> {
  return new PhalanxError(
    'STORE_SCHEMA_EDITED',
    `step ${step.number}-${step.name} is not the one that made this control store`,
    { advice: 'Use a Phalanx whose steps were not edited; a change of the schema is a new step.' },
  );
}
