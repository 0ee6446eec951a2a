import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// Each src/transcripts/*.txt is a session with the built command in an empty folder:
//   $ phalanx ...        runs; `< NAME` at the end gives it a file as standard input, VAR=x before it a variable
//   exit N               its exit code, 0 when not stated
//   stdout|stderr RE     a regular expression that must match (flags ms)
//   no stdout|stderr     it must be empty
//   exists NAME          a file must be there
// Files after a line `-- NAME --` are written first. Lines that start with # are comments.

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const FOLDER = fileURLToPath(new URL('./transcripts/', import.meta.url));

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function splitFiles(text: string): { readonly session: string[]; readonly files: [string, string][] } {
  const [session = '', ...rest] = text.split(/^-- (.+) --\n/m);
  const files: [string, string][] = [];
  for (let i = 0; i < rest.length; i += 2) files.push([rest[i]!, rest[i + 1]!]);
  // What stands after the files would be part of the last one and never run.
  for (const [name, content] of files) expect(content, name).not.toMatch(/^\$ phalanx/m);
  return { session: session.split('\n').filter((line) => line !== '' && !line.startsWith('#')), files };
}

function runCommand(line: string, cwd: string): Result {
  const [, variables = '', rest = '', input] =
    /^((?:[A-Z_]+=\S* )*)phalanx(.*?)(?: < (\S+))?$/.exec(line) ?? [];
  const env = Object.fromEntries(
    variables
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((pair) => pair.split('=')),
  );
  const args = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);
  return spawnSync(process.execPath, [MAIN, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
    ...(input !== undefined && { input: readFileSync(join(cwd, input)) }),
  });
}

function checkLine(line: string, result: Result, cwd: string): void {
  const [, kind, argument = ''] = /^(exit|stdout|stderr|no|exists) (.+)$/.exec(line) ?? [];
  if (kind === 'exit') expect(result.status, line).toBe(Number(argument));
  else if (kind === 'stdout' || kind === 'stderr')
    expect(result[kind], line).toMatch(new RegExp(argument, 'ms'));
  else if (kind === 'no') expect(result[argument as 'stdout' | 'stderr'], line).toBe('');
  else if (kind === 'exists') expect(existsSync(join(cwd, argument)), line).toBe(true);
  else throw new Error(`not a line of a transcript: ${line}`);
}

describe('transcripts', () => {
  for (const name of readdirSync(FOLDER).sort())
    it(name, { timeout: 300_000 }, () => {
      expect(existsSync(MAIN), 'build first: tsc -b').toBe(true);
      const { session, files } = splitFiles(readFileSync(join(FOLDER, name), 'utf8'));
      const cwd = mkdtempSync(join(tmpdir(), 'phalanx-transcript-'));
      try {
        for (const [path, content] of files) {
          mkdirSync(dirname(join(cwd, path)), { recursive: true });
          writeFileSync(join(cwd, path), content);
        }
        let at = 0;
        while (at < session.length) {
          const command = session[at++]!;
          expect(command.startsWith('$ '), command).toBe(true);
          const result = runCommand(command.slice(2), cwd);
          const checks: string[] = [];
          while (at < session.length && !session[at]!.startsWith('$ ')) checks.push(session[at++]!);
          if (!checks.some((line) => line.startsWith('exit '))) checks.push('exit 0');
          for (const line of checks) {
            try {
              checkLine(line, result, cwd);
            } catch (error) {
              throw new Error(`${command}\n${(error as Error).message}\n--- stderr\n${result.stderr}`, {
                cause: error,
              });
            }
          }
        }
      } finally {
        rmSync(cwd, { recursive: true });
      }
    });

  it('answers --help without the engine or a schema library', () => {
    const trace = (...args: string[]) =>
      spawnSync(process.execPath, [MAIN, ...args], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, NODE_DEBUG: 'esm' },
      }).stderr;
    const heavy = /node_modules\/(?:chdb|zod|smol-toml)|packages\/(?:store|detect|ingest|testing)\//;
    // The control: a command that needs a schema library is seen to load it.
    expect(trace('config', 'print')).toMatch(heavy);
    const help = trace('--help');
    expect(help).toMatch(/node_modules\/commander/);
    expect(help).not.toMatch(heavy);
  });
});
