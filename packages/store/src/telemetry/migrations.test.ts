import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChdb } from './chdb.js';
import type { EngineConnection } from './connection.js';
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.js';
import { type Layout, quoteName, quoteText } from './schema.js';

let directory: string;
let engine: EngineConnection;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-migrations-'));
  engine = await openChdb(directory);
});
afterAll(async () => {
  await engine.close();
  await rm(directory, { recursive: true });
});

const LAYOUTS: readonly Layout[] = [
  { kind: 'single' },
  { kind: 'copies', cluster: 'telemetry' },
  { kind: 'replicated', cluster: 'tele`metry' },
];

describe('migrations', () => {
  it('count up from 1', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(
      [...Array(SCHEMA_VERSION).keys()].map((n) => n + 1),
    );
  });

  it.each(LAYOUTS)('are statements that the engine parses: $kind', async (layout) => {
    for (const statement of MIGRATIONS.flatMap((migration) => migration.statements(layout))) {
      const parsed = await engine.queryNative(`EXPLAIN AST ${statement}`);
      expect(parsed.rows).toBeGreaterThan(1);
    }
  });

  it('replicate under Keeper paths, sharded tables by shard and small ones over all nodes', () => {
    const [, exchanges, distributed, accounts] = MIGRATIONS[0]!.statements({
      kind: 'replicated',
      cluster: 'c',
    });
    expect(exchanges).toContain('exchanges_local ON CLUSTER `c`');
    expect(exchanges).toContain(
      "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/exchanges_local', '{replica}')",
    );
    expect(distributed).toContain("Distributed('c', currentDatabase(), exchanges_local, account)");
    expect(accounts).toContain(
      "ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/accounts', '{shard}-{replica}', version)",
    );
  });

  it('can run twice', async () => {
    for (let run = 0; run < 2; run++)
      for (const statement of MIGRATIONS.flatMap((migration) => migration.statements({ kind: 'single' })))
        await engine.exec(statement);
    const tables = await engine.queryNative(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    );
    expect(tables.rows).toBe(8);
  });

  it('quote what they are given', async () => {
    const odd = "a'b\\c`d\n";
    const back = await engine.queryNative(`SELECT ${quoteText(odd)} AS ${quoteName('x`y\\z')}`);
    expect(back.columns[0]).toMatchObject({ name: 'x`y\\z', values: [odd] });
  });
});
