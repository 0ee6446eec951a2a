import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';

describe('README', () => {
  it('has an example that runs', async () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(text)![1]!;
    // The example's imports, resolved here; its own lines are run as they stand.
    const names = /import \{([^}]*)\} from '@phalanx\/testing'/.exec(code)![1]!;
    const body = code.replace(/import \{[^}]*\} from '[^']*';\n/g, '');
    const modules = {
      ...(await import('./index.js')),
      mkdtempSync: (await import('node:fs')).mkdtempSync,
      tmpdir: (await import('node:os')).tmpdir,
      join: (await import('node:path')).join,
    } as Record<string, unknown>;
    const used = [
      ...names
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
      'mkdtempSync',
      'tmpdir',
      'join',
    ];
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      const AsyncFunction = (async () => {}).constructor as new (
        ...parts: string[]
      ) => (...values: unknown[]) => Promise<void>;
      await new AsyncFunction(...used, body)(...used.map((name) => modules[name]));
      const [size, accounts, labels] = log.mock.calls[0] as [number, number, string];
      expect(size).toBeGreaterThan(5000);
      expect(readFileSync(labels, 'utf8').trimEnd().split('\n')).toHaveLength(accounts);
    } finally {
      log.mockRestore();
    }
  });
});
