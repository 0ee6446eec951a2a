import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests of whole commands take longest: begun last, they would leave a core idle at the end. */
class CommandsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isCommand = ({ moduleId }: TestSpecification) => moduleId.includes('/packages/cli/');
    return [...sorted.filter(isCommand), ...sorted.filter((file) => !isCommand(file))];
  }
}

export default defineConfig({
  resolve: { conditions: ['phalanx-source'] },
  ssr: { resolve: { conditions: ['phalanx-source', 'node'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: CommandsFirst },
  },
});
