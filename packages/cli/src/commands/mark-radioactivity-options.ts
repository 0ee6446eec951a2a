import type { Command } from 'commander';

/** Options of `phalanx mark radioactivity` besides those that every reader of marks has. */
export function addRadioactivityOptions(command: Command): Command {
  const collect = (value: string, earlier: string[]) => [...earlier, value];
  return command
    .argument('[prompts]', 'JSONL with prompt; or --answers')
    .requiredOption('--id <name>', 'of the registration; again the same: another try that it allows')
    .requiredOption('--by <name>', 'who is answerable')
    .option('--hypothesis <words>', 'what is claimed, with its null')
    .option('--answers <file>', 'answers collected before: JSONL with prompt and answer')
    .option('--api <url>', 'of the suspect, in the dialect of OpenAI; its key is PHALANX_SUSPECT_KEY')
    .option('--model <name>', 'the suspect there')
    .option('--dialect <name>', 'chat or completions', 'chat')
    .option('--control <model>', 'a clean model at the same address; repeatable', collect, [])
    .option('--control-answers <file>', 'answers of a clean model; repeatable', collect, [])
    .option('--reference <url>', 'of a model without marks that tells probabilities, for contrast')
    .option('--reference-model <name>', 'its name there; its key is PHALANX_REFERENCE_KEY')
    .option('--statistic <name>', 'texts, text-contrast, mass, contrast or reading', 'texts')
    .option('--contexts <of>', 'where probabilities are told: with answers, or after passages', 'answers')
    .option('--supervised', 'the prompts are what was marked')
    .option('--stopping <rule>', 'fixed: all prompts; e-process: until the evidence suffices', 'fixed')
    .option('--decoys <n>', 'keys that nobody used', '999')
    .option('--alpha <number>', 'chance of a wrong accusation over all tries', '0.001')
    .option('--tries <n>', 'tries that the registration allows', '1')
    .option('--least <n>', 'n-grams or contexts below which nothing is said', '500')
    .option('--max-tokens <n>', 'of an answer', '256')
    .option('--candidates <n>', 'probabilities to ask for', '20')
    .option('--data <dir>', 'data directory with the log (setting data)');
}
