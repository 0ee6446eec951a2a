import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DetectionReport } from '@phalanx/domain';
import { openTelemetryStore } from '@phalanx/store';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORLD =
  'simulate quickstart --out o --seed 7 --set days=3 --set ordinaryAccounts=150 --set poolAccounts=60';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'phalanx-findings-'));
  writeFileSync(join(cwd, 'default.toml'), '');
  expect(phalanx(WORLD).status).toBe(0);
  expect(phalanx('ingest o/traffic.jsonl --accounts o/accounts.jsonl --data d --no-text').status).toBe(0);
}, 300_000);
afterAll(() => rmSync(cwd, { recursive: true }));

function phalanx(line: string) {
  return spawnSync(process.execPath, [MAIN, ...line.split(' ')], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
}

function listKept(): {
  id: string;
  kind: string;
  accounts: number;
  firstAlarmAtMs: number;
  keptAtMs: number;
}[] {
  const result = phalanx('findings list --data d --json');
  expect([result.status, result.stderr]).toEqual([0, '']);
  return JSON.parse(result.stdout);
}

// One order of events, so one test: each step looks at what the ones before have left.
it('keeps what detect finds, once, and shows it as detect did', { timeout: 300_000 }, () => {
  const backtest = phalanx('detect --data d --backtest 2026-02-02..2026-02-04');
  expect([backtest.status, backtest.stdout.slice(0, 10)], backtest.stderr).toEqual([1, '1 finding ']);
  expect(phalanx('detect --data d --shadow default.toml').status).toBe(1);
  const none = phalanx('findings list --data d');
  expect([none.status, none.stdout]).toEqual([0, '']);
  expect(none.stderr).toMatch(/^no finding is kept here/);
  expect(listKept()).toEqual([]);

  const started = Date.now();
  const json = phalanx('detect --data d --json');
  const report: DetectionReport = JSON.parse(json.stdout);
  const [first] = listKept();
  const { id, kind, members, firstAlarmAtMs } = report.findings[0]!;
  expect(first).toMatchObject({ id, kind, accounts: members.length, firstAlarmAtMs });
  expect(first!.keptAtMs).toBeGreaterThanOrEqual(started);
  expect(JSON.parse(phalanx(`findings show ${id} --data d --json`).stdout)).toEqual(report);

  const text = phalanx('detect --data d');
  expect(text.status).toBe(1);
  const [again, ...others] = listKept();
  expect(others).toEqual([]);
  expect(again).toEqual({ ...first, keptAtMs: again!.keptAtMs });
  expect(again!.keptAtMs).toBeGreaterThan(first!.keptAtMs);
  expect(phalanx('findings list --data d').stdout).toMatch(new RegExp(`^id .*\\n${id}  ${kind} .*UTC\\n$`));

  const shown = phalanx(`findings show ${id} --data d --html page.html`);
  expect([shown.status, shown.stdout, shown.stderr]).toEqual([0, text.stdout, 'report page: page.html\n']);
  expect(readFileSync(join(cwd, 'page.html'), 'utf8')).toContain(id);
  expect(statSync(join(cwd, 'page.html')).mode & 0o777).toBe(0o600);

  const missing = phalanx('findings show finding-0 --data d');
  expect([missing.status, missing.stdout]).toEqual([2, '']);
  expect(missing.stderr).toMatch(/no finding is kept as finding-0 \(CLI_USAGE\)\n.*`phalanx findings list`/);
});

it('gives the answer of a run whose findings cannot be kept, and says so', { timeout: 300_000 }, async () => {
  const store = await openTelemetryStore({ path: join(cwd, 'd', 'telemetry') });
  const findings = { name: 'findings', columns: [], orderBy: 'id' };
  await store.tables.maintain(
    findings,
    (target) => `ALTER TABLE ${target} ADD CONSTRAINT none CHECK id = ''`,
  );
  await store.close();
  const result = phalanx('detect --data d --html unkept.html');
  expect([result.status, result.stdout.slice(0, 10)]).toEqual([3, '1 finding ']);
  expect(result.stderr).toMatch(/phalanx: .* \(STORE_QUERY\)/);
  expect(statSync(join(cwd, 'unkept.html')).size).toBeGreaterThan(0);
});
