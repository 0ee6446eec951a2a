import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import * as identity from '@phalanx/coalition/identity';
import * as core from '@phalanx/core';
import * as control from '@phalanx/store/control';
import * as temporary from '@phalanx/store/temporary';
import { expect, it } from 'vitest';
import * as server from './index.js';

const MODULES: Readonly<Record<string, object>> = {
  'node:crypto': crypto,
  'node:fs/promises': files,
  'node:os': os,
  'node:path': path,
  '@phalanx/coalition/identity': identity,
  '@phalanx/core': core,
  '@phalanx/server': server,
  '@phalanx/store/control': control,
  '@phalanx/store/temporary': temporary,
};

it('the example in the README runs and prints what the README says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n');
  const body = code.replace(/import (\{[^}]*\}) from '([^']+)';/g, "const $1 = modules['$2'];");
  expect(body).not.toContain('import ');
  const lines: string[] = [];
  const run = new Function('modules', 'console', `return (async () => {${body}})()`);
  await run(MODULES, { log: (line: unknown) => lines.push(String(line)), error: console.error });
  expect(lines).toEqual(printed);
});
