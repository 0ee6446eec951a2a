import type { Checks } from './checks.js';
import type { PythonSetup } from './python.js';

/** What suites share. */
export interface SuiteContext {
  /** Root of the repository, absolute. */
  readonly root: string;
  /** Folder of vectors that others wrote (`vectors/`, `data/`); null when it is not there. */
  readonly vectors: string | null;
  /** Python with packages of PyPI, or why there is none. */
  readonly python: PythonSetup;
}

/** Checks against one foreign thing. A file and a line in `suites.ts` are all that a new one needs. */
export interface Suite {
  readonly name: string;
  /** What is compared with what, one sentence. */
  readonly what: string;
  /** Takes more than three minutes: runs only with `--slow` or by name. */
  readonly slow?: boolean;
  /** Counts into `checks`. What it throws is one failure more. */
  run(checks: Checks, context: SuiteContext): Promise<void>;
}
