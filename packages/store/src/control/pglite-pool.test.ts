import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PglitePool } from './pglite-pool.js';
import { openTemporaryPglite } from './temporary/pglite.js';

let pglite: PGlite;
let pool: PglitePool;
beforeAll(async () => {
  pglite = await openTemporaryPglite();
  pool = new PglitePool(pglite, async () => undefined);
});
afterAll(() => pool.end());

it('gives the connection to one at a time, in the order in which they asked', async () => {
  const order: number[] = [];
  const hold = async (n: number): Promise<void> => {
    const client = await pool.connect();
    await client.query('BEGIN', []);
    order.push(n);
    await client.query('SELECT 1', []);
    order.push(n);
    await client.query('COMMIT', []);
    client.release();
    client.release(); // A second time counts for nothing.
  };
  await Promise.all([1, 2, 3].map(hold));
  expect(order).toEqual([1, 1, 2, 2, 3, 3]);
});

it('goes on after a statement or a value that is wrong', async () => {
  const client = await pool.connect();
  await expect(client.query('SELEC 1', [])).rejects.toMatchObject({ code: 'STORE_QUERY' });
  await expect(client.query('SELECT $1::int8', ['x'])).rejects.toThrow();
  await expect(client.query('SELECT 9007199254740992::int8', [])).rejects.toThrow('not exact');
  const { rows } = await client.query(
    "SELECT 1::int8 AS n, '\\x00ff'::bytea AS b, ARRAY[NULL, 'a\"b']::text[] AS t",
    [],
  );
  expect(rows).toEqual([{ n: 1, b: Uint8Array.of(0, 255), t: [null, 'a"b'] }]);
  client.release();
});

it('refuses who waits when it ends, and who comes later', async () => {
  const own = new PglitePool(
    Object.assign(Object.create(null), { close: async () => undefined }) as PGlite,
    async () => undefined,
  );
  const client = await own.connect();
  const waiting = own.connect();
  const ended = own.end();
  client.release();
  const closed = expect.objectContaining({ code: 'STORE_CLOSED' });
  await expect(waiting).rejects.toEqual(closed);
  await ended;
  await expect(own.connect()).rejects.toEqual(closed);
});
