import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { NEXT_COMMAND } from './commands/demo.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const ENTRY = path('../bin/phalanx.js');
const LINK = path('../../../node_modules/.bin/phalanx');

const LOG = `${JSON.stringify({
  id: 'a1',
  call_type: 'acompletion',
  status: 'success',
  custom_llm_provider: 'x',
  startTime: 1769990400.5,
  endTime: 1769990401.5,
  model: 'm-1',
  messages: [{ role: 'user', content: 'Where is my order 4411?' }],
  response: 'On its way.',
  model_parameters: {},
  metadata: { user_api_key_hash: 'k1' },
})}\n`;

it('is what npm has linked', () => {
  expect(existsSync(LINK), 'npm ci makes the link').toBe(true);
  expect(realpathSync(LINK)).toBe(realpathSync(ENTRY));
});

it('makes the command that the demo ends with run as printed', () => {
  // Without the link npx would offer a stranger's package of the same name.
  expect(existsSync(LINK), 'npm ci makes the link').toBe(true);
  const cwd = mkdtempSync(join(tmpdir(), 'phalanx-entry-'));
  try {
    symlinkSync(path('../../../node_modules'), join(cwd, 'node_modules'));
    copyFileSync(path('../../../package.json'), join(cwd, 'package.json'));
    writeFileSync(join(cwd, 'YOUR-LOGS.jsonl'), LOG);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', NEXT_COMMAND], {
      cwd,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: cwd,
        npm_config_offline: 'true',
        npm_config_yes: 'false',
        npm_config_update_notifier: 'false',
      },
    });
    expect([status, stdout.split('\n')[0]], stderr).toEqual([
      0,
      'Nothing to report in 1 account and 1 exchange.',
    ]);
    expect(existsSync(join(cwd, 'report.html'))).toBe(true);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

it('says so when nothing is built yet', () => {
  const clone = mkdtempSync(join(tmpdir(), 'phalanx-entry-'));
  try {
    mkdirSync(join(clone, 'bin'));
    writeFileSync(join(clone, 'package.json'), '{"type":"module"}');
    copyFileSync(ENTRY, join(clone, 'bin', 'phalanx.js'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(clone, 'bin', 'phalanx.js'), '--help'],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^phalanx: not built yet\n.*npm run build/);
  } finally {
    rmSync(clone, { recursive: true });
  }
});
