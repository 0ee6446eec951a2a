import { Kysely, PostgresDialect, sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlTables } from './control-tables.js';
import { migrate } from './migrate.js';
import { MIGRATIONS } from './migrations/register.js';

it('steps ascend and have names of their own', () => {
  const numbers = MIGRATIONS.map(({ number }) => number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(new Set(MIGRATIONS.map(({ name }) => name)).size).toBe(MIGRATIONS.length);
});

describe.each(CONTROL_ENGINES)('migrate on $name', (engine) => {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  let database: Kysely<ControlTables>;
  beforeEach(async () => {
    await (await engine.openEmpty()).close();
    const pool = await engine.openPool();
    database = new Kysely<ControlTables>({ dialect: new PostgresDialect({ pool }) });
    return () => database.destroy();
  });

  const probe = {
    number: 9001,
    name: 'probe',
    statements: ['CREATE TABLE probe (at int8)', 'INSERT INTO probe VALUES (7)'],
  };

  it('applies what is new, once', async () => {
    await migrate(database, [...MIGRATIONS, probe]);
    await migrate(database, [...MIGRATIONS, probe]);
    const { rows } = await sql<{ at: number }>`SELECT at FROM probe`.execute(database);
    expect(rows).toEqual([{ at: 7 }]);
  });

  it('refuses an edited step, and one that it does not know, and changes nothing', async () => {
    await migrate(database, [...MIGRATIONS, probe]);
    const later = { number: 9002, name: 'later', statements: ['CREATE TABLE later (a int4)'] };
    const edit = { ...probe, statements: ['CREATE TABLE probe (at int4)'] };
    await expect(migrate(database, [...MIGRATIONS, edit, later])).rejects.toMatchObject({
      code: 'STORE_SCHEMA_EDITED',
    });
    await expect(migrate(database, MIGRATIONS)).rejects.toMatchObject({ code: 'STORE_SCHEMA_NEWER' });
    await expect(sql`SELECT * FROM later`.execute(database)).rejects.toMatchObject({ code: 'STORE_QUERY' });
  });

  it('does not mind how a step is indented', async () => {
    await migrate(database, [...MIGRATIONS, probe]);
    const indented = {
      ...probe,
      statements: probe.statements.map((statement) => `\n  ${statement.replace(' (', '\n (')}`),
    };
    await migrate(database, [...MIGRATIONS, indented]);
  });

  it('leaves nothing of steps that fail', async () => {
    const broken = {
      number: 9002,
      name: 'broken',
      statements: ['CREATE TABLE broken (a int4)', 'SELECT 1/0'],
    };
    await expect(migrate(database, [...MIGRATIONS, probe, broken])).rejects.toMatchObject({
      code: 'STORE_ROW_INVALID',
    });
    const { rows } = await sql`SELECT 1 FROM pg_tables WHERE tablename IN ('probe', 'broken')`.execute(
      database,
    );
    expect(rows).toEqual([]);
  });

  it('runs once when several open at a time', async () => {
    await Promise.all([1, 2, 3].map(() => migrate(database, [...MIGRATIONS, probe])));
    const { rows } = await sql`SELECT at FROM probe`.execute(database);
    expect(rows).toHaveLength(1);
  });
});
