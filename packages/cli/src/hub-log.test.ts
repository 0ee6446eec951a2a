import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, utf8 } from '@phalanx/core';
import type { TelemetryLog } from '@phalanx/record';
import { openTemporaryControlStore } from '@phalanx/store/temporary';
import { expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { openHubLog } from './hub-log.js';
import { runCli } from './program.js';
import { readLedgerFile, withRecord } from './record-session.js';
import { SILENT } from './silent-terminal.test.support.js';

const receipt = (atMs: number) =>
  canonicalJson({
    kind: 'indicator-receipt',
    version: 1,
    atMs,
    by: 'https://hub.example',
    role: 'hub',
    from: 'lab-a',
    objects: [],
  });

it('carries each receipt of a hub into the log once, in order, over restarts', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'phalanx-hub-log-'));
  const store = await openTemporaryControlStore();
  try {
    await runCli(['ledger', 'init', '--origin', 'hub.example', '--data', directory, '--unencrypted'], SILENT);
    const withLog = <T>(work: (log: TelemetryLog) => Promise<T>) =>
      withRecord(directory, readLedgerFile(directory)!, loadConfig({}), SILENT, ({ telemetry }) =>
        work(telemetry),
      );
    const times = (log: TelemetryLog) =>
      [...log.findStatements()]
        .map(({ entry }) => JSON.parse(Buffer.from(entry).toString('utf8')))
        .filter(({ kind }) => kind === 'indicator-receipt')
        .map(({ atMs }) => atMs);
    for (const text of [receipt(1), '{"act":"admit"}', receipt(2)]) await store.statements.add(text);
    await withLog(async (log) => {
      const carry = openHubLog(store.statements, log);
      await carry();
      await store.statements.add(receipt(3));
      await carry();
      await carry();
      expect(times(log)).toEqual([1, 2, 3]);
    });
    await store.statements.add(receipt(4));
    await withLog(async (log) => {
      await openHubLog(store.statements, log)();
      expect(times(log)).toEqual([1, 2, 3, 4]);
    });
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
});

/** A database and a log in arrays: numbers that come late cannot be had from an engine of one connection. */
function makeLog(rows: { number: number; text: string }[], before: readonly string[] = []) {
  const appended: number[] = [];
  const carry = openHubLog(
    { list: async (after: number) => rows.filter(({ number }) => number > after) } as never,
    {
      *findStatements() {
        for (const [index, text] of before.entries()) yield { index, entry: utf8(text) };
      },
      appendStatement: async (statement) => appended.push(statement.atMs),
      publish: async () => undefined as never,
    },
  );
  return { appended, carry };
}

const row = (number: number) => ({ number, text: receipt(number) });

it('waits for a number that is missing, and not for ever', async () => {
  const rows = [row(1), row(3)];
  const { appended, carry } = makeLog(rows);
  await carry();
  expect(appended).toEqual([1]);
  rows.splice(1, 0, row(2));
  await carry();
  expect(appended).toEqual([1, 2, 3]);
  rows.push(row(6));
  for (let i = 0; i < 4; i++) await carry();
  expect(appended).toEqual([1, 2, 3]);
  await carry();
  expect(appended).toEqual([1, 2, 3, 6]);
});

it('appends nothing where the database is not what the log has seen', async () => {
  for (const rows of [[], [row(1)], [row(1), row(3)].map(({ text }, i) => ({ number: i + 1, text }))]) {
    const { appended, carry } = makeLog(rows, [receipt(1), receipt(2)]);
    await expect(carry()).rejects.toThrow(/is not the database's/);
    expect(appended).toEqual([]);
  }
  const { appended, carry } = makeLog([row(1), row(2), row(3)], [receipt(1), receipt(2)]);
  await carry();
  expect(appended).toEqual([3]);
});
