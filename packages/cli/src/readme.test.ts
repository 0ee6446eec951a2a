import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SETTINGS } from './setting.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

it("runs the README's example", { timeout: 300_000 }, () => {
  const lines = /```sh\n(.*?)```/s.exec(README)?.[1]?.trim().split('\n') ?? [];
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).toMatch(/^npx phalanx /);
  const cwd = mkdtempSync(join(tmpdir(), 'phalanx-readme-'));
  try {
    const question =
      'Which of these rivers flows north through three countries before it reaches the sea at last?';
    writeFileSync(join(cwd, 'questions.jsonl'), `${JSON.stringify({ question })}\n`);
    writeFileSync(join(cwd, 'settings.toml'), '[detect]\nalpha = 0.001\n');
    const results = lines.map((line) =>
      spawnSync(process.execPath, [MAIN, ...line.split(' ').slice(2)], { cwd, encoding: 'utf8' }),
    );
    expect(results.map((result) => [result.status, result.status === 0 ? '' : result.stderr])).toEqual(
      lines.map(() => [0, '']),
    );
    expect(results[1]?.stderr).toMatch(/exchanges, \d+ account facts, 0 rejected/);
    expect(results[2]?.stderr).toBe('1 passage, 0 rejected\n');
    expect(results[3]?.stdout).toContain('alpha = 0.001');
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

it('names only settings that exist', () => {
  for (const [, key = ''] of README.matchAll(/`((?:ingest|detect|telemetry)\.[a-z_]+)`/g))
    expect(Object.keys(SETTINGS)).toContain(key);
});
