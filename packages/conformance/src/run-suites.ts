import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Checks } from './checks.js';
import { PythonSetup } from './python.js';
import type { Suite } from './suite.js';

/** What a run came to. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

export interface RunOptions {
  /** Root of the repository, absolute. */
  readonly root: string;
  /** Folder of foreign vectors; default PHALANX_VECTORS, else `../shared` beside the repository. */
  readonly vectors?: string;
  readonly print?: (line: string) => void;
}

/**
 * Runs suites one after the other. Prints failures and figures as they come, one line a suite, and at the very end
 * `N passed, M failed`. A suite that throws is one failure; the others go on.
 */
export async function runSuites(suites: readonly Suite[], options: RunOptions): Promise<Totals> {
  const print = options.print ?? console.log;
  const { root } = options;
  const folder = resolve(root, options.vectors ?? process.env.PHALANX_VECTORS ?? '../shared');
  const vectors = existsSync(join(folder, 'vectors')) || existsSync(join(folder, 'data')) ? folder : null;
  print(
    vectors === null
      ? `no folder of foreign vectors at ${folder}: what needs it is skipped`
      : `vectors: ${folder}`,
  );
  const python = new PythonSetup();
  const totals = { passed: 0, failed: 0 };
  try {
    for (const suite of suites) {
      const started = performance.now();
      const checks = new Checks(suite.name, print);
      try {
        await suite.run(checks, { root, vectors, python });
      } catch (error) {
        checks.check('runs to its end', false, () => String(error instanceof Error ? error.stack : error));
      }
      print(`     ${suite.name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
      print(checks.summary());
      totals.passed += checks.passed;
      totals.failed += checks.failed;
    }
  } finally {
    await python.close();
  }
  print(`${totals.passed} passed, ${totals.failed} failed`);
  return totals;
}
