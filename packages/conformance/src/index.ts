export { Checks } from './checks.js';
export { type Python, PythonSetup } from './python.js';
export { type RunOptions, runSuites, type Totals } from './run-suites.js';
export type { Suite, SuiteContext } from './suite.js';
export { suites } from './suites.js';
