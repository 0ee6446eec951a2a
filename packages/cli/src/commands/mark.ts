import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { addTriageCommands } from './mark-triage.js';

/** `phalanx mark ...`. What a command does is loaded when it is called. */
export function addMarkCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const mark = program
    .command('mark')
    .description('marks in what a model says, and triage where there is none');
  addTriageCommands(mark, terminal, finish);
}
