import { basename } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import {
  limitQuestions,
  openApiSuspect,
  openRecordedSuspect,
  type QuestionBudget,
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
  const ask = (url: string, model: string | undefined, flag: string, variable: string) => {
    if (model === undefined) throw usage(`missing: ${flag}`);
    const apiKey = terminal.env[variable];
    const { temperature, candidates, timeoutMs, retries } = settings;
    return limitQuestions(
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
    ask(url, flags.model, '--model', 'PHALANX_SUSPECT_KEY'),
  );
  if (suspect === null) throw usage('missing: --api or --answers');
  const ours = await either(flags.ours, flags.oursAnswers, (url) =>
    ask(url, flags.oursModel, '--ours-model', 'PHALANX_OURS_KEY'),
  );
  const reference = await either(flags.reference, flags.referenceAnswers, (url) =>
    ask(url, flags.referenceModel, '--reference-model', 'PHALANX_REFERENCE_KEY'),
  );
  const controlUrl = flags.controlApi ?? flags.api;
  const controlKey = flags.controlApi === undefined ? 'PHALANX_SUSPECT_KEY' : 'PHALANX_CONTROL_KEY';
  const controls = flags.control.map((model) => {
    if (controlUrl === undefined) throw usage('missing: --control-api');
    return ask(controlUrl, model, '--control', controlKey);
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

function usage(what: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', what, advice === undefined ? {} : { advice });
}
