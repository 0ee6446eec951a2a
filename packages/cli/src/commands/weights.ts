import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx weights ...`. What a command does is loaded when it is called. */
export function addWeightsCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const weights = program.command('weights').description('files of weights: what they are and whose');
  weights
    .command('inspect')
    .argument('<path or url>', 'file, folder or index; an address must answer ranges')
    .description(
      'what a file of weights holds, without executing any of it; exit 1 when it is not to be loaded',
    )
    .option('--tensors', 'name every tensor')
    .option('--json', 'for machines on stdout')
    .action(async (location, flags) =>
      finish(await (await import('./weights-inspect.js')).inspectWeightsCommand(location, flags, terminal)),
    );
}
