import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx weights plan`, `mark-key`, `mark` and `trace`. What a command does is loaded when it is called. */
export function addTracingCommands(
  weights: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  addPlanOptions(
    weights
      .command('plan')
      .argument('[model]', 'safetensors or GGUF; else --carriers')
      .description(
        'how long a code and how many marks copies need to be traced; exit 1 when the model is too small for it',
      )
      .option('--carriers <n>', 'numbers that can carry a mark, without a model')
      .option('--simulate', 'draw codes, colluders and innocents besides'),
  )
    .option('--json', 'for machines on stdout')
    .action(async (model, flags) =>
      finish(await (await import('./weights-plan.js')).planMarksCommand(model, flags, terminal)),
    );
  addKeptOptions(
    addPlanOptions(
      weights
        .command('mark-key')
        .argument('<file>', 'to make, encrypted; beside it FILE.json, which is no secret')
        .description('the key that all copies of a release are marked and traced with')
        .requiredOption('--model <path>', 'the model that copies will be made from'),
    )
      .option('--code-length <n>', 'instead of the planned: a power of two')
      .option('--amplitude <n>', 'instead of the planned: units in the last place of bfloat16, 1 to 64')
      .option('--share <n>', 'instead of the planned: marked runs of 65,536')
      .option('--by <name>', 'who is answerable, for the log', 'unnamed'),
  ).action(async (path, flags) =>
    finish(await (await import('./weights-mark-key.js')).newWeightMarkKeyCommand(path, flags, terminal)),
  );
  addKeptOptions(
    weights
      .command('mark')
      .argument('<model>', 'safetensors or GGUF: a file, an index or a folder')
      .description("a recipient's own copy of a model, marked, registered and logged")
      .requiredOption('--key <file>', 'as mark-key made it')
      .requiredOption('--out <path>', 'file to make; for an index a folder')
      .option('--recipient <name>', 'who receives it')
      .option('--location <name>', 'or where it lies, as a canary: a bucket, a node, a laptop')
      .option('--by <name>', 'who is answerable, for the log', 'unnamed'),
  ).action(async (model, flags) =>
    finish(await (await import('./weights-mark.js')).markCopyCommand(model, flags, terminal)),
  );
  addKeptOptions(
    weights
      .command('trace')
      .argument('<suspect>', 'file, folder, index or address, in any format that inspect reads')
      .description('whose copies a model was made of; exit 1 when somebody is named')
      .requiredOption('--base <path>', 'the unmarked model')
      .requiredOption('--key <file>', 'as mark-key made it')
      .option('--recipients <file>', 'all who were issued a copy, a name a line; default: the register')
      .option('--alpha <number>', 'chance that anybody innocent is named', '1e-6')
      .option(
        '--realign <when>',
        'search under another order, scale and basis: needed, always or never',
        'needed',
      ),
  ).action(async (suspect, flags) =>
    finish(await (await import('./weights-trace.js')).traceCopyCommand(suspect, flags, terminal)),
  );
}

function addPlanOptions(command: Command): Command {
  return command
    .option('--recipients <n>', 'copies that will ever be issued', '100')
    .option('--colluders <n>', 'recipients who pool their copies', '5')
    .option(
      '--noise <units>',
      'what is done to a number, in the last place of bfloat16: Q8_0 1, Q4_0 18, fine-tuning 22 to 94',
      '22',
    )
    .option('--alpha <number>', 'chance that anybody innocent is named', '1e-6');
}

function addKeptOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'data directory with the register of copies (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout');
}
