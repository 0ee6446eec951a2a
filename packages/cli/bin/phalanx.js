#!/usr/bin/env node
// The command's entry. It is committed, because npm links only a file that is there, and dist/ is built after `npm ci`.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('phalanx: not built yet\n  Run `npm run build` in the folder of the clone.\n');
  process.exitCode = 3;
}
