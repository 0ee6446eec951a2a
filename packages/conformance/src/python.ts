import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPTS = fileURLToPath(new URL('../python/', import.meta.url));
const INSTALL_MS = 300_000;
const SCRIPT_MS = 240_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** A Python that has the packages asked for. */
export interface Python {
  /** Runs `python/<script>` with arguments and `input` on standard input; returns its standard output. */
  run(script: string, args: readonly string[], input?: string): Promise<string>;
  /** Starts `python/<script>`, which must end when its standard input does; what it says on standard error is dropped. */
  start(script: string, args: readonly string[]): ChildProcess;
}

/**
 * A virtual environment in a temporary folder, made on first use and filled from PyPI, so that nothing but python3 need
 * be installed. PHALANX_PYTHON names an interpreter that has the packages already; then nothing is installed.
 */
export class PythonSetup {
  #folder: string | null = null;
  #interpreter: Promise<string> | null = null;

  /** Python with these packages, `name==version`; a text says why it cannot be had. */
  async open(packages: readonly string[]): Promise<Python | string> {
    const prepared = process.env.PHALANX_PYTHON;
    try {
      this.#interpreter ??= prepared ? Promise.resolve(prepared) : this.#makeEnvironment();
      const interpreter = await this.#interpreter;
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
      if (!prepared) await runFile(interpreter, install, '', INSTALL_MS);
      return {
        run: (script, args, input = '') =>
          runFile(interpreter, [join(SCRIPTS, script), ...args], input, SCRIPT_MS),
        start: (script, args) =>
          spawn(interpreter, [join(SCRIPTS, script), ...args], { stdio: ['pipe', 'pipe', 'ignore'] }),
      };
    } catch (error) {
      return `no python3 with ${packages.join(', ')}: ${lastLine(error)}`;
    }
  }

  /** Removes the environment. */
  async close(): Promise<void> {
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = null;
    this.#interpreter = null;
  }

  async #makeEnvironment(): Promise<string> {
    this.#folder = await mkdtemp(join(tmpdir(), 'phalanx-python-'));
    await runFile('python3', ['-m', 'venv', this.#folder], '', INSTALL_MS);
    return join(this.#folder, 'bin', 'python');
  }
}

async function runFile(
  file: string,
  args: readonly string[],
  input: string,
  timeout: number,
): Promise<string> {
  const running = promisify(execFile)(file, args, { timeout, maxBuffer: MAX_OUTPUT_BYTES });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: unknown; message?: unknown };
  const text = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : String(message);
  return text.trim().split('\n').at(-1)!.slice(0, 200);
}
