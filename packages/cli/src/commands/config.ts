import { ExitCode } from '../cli-error.js';
import { listSettings, loadConfig, printConfig } from '../config.js';
import type { Terminal } from '../terminal.js';

/** `phalanx config print`: every setting with its value in force, default, meaning and variable. */
export async function printConfigCommand(
  flags: { readonly config?: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  terminal.out(flags.json ? `${JSON.stringify(listSettings(config))}\n` : printConfig(config));
  return ExitCode.OK;
}
