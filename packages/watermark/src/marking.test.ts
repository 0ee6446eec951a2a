import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as watermark from './index.js';

it('the example of docs/marking.md runs and prints what it says', () => {
  const page = readFileSync(new URL('../../../docs/marking.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(page)![1]!;
  const printed = /```text\n([\s\S]*?)\n```/.exec(page)![1]!.split('\n');
  const body = code.replace(/^import (\{[^}]*\}) from '@phalanx\/watermark';/, 'const $1 = watermark;');
  expect(body).not.toBe(code);
  const lines: string[] = [];
  const log = (...parts: unknown[]) => lines.push(parts.join(' '));
  new Function('watermark', 'console', body)(watermark, { log });
  expect(lines).toEqual(printed);
});
