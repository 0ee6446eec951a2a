import { appendFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import {
  keepAnswers,
  limitQuestions,
  openApiSuspect,
  openRecordedSuspect,
  type QuestionBudget,
  type RecordedAnswer,
  type SuspectModel,
} from '@phalanx/suspect';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readObjectRows } from './object-rows.js';
import type { Terminal } from './terminal.js';

/** Where the models of a test are, as the flags say. */
export interface ModelFlags {
  readonly api?: string;
  readonly model?: string;
  readonly answers?: string;
  readonly dialect: string;
  readonly echo?: boolean;
  readonly ours?: string;
  readonly oursModel?: string;
  readonly oursAnswers?: string;
  readonly control: readonly string[];
  readonly controlApi?: string;
  readonly controlAnswers: readonly string[];
  readonly reference?: string;
  readonly referenceModel?: string;
  readonly referenceAnswers?: string;
  readonly keep?: string;
}

/** How all of them are asked. */
export interface AskSettings {
  readonly temperature: number;
  /** Probabilities to ask for; 0: none. */
  readonly candidates: number;
  readonly timeoutMs: number;
  readonly retries: number;
  /** For each model. */
  readonly budget: QuestionBudget;
}

export interface OpenModels {
  readonly suspect: SuspectModel;
  readonly ours: SuspectModel | null;
  readonly reference: SuspectModel | null;
  readonly controls: readonly SuspectModel[];
  /** Whether suspect and our model are both asked now, and not from a record. */
  readonly live: boolean;
}

const RecordedRow = z.strictObject({
  prompt: z.string(),
  answer: z.string(),
  top: z.record(z.string(), z.number()).optional(),
  logLikelihood: z.number().max(0).optional(),
  tokens: z.int().min(1).optional(),
});

/**
 * Opens what the flags name, each within the budget.
 *
 * @throws PhalanxError `CLI_USAGE` for a model without a name, or none where one is needed; `CLI_FILE` for a record that cannot be read
 */
export async function openModels(
  flags: ModelFlags,
  settings: AskSettings,
  terminal: Terminal,
): Promise<OpenModels> {
  const { dialect } = flags;
  if (dialect !== 'chat' && dialect !== 'completions')
    throw usage(`--dialect ${dialect}: there is no such thing`, 'Known: chat, completions.');
  const ask = (url: string, model: string | undefined, flag: string, variable: string, role: string) => {
    if (model === undefined) throw usage(`missing: ${flag}`);
    const apiKey = terminal.env[variable];
    const { temperature, candidates, timeoutMs, retries } = settings;
    const asked = limitQuestions(
      openApiSuspect({
        url,
        model,
        dialect,
        temperature,
        topLogProbabilities: candidates,
        echo: flags.echo === true,
        limits: { timeoutMs, retries },
        ...(apiKey !== undefined && apiKey !== '' && { apiKey }),
      }),
      settings.budget,
    );
    return flags.keep === undefined ? asked : keepAnswers(asked, openRecord(flags.keep, role));
  };
  const read = async (path: string) =>
    openRecordedSuspect(
      basename(path),
      (await readObjectRows(path, RecordedRow)).map(({ prompt, answer, top, logLikelihood, tokens }) => ({
        prompt,
        answer,
        ...(top !== undefined && { top }),
        ...(logLikelihood !== undefined && { logLikelihood, tokens: tokens ?? 1 }),
      })),
    );
  const either = async (
    url: string | undefined,
    path: string | undefined,
    open: (url: string) => SuspectModel,
  ) => (url !== undefined ? open(url) : path !== undefined ? read(path) : null);
  const suspect = await either(flags.api, flags.answers, (url) =>
    ask(url, flags.model, '--model', 'PHALANX_SUSPECT_KEY', 'suspect'),
  );
  if (suspect === null) throw usage('missing: --api or --answers');
  const ours = await either(flags.ours, flags.oursAnswers, (url) =>
    ask(url, flags.oursModel, '--ours-model', 'PHALANX_OURS_KEY', 'ours'),
  );
  const reference = await either(flags.reference, flags.referenceAnswers, (url) =>
    ask(url, flags.referenceModel, '--reference-model', 'PHALANX_REFERENCE_KEY', 'reference'),
  );
  const controlUrl = flags.controlApi ?? flags.api;
  const controlKey = flags.controlApi === undefined ? 'PHALANX_SUSPECT_KEY' : 'PHALANX_CONTROL_KEY';
  const controls = flags.control.map((model, i) => {
    if (controlUrl === undefined) throw usage('missing: --control-api');
    return ask(controlUrl, model, '--control', controlKey, `control-${i + 1}`);
  });
  for (const path of flags.controlAnswers) controls.push(await read(path));
  return {
    suspect,
    ours,
    reference,
    controls,
    live: flags.api !== undefined && flags.ours !== undefined,
  };
}

/** Appends rows to a file of mode 0600: it may hold secret questions. Written as answers come, so that a run that breaks off leaves what it got. */
function openRecord(folder: string, role: string): (row: RecordedAnswer) => void {
  const path = join(folder, `${role}.jsonl`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    appendFileSync(path, '', { mode: 0o600, flag: 'ax' });
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} cannot be written, or is there already`, {
      cause,
    });
  }
  return (row) => appendFileSync(path, `${JSON.stringify(row)}\n`);
}

function usage(what: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', what, advice === undefined ? {} : { advice });
}
