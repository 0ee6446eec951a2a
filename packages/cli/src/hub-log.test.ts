import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '@phalanx/core';
import type { TelemetryLog } from '@phalanx/record';
import { openTemporaryControlStore } from '@phalanx/store/temporary';
import { expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { openHubLog } from './hub-log.js';
import { runCli } from './program.js';
import { readLedgerFile, withRecord } from './record-session.js';

const SILENT = {
  out: () => undefined,
  talk: () => undefined,
  env: {},
  outIsScreen: false,
  talkIsScreen: false,
  columns: 80,
};

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

it('waits once for a number that is missing', async () => {
  const rows = [1, 3].map((number) => ({ number, text: receipt(number) }));
  const appended: number[] = [];
  const carry = openHubLog(
    { list: async (after: number) => rows.filter(({ number }) => number > after) } as never,
    {
      findStatements: function* () {},
      appendStatement: async (statement) => appended.push(statement.atMs),
      publish: async () => undefined as never,
    },
  );
  await carry();
  expect(appended).toEqual([1]);
  rows.splice(1, 0, { number: 2, text: receipt(2) });
  await carry();
  expect(appended).toEqual([1, 2, 3]);
  rows.push({ number: 6, text: receipt(6) });
  await carry();
  await carry();
  expect(appended).toEqual([1, 2, 3, 6]);
});
