import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as matching from './index.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const section = readme.slice(readme.indexOf('## Private matching'));

it('the example of private matching in the README runs and prints what the README says', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(section)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(section)![1]!.split('\n');
  const body = code.replace(
    /import (\{[^}]*\}) from '@phalanx\/coalition\/matching';/,
    'const $1 = matching;',
  );
  expect(body).not.toBe(code);
  const lines: string[] = [];
  new Function('matching', 'console', body)(matching, { log: (line: unknown) => lines.push(String(line)) });
  expect(lines).toEqual(printed);
});
