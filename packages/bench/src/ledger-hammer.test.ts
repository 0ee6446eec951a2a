import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const bench = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

it('hammers a log and verifies every answer', () => {
  const { status, stdout, stderr } = bench(
    'ledger-hammer',
    '--writers',
    '2',
    '--readers',
    '2',
    '--seconds',
    '2',
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ {2}all [1-9]\d* entries read back and verified, none lost$/m);
  expect(stdout).toMatch(/^ {2}[1-9]\d* reads a second/m);
});

it('stays within its bounds', () => {
  for (const args of [
    ['--writers', '0'],
    ['--seconds', '601'],
    ['--entries', 'many'],
    ['--to', 'x'],
  ])
    expect(bench('ledger-hammer', ...args).status, args.join(' ')).toBe(2);
});
