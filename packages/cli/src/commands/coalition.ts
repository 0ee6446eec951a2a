import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { addPartyCommands } from './coalition-parties.js';
import { addReleaseCommands } from './coalition-release-commands.js';
import { addTrustCommands } from './coalition-trust.js';

/** `phalanx coalition ...`. What a command does is loaded when it is called. */
export function addCoalitionCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const coalition = program
    .command('coalition')
    .description('labs warn one another without telling each other their business');
  addPartyCommands(coalition, terminal, finish);
  addReleaseCommands(coalition, terminal, finish);

  coalition
    .command('demo')
    .description('three simulated labs and a hydra that none of them is sure of: what they find together')
    .option('--seed <text>', 'another world', 'coalition 0')
    .option('--html <file>', 'page with the evidence of each day')
    .option('--json', 'figures for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./coalition-demo.js')).coalitionDemoCommand(flags, terminal)),
    );

  const collect = (value: string, earlier: string[]) => [...earlier, value];
  const access = 'JSON file that says by origin how servers are reached';
  const member = "file of a member's public keys, as identity prints it; repeatable";

  coalition
    .command('pull')
    .argument('<collection>', 'address of a TAXII collection, of our hub or another server')
    .description('what was added to a collection since the last time, as bundles in a folder')
    .requiredOption('--out <folder>', 'for the bundles and the checkpoint')
    .option('--access <file>', access)
    .option('--member <file>', `${member}; only what they signed, or nobody, is taken`, collect, [])
    .option('--json', 'figures for machines on stdout')
    .action(async (address, flags) =>
      finish(await (await import('./coalition-pull.js')).pullCommand(address, flags, terminal)),
    );

  coalition
    .command('mirror')
    .description('takes what one collection has and another has not from one to the other')
    .requiredOption('--from <collection>', 'address of a TAXII collection')
    .requiredOption('--to <collection>', 'address of another')
    .requiredOption('--state <file>', 'up to where it went')
    .option('--access <file>', access)
    .option('--member <file>', member, collect, [])
    .option('--json', 'the report for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./coalition-mirror.js')).mirrorCommand(flags, terminal)),
    );

  addTrustCommands(coalition, terminal, finish);
}
