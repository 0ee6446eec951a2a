import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DetectionReport } from '@phalanx/domain';
import { buildBuiltInSources } from '@phalanx/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORLD =
  'simulate quickstart --out o --seed 7 --set days=3 --set ordinaryAccounts=250 --set poolAccounts=120 --set attackShare=0.5 --set attackSources=math-word-problem';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'phalanx-known-benchmark-'));
  expect(phalanx(WORLD).status).toBe(0);
}, 300_000);
afterAll(() => rmSync(cwd, { recursive: true }));

function phalanx(line: string, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [MAIN, ...line.split(' ')], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
}

/** What detection says of the pool when the prompts of this source are known as a benchmark. */
function findKnowing(name: string) {
  const source = buildBuiltInSources().find((each) => each.name === name)!;
  writeFileSync(
    join(cwd, `${name}.jsonl`),
    source.texts.map((prompt) => JSON.stringify({ prompt })).join('\n'),
  );
  expect(phalanx(`benchmark build ${name}.jsonl --out ${name}.idx`).status).toBe(0);
  const { status, stdout, stderr } = phalanx('detect o/traffic.jsonl --accounts o/accounts.jsonl --json', {
    PHALANX_INGEST_BENCHMARKS: `${name}.idx`,
  });
  expect(status, stderr).toBe(1);
  const { findings } = JSON.parse(stdout) as DetectionReport;
  return findings.map(({ kind, innocentExplanation }) => [kind, innocentExplanation]);
}

it('does not call a pool a campaign for a list that is a known benchmark', { timeout: 300_000 }, () => {
  expect(findKnowing('math-word-problem')).toEqual([
    ['insufficient', 'The list-like requests are a known public benchmark.'],
  ]);
  // Another benchmark changes nothing.
  expect(findKnowing('code-task')).toEqual([
    ['distillation-campaign', expect.stringMatching(/undeclared reseller/)],
  ]);
});
