import { writeFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import type { CliErrorCode } from './cli-error.js';

/**
 * Makes a file, and never writes over another.
 *
 * @param mode 0o600 for secrets
 * @throws PhalanxError `CLI_FILE`
 */
export function writeNewFile(path: string, content: string | Uint8Array, mode = 0o666): void {
  try {
    writeFileSync(path, content, { flag: 'wx', mode });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new PhalanxError<CliErrorCode>(
      'CLI_FILE',
      code === 'EEXIST' ? `${path} is there already` : `cannot write ${path}: ${message}`,
      { cause },
    );
  }
}
