import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MODULES = fileURLToPath(new URL('../go/', import.meta.url));
const LIST_MS = 120_000;
const BUILD_MS = 300_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Builds programs of a module in `go/` at the versions that its `go.sum` fixes, into `folder`. Nothing is kept but Go's own caches.
 *
 * @param packages import paths, or `./name` within the module; a program is named after the last part
 * @returns null, or why they cannot be had: no Go, one too old, no module proxy in reach
 * @throws Error when the modules are there and do not compile, or are not those that `go.sum` names
 */
export async function buildGoPrograms(
  module: string,
  packages: readonly string[],
  folder: string,
): Promise<string | null> {
  try {
    await runGo(module, ['list', '-deps', ...packages], LIST_MS);
  } catch (error) {
    const reason = reasonOf(error);
    // What does not match go.sum, or is not in it, is no matter of what is installed here.
    if (reason.includes('go.sum')) throw error;
    return `no Go with the modules of ${module}: ${reason}`;
  }
  await runGo(module, ['build', '-o', `${folder}/`, ...packages], BUILD_MS);
  return null;
}

/** Folder of a module's source in Go's cache, once something was built from it. */
export async function findGoModule(module: string, path: string): Promise<string> {
  return (await runGo(module, ['list', '-m', '-f', '{{.Dir}}', path], LIST_MS)).trim();
}

async function runGo(module: string, args: readonly string[], timeout: number): Promise<string> {
  const { stdout } = await promisify(execFile)('go', args, {
    cwd: join(MODULES, module),
    timeout,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  return stdout;
}

function reasonOf(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: unknown; message?: unknown };
  if (code === 'ENOENT') return 'go is not installed';
  const text = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : String(message);
  const lines = text.trim().split('\n');
  return (lines.find((line) => line.includes('go.sum')) ?? lines.at(-1)!).slice(0, 300);
}
