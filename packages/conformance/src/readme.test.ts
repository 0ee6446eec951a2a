import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { runSuites, suites } from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('shows an example that prints what it says', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const AsyncFunction = (async () => {}).constructor as new (
      ...parts: string[]
    ) => (run: typeof runSuites) => Promise<void>;
    await new AsyncFunction('runSuites', code.replace(/^import .*$/m, ''))(runSuites);
    expect(`${log.mock.calls.map((line) => line.join(' ')).join('\n')}\n`).toBe(
      /```text\n([\s\S]*?)```/.exec(readme)![1],
    );
  } finally {
    log.mockRestore();
  }
});

it('names every suite', () => {
  for (const { name } of suites) expect(readme).toContain(`| \`${name}\` |`);
});
