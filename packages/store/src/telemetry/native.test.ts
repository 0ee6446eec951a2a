import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdb } from './chdb.js';
import type { EngineConnection } from './connection.js';
import { decodeNative, encodeNative, type NativeBlock } from './native.js';

let directory: string;
let engine: EngineConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-native-'));
  engine = await openChdb(directory);
  await engine.exec(
    `CREATE TABLE t (n UInt32, a UInt8, b UInt16, c UInt64, d Int64, e Float64, at DateTime64(3, 'UTC'),
     f FixedString(3), g LowCardinality(String)) ENGINE = MergeTree ORDER BY n`,
  );
});
afterAll(async () => {
  await engine.close();
  await rm(directory, { recursive: true });
});

const row = fc.record({
  a: fc.integer({ min: 0, max: 255 }),
  b: fc.integer({ min: 0, max: 65_535 }),
  c: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  d: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  e: fc.double(),
  at: fc.bigInt({ min: 0n, max: 10_413_791_999_999n }),
  f: fc.uint8Array({ minLength: 3, maxLength: 3 }),
  g: fc.string({ unit: 'grapheme', maxLength: 300 }),
});

function toBlock(rows: readonly (typeof row extends fc.Arbitrary<infer T> ? T : never)[]): NativeBlock {
  return {
    rows: rows.length,
    columns: [
      { name: 'n', type: 'UInt32', values: Uint32Array.from(rows.keys()) },
      { name: 'a', type: 'UInt8', values: Uint8Array.from(rows, (r) => r.a) },
      { name: 'b', type: 'UInt16', values: Uint16Array.from(rows, (r) => r.b) },
      { name: 'c', type: 'UInt64', values: BigUint64Array.from(rows, (r) => r.c) },
      { name: 'd', type: 'Int64', values: BigInt64Array.from(rows, (r) => r.d) },
      { name: 'e', type: 'Float64', values: Float64Array.from(rows, (r) => r.e) },
      { name: 'at', type: "DateTime64(3, 'UTC')", values: BigInt64Array.from(rows, (r) => r.at) },
      { name: 'f', type: 'FixedString(3)', values: Uint8Array.from(rows.flatMap((r) => [...r.f])) },
      { name: 'g', type: 'String', values: rows.map((r) => r.g) },
    ],
  };
}

describe('the Native format', () => {
  it('survives the engine: encode, insert, select, decode', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 300 }), async (rows) => {
        const block = toBlock(rows);
        await engine.exec('TRUNCATE TABLE t');
        const names = block.columns.map((column) => column.name);
        await engine.insertNative('t', names, encodeNative(block));
        const back = await engine.queryNative(
          "SELECT n, a, b, c, d, e, at, f, CAST(g, 'String') AS g FROM t ORDER BY n",
        );
        expect(back).toEqual(block);
      }),
      { numRuns: 40 },
    );
  });

  it('joins the blocks of a long answer', async () => {
    const back = await engine.queryNative(
      'SELECT toUInt64(number) AS n, toString(number) AS s FROM numbers(200000) ORDER BY n',
    );
    expect(back.rows).toBe(200_000);
    expect((back.columns[0]!.values as BigUint64Array)[199_999]).toBe(199_999n);
    expect(back.columns[1]!.values[123_456]).toBe('123456');
  });

  it('names the columns of an empty answer or none at all, without an error', async () => {
    expect((await engine.queryNative('SELECT n, a FROM t WHERE 0')).rows).toBe(0);
  });

  it('refuses every truncation of a block, and never reads past its end', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rows, share) => {
          const bytes = encodeNative(toBlock(rows));
          const cut = 1 + Math.floor(share * (bytes.byteLength - 2));
          let code = 'none';
          try {
            decodeNative(bytes.subarray(0, cut));
          } catch (error) {
            code = PhalanxError.is(error) ? error.code : String(error);
          }
          expect(code).toBe('STORE_BLOCK_CORRUPT');
        },
      ),
    );
  });

  it('gives views where the bytes lie on their boundary', () => {
    const bytes = encodeNative({
      rows: 2,
      columns: [{ name: 'f', type: 'FixedString(2)', values: Uint8Array.of(1, 2, 3, 4) }],
    });
    expect(decodeNative(bytes).columns[0]!.values).toMatchObject({ buffer: bytes.buffer });
  });
});
