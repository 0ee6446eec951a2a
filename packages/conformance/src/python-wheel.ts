import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Python } from './python.js';

/** Files of a wheel in a temporary folder. */
export interface WheelFiles {
  readonly folder: string;
  /** Removes the folder. */
  close(): Promise<void>;
}

/**
 * Files of a wheel of PyPI, `name==version`, whose paths start with one of `prefixes`; nothing is installed. For judges
 * whose dependencies are many and not needed. A text says why it cannot be had.
 */
export async function fetchWheel(
  python: Python,
  requirement: string,
  prefixes: readonly string[],
): Promise<WheelFiles | string> {
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-wheel-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    const names = JSON.parse(await python.run('fetch-wheel.py', [requirement, folder, ...prefixes]));
    if (names.length > 0) return { folder, close };
    await close();
    return `${requirement} has no ${prefixes.join(', ')}`;
  } catch (error) {
    await close();
    const { stderr, message } = error as { stderr?: unknown; message?: unknown };
    const text = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : String(message);
    return `no ${requirement} from PyPI: ${text.trim().split('\n').at(-1)!.slice(0, 200)}`;
  }
}
