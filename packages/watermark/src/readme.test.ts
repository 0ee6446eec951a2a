import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as watermark from './index.js';

it('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replaceAll(/^import [\s\S]*? from '.*';\n/gm, '');
  const printed: string[] = [];
  const names = { ...watermark, console: { log: (value: unknown) => printed.push(String(value)) } };
  new Function(...Object.keys(names), code)(...Object.values(names));
  expect(printed).toEqual(/```text\n([\s\S]*?)\n```/.exec(readme)![1]!.split('\n'));
});
