import { readFileSync } from 'node:fs';
import * as core from '@phalanx/core';
import { expect, it } from 'vitest';
import * as record from './index.js';

it('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replaceAll(/^import [\s\S]*? from '.*';\n/gm, '');
  const printed: unknown[] = [];
  const names = { ...core, ...record, console: { log: (value: unknown) => printed.push(value) } };
  new Function(...Object.keys(names), code)(...Object.values(names));
  expect(printed).toEqual([Number(/\/\/ (\d+)$/m.exec(code)![1])]);
});
