import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { PhalanxError } from '@phalanx/core';
import type { AuditReport, Selection, TextKind, TriageModel, TriageResult } from '@phalanx/triage';
import type { Command } from 'commander';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import type { TextRow, TextRows } from '../text-rows.js';

/**
 * `phalanx mark triage`, `... train` and `... audit`: triage, never evidence, which stands in the help and in every answer.
 * An option that `triage` has too is taken by `triage` wherever it stands, so subcommands read both.
 */
export function addTriageCommands(mark: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  const triage = mark
    .command('triage')
    .argument('<model>', 'as `mark triage train` made it')
    .argument('<files...>', 'texts: *.jsonl one a row, any other file is one; - is standard input')
    .description('triage, never evidence: how texts without a mark rank among human ones of your own')
    .option('--field <name>', 'where the text is (text)')
    .option('--stratum <name>', 'where the stratum is, if the model has strata')
    .option(
      '--select <rate>',
      'name those to look at first, with at most this share of human ones expected; exit 1 when there are any',
    )
    .option('--json', 'for machines on stdout')
    .action(async (model, files, flags) => finish(await triageCommand(model, files, flags, terminal)));
  triage
    .command('train')
    .description('learn from your own labelled texts, and calibrate on human ones that are held back')
    .requiredOption('--human <files...>', 'texts that people wrote')
    .requiredOption('--machine <files...>', 'texts that models wrote, of the same kinds')
    .requiredOption('--out <file>', 'model to write; it holds passages of the texts')
    .option('--kind <kind>', 'text or code', 'text')
    .option('--field <name>', 'where the text is (text)')
    .option('--group <name>', 'where the author or prompt is: its texts stay together')
    .option('--stratum <name>', 'where a language or department is, to be calibrated apart')
    .option('--seed <number>', 'same texts, same seed, same bytes', '1')
    .option('--calibration <share>', 'of human groups to hold back', '0.4')
    .option('--min-words <number>', 'shorter texts get no answer; default 100 words, 50 tokens of code')
    .option('--json', 'for machines on stdout')
    .action(async (_, train) => finish(await trainTriageCommand(train.optsWithGlobals(), terminal)));
  triage
    .command('audit')
    .argument('<model>', 'as `mark triage train` made it')
    .description(
      'false positives by group, of human texts that the model has not seen; exit 1 when a group has too many',
    )
    .requiredOption('--human <files...>', 'texts that people wrote')
    .option('--machine <files...>', 'texts that models wrote: how many are flagged')
    .requiredOption('--group <name>', 'where the language, or native and not, is')
    .option('--field <name>', 'where the text is (text)')
    .option('--stratum <name>', 'where the stratum is, if the model has strata')
    .option('--json', 'for machines on stdout')
    .action(async (model, _, audit) =>
      finish(await auditTriageCommand(model, audit.optsWithGlobals(), terminal)),
    );
}

export interface TriageFlags {
  readonly field?: string;
  readonly stratum?: string;
  readonly select?: string;
  readonly json?: boolean;
}

/**
 * `phalanx mark triage MODEL FILE...`: triage, never evidence. Exit 1 when rows were rejected, or `--select` chose any.
 *
 * @throws PhalanxError `TRIAGE_MODEL`, `TRIAGE_OPTIONS`, `CLI_FILE`, `CLI_USAGE`
 */
export async function triageCommand(
  modelPath: string,
  files: string[],
  flags: TriageFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { scoreTriage, selectByBh, TRIAGE_NOTICE } = await import('@phalanx/triage');
  const rate = flags.select === undefined ? null : parseNumber(flags.select, '--select');
  // Refused before a long run and not after it.
  if (rate !== null) selectByBh([], rate);
  const { model, sha256 } = await readModel(modelPath);
  const found = await readRows(files, flags, [flags.stratum], terminal);
  const results = found.rows.map(({ text, labels }) =>
    scoreTriage(model, text, labelOf(labels, flags.stratum)),
  );
  const selection = rate === null ? null : selectByBh(results, rate);
  if (flags.json)
    terminal.out(`${JSON.stringify(listResults(found, results, selection, sha256, TRIAGE_NOTICE))}\n`);
  else {
    const { writeTriage } = await import('../triage-text.js');
    terminal.out(writeTriage(found.rows, results, selection));
  }
  return found.rejected > 0 || (selection?.selected.length ?? 0) > 0 ? ExitCode.FOUND : ExitCode.OK;
}

export interface TrainTriageFlags {
  readonly human: string[];
  readonly machine: string[];
  readonly out: string;
  readonly kind: string;
  readonly field?: string;
  readonly group?: string;
  readonly stratum?: string;
  readonly seed: string;
  readonly calibration: string;
  readonly minWords?: string;
  readonly json?: boolean;
}

/**
 * `phalanx mark triage train`: a model from labelled texts. Exit 1 when rows were rejected.
 *
 * @throws PhalanxError `TRIAGE_OPTIONS`, `TRIAGE_CORPUS`, `CLI_FILE`, `CLI_USAGE`; nothing is written then
 */
export async function trainTriageCommand(flags: TrainTriageFlags, terminal: Terminal): Promise<ExitCode> {
  const { digestOfModelFile, encodeTriageModel, TRIAGE_NOTICE, trainTriage } = await import(
    '@phalanx/triage'
  );
  const names = [flags.group, flags.stratum];
  const human = await readRows(flags.human, flags, names, terminal);
  const machine = await readRows(flags.machine, flags, names, terminal);
  const [humanTexts, machineTexts] = [human, machine].map(({ rows }) =>
    rows.map(({ text, labels }) => {
      const group = flags.group === undefined ? undefined : labels[flags.group];
      return { text, stratum: labelOf(labels, flags.stratum), ...(group !== undefined && { group }) };
    }),
  );
  const model = trainTriage(humanTexts!, machineTexts!, {
    kind: flags.kind as TextKind,
    seed: parseNumber(flags.seed, '--seed'),
    calibrationShare: parseNumber(flags.calibration, '--calibration'),
    ...(flags.minWords !== undefined && { minWords: parseNumber(flags.minWords, '--min-words') }),
  });
  const bytes = encodeTriageModel(model);
  await writeModel(flags.out, bytes);
  const sha256 = digestOfModelFile(bytes);
  if (flags.json)
    terminal.out(`${JSON.stringify({ notice: TRIAGE_NOTICE, ...describeModel(model), sha256 })}\n`);
  else {
    const { writeModelSummary } = await import('../triage-text.js');
    terminal.out(writeModelSummary(model, sha256));
  }
  return human.rejected + machine.rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
}

export interface AuditTriageFlags {
  readonly human: string[];
  readonly machine?: string[];
  readonly group: string;
  readonly field?: string;
  readonly stratum?: string;
  readonly json?: boolean;
}

/**
 * `phalanx mark triage audit MODEL`: false positive rates by group. Exit 1 when a group has too many, or rows were rejected.
 *
 * @throws PhalanxError `TRIAGE_MODEL`, `TRIAGE_CORPUS`, `CLI_FILE`
 */
export async function auditTriageCommand(
  modelPath: string,
  flags: AuditTriageFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { auditTriage } = await import('@phalanx/triage');
  const { model, sha256 } = await readModel(modelPath);
  const audit = async (files: readonly string[]): Promise<{ report: AuditReport; rejected: number }> => {
    const { rows, rejected } = await readRows(files, flags, [flags.group, flags.stratum], terminal);
    const texts = rows.map(({ text, labels }) => ({
      text,
      group: labels[flags.group] ?? '(none)',
      stratum: labelOf(labels, flags.stratum),
    }));
    return { report: auditTriage(model, texts), rejected };
  };
  const human = await audit(flags.human);
  const machine = flags.machine === undefined ? null : await audit(flags.machine);
  if (flags.json)
    terminal.out(
      `${JSON.stringify({ notice: human.report.notice, model: sha256, human: human.report, ...(machine !== null && { machine: { groups: machine.report.groups } }) })}\n`,
    );
  else {
    const { writeAudit } = await import('../triage-text.js');
    terminal.out(writeAudit(human.report, machine?.report ?? null));
  }
  const rejected = human.rejected + (machine?.rejected ?? 0);
  return human.report.excessive.length > 0 || rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
}

function listResults(
  { rows, rejected }: TextRows,
  results: readonly TriageResult[],
  selection: Selection | null,
  model: string,
  notice: string,
) {
  return {
    notice,
    model,
    rejected,
    texts: results.map(({ notice: _, ...result }, i) => ({
      file: rows[i]!.file,
      line: rows[i]!.line,
      ...result,
    })),
    ...(selection !== null && {
      selection: {
        selected: selection.selected,
        tried: selection.tried,
        log10Threshold: selection.selected.length === 0 ? null : selection.logThreshold / Math.LN10,
      },
    }),
  };
}

function describeModel({ kind, minWords, minCalibration, corpus, lengthEdges, categories }: TriageModel) {
  return {
    kind,
    minWords,
    minCalibration,
    corpus,
    lengthEdges,
    categories: categories.map(({ name, scores }) => ({ name, calibration: scores.length })),
  };
}

async function readRows(
  files: readonly string[],
  { field = 'text' }: { readonly field?: string },
  names: readonly (string | undefined)[],
  terminal: Terminal,
): Promise<TextRows> {
  const [{ readTextRows }, { loadConfig }] = await Promise.all([
    import('../text-rows.js'),
    import('../config.js'),
  ]);
  const rejectedDir = loadConfig(terminal.env)['ingest.rejected_dir'];
  const labels = names.filter((name) => name !== undefined);
  const found = await readTextRows(files, { field, labels, ...(rejectedDir !== '' && { rejectedDir }) });
  for (const path of found.rejectedFiles) terminal.talk(`rejected rows and reasons: ${path}\n`);
  return found;
}

async function readModel(path: string): Promise<{ model: TriageModel; sha256: string }> {
  const { decodeTriageModel, digestOfModelFile, MAX_MODEL_BYTES } = await import('@phalanx/triage');
  let bytes: Uint8Array;
  try {
    // What is too large to be a model is refused by its size, unread.
    bytes = (await stat(path)).size > MAX_MODEL_BYTES ? new Uint8Array(0) : await readFile(path);
  } catch (cause) {
    throw fileError(`cannot read ${path}: ${(cause as Error).message}`, cause);
  }
  try {
    return { model: decodeTriageModel(bytes), sha256: digestOfModelFile(bytes) };
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    throw new PhalanxError(error.code, `${path}: ${error.message}`, {
      cause: error,
      ...(error.advice !== undefined && { advice: error.advice }),
    });
  }
}

/** Under its name only when it is whole; for its owner alone, since it holds passages of the texts. */
async function writeModel(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeFile(partial, bytes, { mode: 0o600 });
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw fileError(`cannot write ${path}: ${(cause as Error).message}`, cause);
  }
}

function labelOf(labels: TextRow['labels'], name: string | undefined): string {
  return name === undefined ? '' : (labels[name] ?? '');
}

function parseNumber(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${flag} ${text} is no number`);
  return value;
}

function fileError(message: string, cause: unknown): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', message, { cause });
}
