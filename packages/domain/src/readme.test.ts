import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import * as domain from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('shows an example that prints what its comments say', () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const names = /import \{([^}]*)\}/
    .exec(code)![1]!
    .split(',')
    .map((name) => name.trim());
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const values = names.map((name) => (domain as Record<string, unknown>)[name]);
    new Function(...names, code.replace(/^import .*$/m, ''))(...values);
    const printed = log.mock.calls.map((line) => line.map(String).join(' '));
    const said = [...code.matchAll(/console\.log\(.*\); \/\/ ([^:\n]*)/g)].map((match) => match[1]);
    expect(said).toHaveLength(4);
    expect(printed).toEqual(said);
  } finally {
    log.mockRestore();
  }
});
