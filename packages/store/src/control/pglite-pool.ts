import type { PGlite } from '@electric-sql/pglite';
import { PhalanxError } from '@phalanx/core';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { StoreErrorCode } from '../errors.js';
import { describeEngineError } from './engine-error.js';
import { CONNECTION_WAIT_MS, TIDY_MS } from './limits.js';

/**
 * A pool of one connection, which is all that PGlite has: whoever holds it, a transaction too, holds it alone, and others wait in
 * turn. Kysely's driver for PostgreSQL works on it as on a pool of `pg`.
 */
export class PglitePool implements PostgresPool {
  readonly #pglite: PGlite;
  readonly #release: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #taken = false;
  #ended = false;
  /** What the engine died of. It must not be asked again: after a PANIC it runs in a circle and takes the thread with it. */
  #panic: unknown = null;
  #tidiedMs: number;

  /** @param release run when the pool has ended */
  constructor(pglite: PGlite, release: () => Promise<void>) {
    this.#pglite = pglite;
    this.#release = release;
    this.#tidiedMs = Date.now();
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#ended) throw closedError();
    if (this.#taken) await this.#waitForTurn();
    this.#taken = true;
    await this.#tidy();
    let released = false;
    const query = async <R>(
      sql: unknown,
      parameters?: readonly unknown[],
    ): Promise<PostgresQueryResult<R>> => {
      if (this.#panic !== null) throw panicError(this.#panic);
      try {
        const { rows, affectedRows } = await this.#pglite.query<R>(sql as string, [...(parameters ?? [])]);
        // PGlite drops the command's tag. Kysely wants one only to know whether `rowCount` counts changed rows.
        return { command: 'UPDATE', rowCount: affectedRows ?? 0, rows };
      } catch (error) {
        if (!isPanic(error)) throw describeEngineError(error);
        this.#panic = error;
        throw panicError(error);
      }
    };
    return {
      query: query as PostgresPoolClient['query'],
      release: () => {
        if (released) return;
        released = true;
        this.#passOn();
      },
    };
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
    try {
      if (this.#panic === null) await this.#pglite.close();
    } finally {
      await this.#release();
    }
  }

  /**
   * PGlite has no autovacuum: rows that are gone would keep their place for ever, and the planner would know nothing. 1 s at 100,000
   * objects, most of it for statistics.
   */
  async #tidy(): Promise<void> {
    const nowMs = Date.now();
    if (nowMs < this.#tidiedMs + TIDY_MS || this.#panic !== null) return;
    this.#tidiedMs = nowMs;
    await this.#pglite.exec('VACUUM (ANALYZE)').catch(() => undefined);
  }

  /** The place is handed over taken, so that nobody slips in between. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }

  #waitForTurn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        if (!this.#ended) resolve();
        else {
          reject(closedError());
          this.#passOn();
        }
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(
          new PhalanxError<StoreErrorCode>(
            'STORE_UNAVAILABLE',
            `no connection within ${CONNECTION_WAIT_MS / 1000} s`,
            {
              advice:
                'Try again. Inside a transaction, use the transaction and not the store: it waits for itself.',
              retryable: true,
            },
          ),
        );
      }, CONNECTION_WAIT_MS);
      this.#waiting.push(enter);
    });
  }
}

function closedError(): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_CLOSED', 'the control store is closed', { advice: 'Open it again.' });
}

/** PostgreSQL has stopped for good, or WebAssembly under it. Other errors, of a value that does not fit for instance, leave it whole. */
function isPanic(error: unknown): boolean {
  const { severity, name } = error as { readonly severity?: unknown; readonly name?: unknown };
  return severity === 'PANIC' || severity === 'FATAL' || name === 'RuntimeError';
}

function panicError(error: unknown): PhalanxError<StoreErrorCode> {
  return new PhalanxError(
    'STORE_CLOSED',
    `the engine of the control store has stopped: ${(error as Error).message}`,
    {
      advice:
        'See to the disk under the data directory, then restart the process: what was acknowledged is kept.',
      cause: error,
    },
  );
}
