import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['phalanx-source'] },
  ssr: { resolve: { conditions: ['phalanx-source', 'node'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
