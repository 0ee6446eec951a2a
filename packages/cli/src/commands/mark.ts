import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import type { RunCommand } from './mark-demo.js';
import { addRadioactivityOptions } from './mark-radioactivity-options.js';
import { addTriageCommands } from './mark-triage.js';

/** `phalanx mark ...`. What a command does is loaded when it is called. */
export function addMarkCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
  run: RunCommand,
): void {
  const mark = program
    .command('mark')
    .description('marks in what a model says, and triage where there is none');
  mark
    .command('demo')
    .description('mark, leak, mix, find, attribute, prove: the whole story on a small model')
    .option('--data <dir>', 'where to work; emptied first')
    .option('--seed <text>', 'another world', 'story')
    .action(async (flags) =>
      finish(await (await import('./mark-demo.js')).markDemoCommand(flags, terminal, run)),
    );
  mark
    .command('key')
    .argument('<file>', 'to make; PHALANX_PASSPHRASE encrypts it')
    .description('a master secret, from which the key of each tenant, model and epoch follows')
    .option('--import', "with another tool's key beside it, from standard input")
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout')
    .action(async (file, flags) =>
      finish(await (await import('./mark-profile.js')).newMarkKeyCommand(file, flags, terminal)),
    );
  addScope(mark.command('profile'))
    .description(
      'write a signed profile: what a deployment marks with, and all that a reader must know but the key',
    )
    .requiredOption('--dialect <name>', 'phalanx-gumbel, vllm-gumbel, hf-kgw, ...')
    .requiredOption('--model <name>', 'whose answers are marked')
    .requiredOption('--key <file>', 'as `mark key` made it')
    .requiredOption('--tokenizer <file>', 'tokenizer.json of the model')
    .requiredOption('--sign <file>', 'Ed25519 key, as `ledger key new` made it')
    .requiredOption('--out <file>', 'profile to write')
    .option('--set <name=value>', 'a parameter of the dialect; repeatable', collect, [])
    .option('--vocabulary <n>', "numbers in a row of logits; default: the tokenizer's")
    .option('--temperature <t>', 'if it is the same for all requests')
    .option('--top-k <n>', 'likewise')
    .option('--top-p <p>', 'likewise')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./mark-profile.js')).newProfileCommand(flags, terminal)),
    );
  mark
    .command('show')
    .argument('<profile>')
    .description('verify a profile and print it; exit 1 when it does not hold')
    .requiredOption('--signer <key>', 'public key that you trust; repeatable', collect, [])
    .option('--json', 'for machines on stdout')
    .action(async (path, flags) =>
      finish(await (await import('./mark-profile.js')).showProfileCommand(path, flags, terminal)),
    );
  addTexts(addReader(mark.command('detect')))
    .description('whether texts depend on the key of a profile; exit 1 when they do')
    .option('--each', 'each text by itself too')
    .option('--spans', 'and where in each')
    .option('--html <file>', 'a page with the tokens shaded')
    .action(async (profile, files, flags) =>
      finish(await (await import('./mark-detect.js')).detectMarkCommand(profile, files, flags, terminal)),
    );
  addTexts(addReader(mark.command('attribute')))
    .description("whose key texts depend on, among all tenants'; exit 1 when somebody is named")
    .requiredOption('--tenants <file>', 'ids, one a line')
    .option('--each', 'each text by itself: a mixture drowns what only some depend on')
    .action(async (profile, files, flags) =>
      finish(
        await (await import('./mark-attribute.js')).attributeMarkCommand(profile, files, flags, terminal),
      ),
    );
  addReader(mark.command('serve'))
    .description('answer known callers whether a text is marked, in two words and not too often')
    .requiredOption('--listen <host:port>', 'port 0: any that is free')
    .requiredOption('--callers <file>', 'JSON: names and SHA-256 of bearer tokens')
    .requiredOption('--questions <file>', 'where each question is noted, without its text')
    .action(async (profile, flags) =>
      finish(await (await import('./mark-serve.js')).serveMarkCommand(profile, flags, terminal)),
    );
  addRadioactivityOptions(addReader(mark.command('radioactivity')))
    .description('whether a model learned from marked answers, registered in the log; exit 1 when it did')
    .action(async (profile, prompts, flags) =>
      finish(
        await (await import('./mark-radioactivity.js')).radioactivityCommand(
          profile,
          prompts,
          flags,
          terminal,
        ),
      ),
    );
  addTriageCommands(mark, terminal, finish);
}

/** What every command needs that reads marks. */
export function addReader(command: Command): Command {
  return addScope(command.argument('<profile>', 'signed profile of the deployment'))
    .requiredOption('--key <file>', 'as `mark key` made it')
    .requiredOption('--tokenizer <file>', 'tokenizer.json of the model')
    .requiredOption('--signer <key>', 'public key that you trust to sign profiles; repeatable', collect, [])
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout');
}

function addScope(command: Command): Command {
  return command
    .option('--tenant <id>', 'whose key the profile names; * is one for everybody', '*')
    .option('--epoch <name>', 'stretch of time after which keys change', '1');
}

function addTexts(command: Command): Command {
  return command
    .argument('<files...>', 'texts: *.jsonl one a row, any other file is one; - is standard input')
    .option('--field <name>', 'where the text is', 'text')
    .option('--mask <kind>', 'leave out code, json or tool-calls; repeatable', collect, [])
    .option('--alpha <level>', 'chance of any false statement', '0.001');
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
