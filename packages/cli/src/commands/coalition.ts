import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx coalition ...`. What a command does is loaded when it is called. */
export function addCoalitionCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const coalition = program
    .command('coalition')
    .description('labs warn one another without telling each other their business');

  coalition
    .command('demo')
    .description('three simulated labs and a hydra that none of them is sure of: what they find together')
    .option('--seed <text>', 'another world', 'coalition')
    .option('--html <file>', 'page with the evidence of each day')
    .option('--json', 'figures for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./coalition-demo.js')).coalitionDemoCommand(flags, terminal)),
    );
}
