import type { PGlite } from '@electric-sql/pglite';
import type { PostgresPool } from 'kysely';
import { ControlStore } from './control-store.js';
import { PglitePool } from './pglite-pool.js';
import { openPostgres } from './postgres.js';
import { openTemporaryPglite } from './temporary/pglite.js';
import { startTemporaryPostgres, type TemporaryPostgres } from './temporary/postgres.js';

/** One engine for the length of a test file. `describe.each(CONTROL_ENGINES)` runs a suite on both. */
export interface ControlEngine {
  readonly name: 'PGlite' | 'PostgreSQL';
  /** In `beforeAll`. */
  start(): Promise<void>;
  /** Drops everything and opens an empty, migrated store: in `beforeEach`, or in a test that wants one more. */
  openEmpty(): Promise<ControlStore>;
  /** A connection to what is there, beside the open store. */
  openPool(): Promise<PostgresPool>;
  /** In `afterAll`. */
  stop(): Promise<void>;
}

const EMPTY = 'DROP SCHEMA public CASCADE; CREATE SCHEMA public';

/** PGlite in memory; `durability.test.ts` covers directories. */
function makePgliteEngine(): ControlEngine {
  let pglite: PGlite;
  const openPool = async (): Promise<PostgresPool> => {
    const pool = new PglitePool(pglite, async () => undefined);
    return { connect: () => pool.connect(), end: async () => undefined };
  };
  return {
    name: 'PGlite',
    start: async () => {
      pglite = await openTemporaryPglite();
    },
    openPool,
    openEmpty: async () => {
      await pglite.exec(EMPTY);
      return ControlStore.open(await openPool());
    },
    stop: () => pglite.close(),
  };
}

/** PostgreSQL as it is used in production, but with fsync off: a test that needs it starts a server of its own. */
function makePostgresEngine(): ControlEngine {
  let server: TemporaryPostgres;
  return {
    name: 'PostgreSQL',
    start: async () => {
      server = await startTemporaryPostgres(['fsync=off']);
    },
    openPool: async () => openPostgres(server.url),
    openEmpty: async () => {
      const pool = openPostgres(server.url);
      const client = await pool.connect();
      for (const statement of EMPTY.split(';')) await client.query(statement, []);
      client.release();
      await pool.end();
      return ControlStore.open(openPostgres(server.url));
    },
    stop: () => server.stop(),
  };
}

export const CONTROL_ENGINES: readonly ControlEngine[] = [makePgliteEngine(), makePostgresEngine()];
