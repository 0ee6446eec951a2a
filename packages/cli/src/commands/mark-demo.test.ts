import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../program.js';

it('the story of a leak ends with the three accounts and their eighteen rows', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-mark-demo-'));
  let said = '';
  const terminal = {
    out: (text: string) => (said += text),
    talk: () => {},
    env: {},
    outIsScreen: false,
    talkIsScreen: false,
    columns: 100,
  };
  try {
    expect(await runCli(['mark', 'demo', '--data', folder], terminal)).toBe(0);
    expect(said).toMatch(/198 rows, 18 of them stolen through acct-38, acct-39, acct-40/);
    expect(said).toMatch(/3 accounts indicated as the origin of rows/);
    // Keys are drawn afresh: one run in a thousand may name a row too many.
    expect(said).toMatch(/1[89] texts of 198 named, 7,920 tests/);
    for (const account of ['acct-38', 'acct-39', 'acct-40']) expect(said).toContain(`* ${account}  6 texts`);
    expect(said).toMatch(/tokens \d+ to \d+, log10 p −\d/);
    expect(said).toMatch(/whole {2}243 entries, 243 signed/);
    expect(readFileSync(join(folder, 'document.html'), 'utf8')).toContain('<title>Marks in 1 text</title>');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
