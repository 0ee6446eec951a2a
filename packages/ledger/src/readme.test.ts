import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as core from '@phalanx/core';
import { expect, it } from 'vitest';
import * as ledger from './index.js';

it('the example of the README runs and prints what it says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replaceAll(/^import [\s\S]*? from '.*';\n/gm, '');
  const printed: string[] = [];
  const names = {
    generateKeyPairSync,
    ...core,
    ...ledger,
    console: { log: (...values: unknown[]) => printed.push(values.join(' ')) },
  };
  const body = `return (async () => {${code}})()`;
  await new Function(...Object.keys(names), body)(...Object.values(names));
  expect(printed).toEqual([/\/\/ (1 2 W)$/m.exec(code)![1]]);
});
