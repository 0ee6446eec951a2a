import { PhalanxError } from '@phalanx/core';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { StoreErrorCode } from '../errors.js';
import { COLUMN_PARSERS } from './column-values.js';
import { describeEngineError } from './engine-error.js';
import {
  CONNECTION_WAIT_MS,
  IDLE_TRANSACTION_MS,
  LOCK_WAIT_MS,
  MAX_CONNECTIONS,
  STATEMENT_LIMIT_MS,
} from './limits.js';
import { PLANNER_SETTINGS } from './planner-settings.js';

/**
 * A PostgreSQL server, 14 or later, by `postgres://user:password@host:port/database`; `sslmode=verify-full` in the query asks for TLS
 * with a checked certificate. Connections are made when they are needed, at most `MAX_CONNECTIONS`.
 *
 * @throws PhalanxError `STORE_ARGUMENT` when the URL is none; the message does not repeat it, since it holds a password
 */
export function openPostgres(url: string): PostgresPool {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new PhalanxError<StoreErrorCode>(
      'STORE_ARGUMENT',
      'the URL of the control store is none of PostgreSQL',
      {
        advice: 'Write postgres://user:password@host:port/database, with special characters percent-encoded.',
      },
    );
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    statement_timeout: STATEMENT_LIMIT_MS,
    lock_timeout: LOCK_WAIT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
    application_name: 'phalanx',
    options: PLANNER_SETTINGS.map((setting) => `-c ${setting}`).join(' '),
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        COLUMN_PARSERS[oid] ??
        pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that breaks while nobody uses it is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    connect: async () => {
      try {
        return describeErrors(await pool.connect());
      } catch (error) {
        throw describeEngineError(error);
      }
    },
    end: () => pool.end(),
  };
}

/** The same client, failing with `PhalanxError`. One wrapper a client, because kysely keeps what it knows of a client by identity. */
function describeErrors(client: pg.PoolClient): PostgresPoolClient {
  const known = WRAPPED.get(client);
  if (known) return known;
  // A server that goes away while a client is out is said twice: by the statement that fails, and by an event that would end the process.
  client.on('error', () => undefined);
  const query = async (sql: unknown, parameters?: readonly unknown[]): Promise<pg.QueryResult> => {
    try {
      return await client.query(sql as string, [...(parameters ?? [])]);
    } catch (error) {
      throw describeEngineError(error);
    }
  };
  const wrapped: PostgresPoolClient = {
    query: query as unknown as PostgresPoolClient['query'],
    release: () => client.release(),
  };
  WRAPPED.set(client, wrapped);
  return wrapped;
}

const WRAPPED = new WeakMap<pg.PoolClient, PostgresPoolClient>();
