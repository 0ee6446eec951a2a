import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Account } from '@phalanx/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWorld } from './build-world.js';
import { BUILT_IN_ATTACK_SOURCES, BUILT_IN_HONEST_SOURCES, buildBuiltInSources } from './built-in-grammar.js';
import { RowFlag } from './exchange-columns.js';
import { type LogFiles, writeLiteLlmLog } from './litellm-log.js';
import { planScenario } from './scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'litellm-'));
afterAll(() => rmSync(folder, { recursive: true }));

const world = buildWorld(
  planScenario('quickstart', {
    seed: 'log',
    sources: buildBuiltInSources({ size: 300 }),
    attackSources: BUILT_IN_ATTACK_SOURCES,
    honestSources: BUILT_IN_HONEST_SOURCES,
    ordinaryAccounts: 60,
    poolAccounts: 20,
    days: 1,
  }),
);
let files: LogFiles;
beforeAll(async () => {
  files = await writeLiteLlmLog(world, folder);
});
const readLines = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('writeLiteLlmLog', () => {
  it('writes one payload an exchange, in time order, under ids that the account file knows', () => {
    const rows = readLines(files.traffic);
    expect(rows).toHaveLength(world.size);
    const known = new Set(readLines(files.accounts).map((account) => Account.parse(account).accountId));
    expect(known.size).toBe(world.accounts.length);
    let last = 0;
    rows.forEach((row, i) => {
      expect(known).toContain(row.metadata.user_api_key_hash);
      expect(row.startTime).toBeGreaterThanOrEqual(last);
      last = row.startTime;
      expect(row.endTime).toBeGreaterThanOrEqual(row.completionStartTime);
      expect(row.messages.at(-1)).toEqual({ role: 'user', content: world.promptText(i) });
      expect(row.status).toBe(world.columns.flags[i]! & RowFlag.ERROR ? 'failure' : 'success');
      if (row.status === 'success') expect(row.response.choices[0].message.content).not.toBe('');
    });
  });

  it('keeps the truth out of everything but the label file', () => {
    expect(readLines(files.labels)).toHaveLength(world.accounts.length);
    expect(readLines(files.labels).filter((label) => label.attacker)).toHaveLength(20);
    for (const file of [files.traffic, files.accounts])
      expect(readFileSync(file, 'utf8')).not.toMatch(/"attacker"|"campaign"|"class"|hydra|"A2"/);
    const ids = readLines(files.accounts).map((account) => account.accountId);
    expect(ids).toEqual([...ids].sort());
  });

  it('writes the same bytes again, gzipped when asked', async () => {
    const again = await writeLiteLlmLog(world, join(folder, 'again'), { gzip: true });
    expect(gunzipSync(readFileSync(again.traffic)).equals(readFileSync(files.traffic))).toBe(true);
    expect(readFileSync(again.labels).equals(readFileSync(files.labels))).toBe(true);
  });
});
