import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx coalition ...`. What a command does is loaded when it is called. */
export function addCoalitionCommands(
  program: Command,
  _terminal: Terminal,
  _finish: (code: ExitCode) => void,
): void {
  program
    .command('coalition')
    .description('labs warn one another without telling each other their business');
}
