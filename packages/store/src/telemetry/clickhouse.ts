import { Readable } from 'node:stream';
import { PhalanxError } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';
import { type EngineConnection, engineError, nameStatement, SESSION_SETTINGS } from './connection.js';
import { decodeNative } from './native.js';
import { quoteText } from './schema.js';

/** A server that takes longer to say 1 counts as dead. */
const ALIVE_MS = 10_000;

/** Where a ClickHouse server listens for HTTP. */
export interface ClickhouseAddress {
  /** `http://host:8123` or `https://...`, without credentials. Several: the first that answers is used. */
  readonly url: string | readonly string[];
  readonly username?: string;
  readonly password?: string;
  /** Default `default`. */
  readonly database?: string;
}

/**
 * Connects to a ClickHouse server. With several URLs, a statement that finds its server unreachable moves on to the
 * next and stays there; every statement of the store may be repeated without harm (rows collapse by their id).
 *
 * Answers are held back by the server until the query has ended (`wait_end_of_query`), so that a failure half way is
 * an error and never a short answer.
 *
 * @throws PhalanxError `STORE_UNAVAILABLE` when no URL answers.
 */
export async function openClickhouse(address: ClickhouseAddress): Promise<EngineConnection> {
  const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client');
  const urls = typeof address.url === 'string' ? [address.url] : address.url;
  if (urls.length === 0)
    throw new PhalanxError<StoreErrorCode>('STORE_ARGUMENT', 'no URL of a ClickHouse server is given');
  const clients = urls.map((url) =>
    createClient({
      url,
      username: address.username ?? 'default',
      password: address.password ?? '',
      database: address.database ?? 'default',
      request_timeout: 600_000,
      compression: { request: false, response: false },
      // Failures reach the caller as errors; the client would print them as well.
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { ...SESSION_SETTINGS, wait_end_of_query: 1 },
    }),
  );
  let current = 0;

  async function run<T>(sql: string, act: (client: (typeof clients)[number]) => Promise<T>): Promise<T> {
    const doing = nameStatement(sql);
    for (let tries = 1; ; tries++) {
      const used = current;
      try {
        return await act(clients[used]!);
      } catch (cause) {
        const error = engineError(cause, doing);
        if (error.code !== 'STORE_UNAVAILABLE' || tries >= clients.length) throw error;
        if (current === used) current = (used + 1) % clients.length;
      }
    }
  }

  return {
    async exec(sql) {
      await run(sql, (client) => client.command({ query: sql }));
    },
    async insertNative(table, columns, bytes, only) {
      const names = columns.join(', ');
      const source = only
        ? `SELECT ${names} FROM input(${quoteText(only.structure.join(', '))}) WHERE ${only.where} `
        : '';
      const query = `INSERT INTO ${table} (${names}) ${source}FORMAT Native`;
      await run(query, async (client) => {
        const { stream } = await client.exec({
          query,
          values: Readable.from([bytes], { objectMode: false }),
        });
        for await (const _ of stream);
      });
    },
    async queryNative(sql) {
      const bytes = await run(sql, async (client) => {
        const { stream } = await client.exec({ query: `${sql}\nFORMAT Native` });
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      });
      return decodeNative(bytes);
    },
    async isAlive() {
      const { success } = await clients[current]!.ping({
        select: true,
        abort_signal: AbortSignal.timeout(ALIVE_MS),
      });
      return success;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
