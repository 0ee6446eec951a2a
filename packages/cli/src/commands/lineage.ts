import type { Command } from 'commander';
import type { ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';

/** `phalanx lineage ...`. What a command does is loaded when it is called. */
export function addLineageCommands(
  program: Command,
  terminal: Terminal,
  finish: (code: ExitCode) => void,
): void {
  const lineage = program
    .command('lineage')
    .description('whether the model behind an API is, or descends from, one of yours');
  const collect = (value: string, earlier: string[]) => [...earlier, value];
  lineage
    .command('api')
    .description(
      'registered tests of a model behind an API: triage, but for order and challenges that were committed to; exit 1 when something is shown',
    )
    .requiredOption(
      '--test <name=file>',
      'equality, drift or provenance=PROMPTS.jsonl; fingerprints=ROWS.jsonl; order or challenges=OPENING.json; repeatable',
      collect,
      [],
    )
    .requiredOption('--id <name>', 'of the registration; again the same: another try that it allows')
    .requiredOption('--by <name>', 'who is answerable')
    .option('--hypothesis <words>', 'what is claimed, with its null')
    .option('--api <url>', 'of the suspect, in the dialect of OpenAI; its key is PHALANX_SUSPECT_KEY')
    .option('--model <name>', 'the suspect there')
    .option('--answers <file>', 'what the suspect answered before: JSONL with prompt and answer')
    .option('--dialect <name>', 'of all APIs: chat or completions', 'chat')
    .option('--echo', 'the APIs read texts back with their probabilities, for order')
    .option('--ours <url>', 'where your model is asked; its key is PHALANX_OURS_KEY')
    .option('--ours-model <name>', 'its name there')
    .option('--ours-answers <file>', 'what it answered before')
    .option('--control <model>', 'a model that is not derived from yours; repeatable', collect, [])
    .option('--control-api <url>', 'where controls are asked (as --api); its key is PHALANX_CONTROL_KEY')
    .option('--control-answers <file>', 'what a control answered before; repeatable', collect, [])
    .option('--reference <url>', 'of a model that did not see your order; its key is PHALANX_REFERENCE_KEY')
    .option('--reference-model <name>', 'its name there')
    .option('--reference-answers <file>', 'what it told before')
    .option('--keep <folder>', 'write what was answered, a file for each model, as --answers reads it')
    .option('--texts <file>', 'texts that were trained on, for order: JSONL with text')
    .option('--sample <n>', 'texts to ask for, drawn at random', '1000')
    .option('--answers-each <n>', 'of each side to a prompt, for equality and drift', '10')
    .option('--uncached', 'random signs in each question, against caches, for equality and drift')
    .option('--permutations <n>', 'labels drawn anew, for equality and drift', '9999')
    .option('--length <n>', 'code points of an answer that equality compares', '256')
    .option('--max-tokens <n>', 'of an answer', '64')
    .option('--temperature <number>', 'of all questions; default 1 for equality and drift, else 0')
    .option('--candidates <n>', 'probabilities to ask for', '20')
    .option('--alpha <number>', 'chance of a wrong claim over all tries', '0.001')
    .option('--tries <n>', 'tries that the registration allows', '1')
    .option('--max-questions <n>', 'to each model', '20000')
    .option('--max-characters <n>', 'sent to each model', '20000000')
    .option('--max-answer-tokens <n>', 'asked of each model', '2000000')
    .option('--timeout <seconds>', 'for one try of one question', '120')
    .option('--retries <n>', 'of a question, when the host is busy or broken', '4')
    .option('--data <dir>', 'data directory with the log (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout')
    .action(async (flags) =>
      finish(await (await import('./lineage-api.js')).lineageApiCommand(flags, terminal)),
    );
  const commit = lineage
    .command('commit')
    .description('what to do before release, so that descent can be proved later');
  addCommitOptions(
    commit.command('order').argument('<texts>', 'to be trained on: JSONL with text'),
    'opening of the commitment, secret until it is tested',
  )
    .description('draw the order of training and commit to it')
    .option('--ordered <file>', 'write the texts in the order to train in')
    .option('--recorded', 'the file is in the order of your own shuffle: proves less')
    .action(async (texts, flags) =>
      finish(await (await import('./lineage-commit.js')).commitOrderCommand(texts, flags, terminal)),
    );
  addCommitOptions(
    commit.command('challenges').argument('<questions>', 'secret questions: JSONL with prompt'),
    'opening of the commitment, secret until it is tested',
  )
    .description('draw answers to secret questions that nobody picked, and commit to them')
    .requiredOption('--candidates <file>', 'words that answers are drawn from, one a line')
    .option('--pairs <file>', 'write prompts and answers to train on, JSONL')
    .action(async (questions, flags) =>
      finish(await (await import('./lineage-commit.js')).commitChallengesCommand(questions, flags, terminal)),
    );
}

function addCommitOptions(command: Command, what: string): Command {
  return command
    .requiredOption('--out <file>', what)
    .requiredOption('--by <name>', 'who is answerable')
    .option('--data <dir>', 'data directory with the log (setting data)')
    .option('--config <file>', 'instead of phalanx.toml')
    .option('--json', 'for machines on stdout');
}
