import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS, PhalanxError } from '@phalanx/core';
import { defaultOptions } from '@phalanx/detect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, printConfig } from './config.js';
import { nameVariable, SETTINGS, type SettingKey } from './setting.js';
import { chooseStore, readDetectOptions } from './telemetry-session.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'phalanx-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const path = join(folder, 'c.toml');
  writeFileSync(path, text);
  return path;
}

describe('configuration', () => {
  it('takes the last of default, file and environment', () => {
    const path = write('data = "d"\n[detect]\nalpha = 0.05\nmin_accounts = 40\n');
    const config = loadConfig({ PHALANX_DETECT_ALPHA: '0.001', PHALANX_INGEST_KEEP_TEXT: 'false' }, path);
    expect(config).toMatchObject({ data: 'd', 'detect.alpha': 0.001, 'detect.min_accounts': 40 });
    expect(config['ingest.keep_text']).toBe(false);
  });

  it('reads lists from file and environment', () => {
    const path = write('[ingest]\nbenchmarks = ["a, b.idx"]\n');
    const read = (value?: string) =>
      loadConfig(value === undefined ? {} : { PHALANX_INGEST_BENCHMARKS: value }, path)['ingest.benchmarks'];
    expect([read(), read('c.idx, d.idx,'), read('')]).toEqual([['a, b.idx'], ['c.idx', 'd.idx'], []]);
    expect(loadConfig({})['ingest.benchmarks']).toEqual([]);
  });

  it('prints a file that it reads back, for values that are not the defaults', () => {
    const config = loadConfig({
      PHALANX_DETECT_ALPHA: '0.02',
      PHALANX_DATA: 'a "quoted" \\ place',
      PHALANX_INGEST_BENCHMARKS: 'one.idx,a "second" one.idx',
    });
    expect(loadConfig({}, write(printConfig(config)))).toEqual(config);
  });

  it('documents every key and prints no secret', () => {
    const text = printConfig(loadConfig({ PHALANX_TELEMETRY_PASSWORD: 'hunter2' }));
    expect(text).not.toContain('hunter2');
    for (const key of Object.keys(SETTINGS) as SettingKey[]) {
      expect(text).toContain(nameVariable(key));
      expect(text).toContain(SETTINGS[key].meaning);
    }
  });

  it.each([
    ['[detect]\nalpah = 1', 'no setting is called detect.alpah'],
    ['[detect]\nalpha = 2', 'detect.alpha'],
    ['[detect\nalpha', 'c.toml'],
    ['[ingest]\nbenchmarks = "a.idx"', 'ingest.benchmarks'],
    ['[ingest]\nbenchmarks = [""]', 'ingest.benchmarks'],
    ['detect = 3', 'no setting is called detect'],
  ])('refuses %j', (text, part) => {
    let caught: unknown;
    try {
      loadConfig({}, write(text));
    } catch (error) {
      caught = error;
    }
    expect(PhalanxError.is(caught, 'CLI_CONFIG')).toBe(true);
    expect((caught as Error).message).toContain(part);
  });

  it('refuses variables of a wrong kind', () => {
    for (const env of [
      { PHALANX_DETECT_ALPHA: '' },
      { PHALANX_INGEST_KEEP_TEXT: 'maybe' },
      { PHALANX_TELEMETRY_REPLICATION: 'raft' },
    ])
      expect(() => loadConfig(env)).toThrow(/PHALANX_/);
  });

  it.each<[Record<string, string>, object]>([
    [{}, { path: join('d', 'telemetry') }],
    [{ CLUSTER: 'c', REPLICATION: 'store' }, { path: join('d', 'telemetry') }],
    [{ URL: 'http://a:1' }, { url: ['http://a:1'] }],
    [
      { URL: 'http://a:1, http://b:2,', CLUSTER: 'c', DATABASE: 'b', USERNAME: 'u', PASSWORD: 'p' },
      {
        url: ['http://a:1', 'http://b:2'],
        cluster: 'c',
        replication: 'keeper',
        database: 'b',
        username: 'u',
        password: 'p',
      },
    ],
    [
      { URL: 'http://a:1,http://b:2', CLUSTER: 'c', REPLICATION: 'store' },
      { url: ['http://a:1', 'http://b:2'], cluster: 'c', replication: 'store' },
    ],
  ])('opens the store that telemetry settings %j name', (variables, options) => {
    const env = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`PHALANX_TELEMETRY_${name}`, value]),
    );
    expect(chooseStore(loadConfig(env), 'd')).toEqual(options);
  });

  it("has detection's own defaults", () => {
    const { alpha, minAccounts, sampleRows, families } = defaultOptions;
    expect(readDetectOptions(loadConfig({}))).toEqual({
      alpha,
      minAccounts,
      sampleRows,
      families,
      dayMs: DAY_MS,
    });
  });
});
