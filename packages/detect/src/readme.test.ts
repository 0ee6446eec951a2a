import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { detectCampaigns, signals } from './index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('shows an example that prints what it says', async () => {
  const code = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const AsyncFunction = (async () => {}).constructor as new (
      ...parts: string[]
    ) => (detect: typeof detectCampaigns) => Promise<void>;
    await new AsyncFunction('detectCampaigns', code.replace(/^import .*$/m, ''))(detectCampaigns);
    expect(log.mock.calls.map((line) => line.join(' '))).toEqual([/\/\/ (.*)\n$/.exec(code)![1]]);
  } finally {
    log.mockRestore();
  }
});

it('counts the signals rightly', () => {
  const words = ['twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen'];
  expect(readme.toLowerCase()).toContain(`${words[signals.length - 12]} \`signals\``);
  for (const { name } of signals) expect(readme).toContain(`\`${name}\``);
});
