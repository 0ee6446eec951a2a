import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { addSealCommands } from './weights-seal-options.js';

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
  weights
    .command('lineage')
    .argument('<left>', 'file, folder, index or address: the model that may be the parent')
    .argument('<right>', 'the model in question')
    .description(
      'whether two models share their random start, and how many units still match: exact bound, search under disguise; exit 1 when so',
    )
    .option('--sample <units>', 'units that are read of each layer and matrix', '256')
    .option(
      '--disguise <when>',
      'search under another order, scale and basis, which reads whole layers: needed, always or never',
      'needed',
    )
    .option('--stranger <files...>', 'models known to be unrelated, as controls of that search')
    .option('--json', 'for machines on stdout')
    .action(async (left, right, flags) =>
      finish(
        await (await import('./weights-lineage.js')).compareLineageCommand([left, right], flags, terminal),
      ),
    );
  addSealCommands(weights, terminal, finish);
}
