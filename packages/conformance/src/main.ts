#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runSuites } from './run-suites.js';
import { suites } from './suites.js';

const USAGE = 'usage: npm run conformance -- [--list] [--slow] [SUITE ...]';
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Exit codes: 0 everything passed, 1 a check failed, 2 wrong usage. */
async function main(): Promise<number> {
  let names: string[];
  let flags: { list?: boolean; slow?: boolean };
  try {
    ({ positionals: names, values: flags } = parseArgs({
      allowPositionals: true,
      options: { list: { type: 'boolean' }, slow: { type: 'boolean' } },
    }));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`there is no suite ${unknown.join(', ')}\n${USAGE}`);
    return 2;
  }
  if (flags.list) {
    for (const { name, what, slow } of suites) console.log(`${name}: ${what}${slow ? ' (slow)' : ''}`);
    return 0;
  }
  const chosen = suites.filter(({ name, slow }) =>
    names.length > 0 ? names.includes(name) : flags.slow || !slow,
  );
  const { failed } = await runSuites(chosen, { root });
  return failed === 0 ? 0 : 1;
}

// The embedded engine keeps threads that would hold the process.
process.exit(await main());
