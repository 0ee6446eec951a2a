import { basename } from 'node:path';
import { type Json, PhalanxError } from '@phalanx/core';
import type { ApiSuspectOptions, RecordedAnswer, SuspectModel } from '@phalanx/suspect';
import type { RadioactivityPlan, Vocabulary } from '@phalanx/watermark';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { type MarkFlags, openMarkSession } from '../mark-session.js';
import { openProgressBar } from '../progress-bar.js';
import { writeRadioactivity } from '../radioactivity-text.js';
import { readLedgerFile } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { findRegistered, logResult, type RecordPlace, registerPlan } from '../test-record.js';
import { readTextRows } from '../text-rows.js';

export interface RadioactivityFlags extends MarkFlags {
  readonly id: string;
  readonly by: string;
  readonly hypothesis?: string;
  readonly answers?: string;
  readonly api?: string;
  readonly model?: string;
  readonly dialect: string;
  readonly control: string[];
  readonly controlAnswers: string[];
  readonly reference?: string;
  readonly referenceModel?: string;
  readonly statistic: string;
  readonly contexts: string;
  readonly supervised?: boolean;
  readonly stopping: string;
  readonly decoys: string;
  readonly alpha: string;
  readonly tries: string;
  readonly least: string;
  readonly maxTokens: string;
  readonly candidates: string;
  readonly data?: string;
}

/**
 * `phalanx mark radioactivity PROFILE PROMPTS`: whether a model learned from marked answers. The plan is logged before the first question and the
 * result after the last one. Exit 1 when it learned.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; what `openMarkSession`, `testRadioactivity` and the log throw
 */
export async function radioactivityCommand(
  profilePath: string,
  promptsPath: string | undefined,
  flags: RadioactivityFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  if (file === null)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${dataDir} has no log`, {
      advice: 'A test is registered before it: phalanx ledger init --origin NAME.',
    });
  const { digestPrompts, testRadioactivity } = await import('@phalanx/watermark');
  const session = await openMarkSession(profilePath, flags, terminal);
  const recorded = flags.answers === undefined ? null : await readRecord(flags.answers);
  const prompts = recorded?.map(({ prompt }) => prompt) ?? (await readPrompts(promptsPath));
  const { suspect, controls, reference } = await openModels(flags, recorded, terminal);
  const { profile, tokenizer, mark } = session;
  const plan: RadioactivityPlan = {
    version: 1,
    hypothesis:
      flags.hypothesis ??
      `${suspect.id} learned from answers marked under key ${profile.keyId}; null: it is independent of that key.`,
    suspect: suspect.id,
    controls: controls.map(({ id }) => id),
    mark: { dialect: profile.dialect, parameters: profile.parameters, keyId: profile.keyId },
    statistic: oneOf(flags.statistic, '--statistic', [
      'texts',
      'text-contrast',
      'mass',
      'contrast',
      'reading',
    ]),
    supervised: flags.supervised === true,
    prompts: prompts.length,
    promptsSha256: digestPrompts(prompts),
    stopping: oneOf(flags.stopping, '--stopping', ['fixed', 'e-process']),
    decoys: readNumber(flags.decoys, '--decoys'),
    alpha: readNumber(flags.alpha, '--alpha'),
    allowedTries: readNumber(flags.tries, '--tries'),
    leastScored: readNumber(flags.least, '--least'),
  };
  const place: RecordPlace = {
    config,
    dataDir,
    file,
    terminal,
    by: flags.by,
    kind: { name: 'radioactivity', packages: ['@phalanx/watermark', '@phalanx/suspect', '@phalanx/stats'] },
  };
  let kept = findRegistered(place, flags.id, plan as Json);
  const bar = openProgressBar(terminal);
  try {
    const result = await testRadioactivity(plan, {
      suspect,
      controls,
      ...(reference !== null && { reference }),
      prompts,
      mark,
      vocabulary: tokenizer satisfies Vocabulary,
      openDecoy: () => [...session.openDecoys(1)][0]!,
      contexts: oneOf<'answers' | 'passages'>(flags.contexts, '--contexts', ['answers', 'passages']),
      register: async (checked) => {
        kept ??= await registerPlan(place, flags.id, {
          plan: checked as Json,
          hypothesis: checked.hypothesis,
          statistic: `radioactivity, ${checked.statistic}, ${checked.stopping}: log10 p`,
          threshold: Math.log10(checked.alpha / checked.allowedTries),
          allowedTries: checked.allowedTries,
          suspect: checked.suspect,
        });
        return `entry ${kept.registrationIndex} of ${file.origin}`;
      },
      onProgress: (asked, logE) =>
        bar.show(
          Math.min(1, asked / prompts.length),
          `${asked} questions${logE === null ? '' : `, log10 e ${(logE / Math.LN10).toFixed(1)}`}`,
        ),
    });
    const entry = await logResult(place, kept!, {
      result,
      value: result.suspect.scored,
      logP: result.suspect.logP,
    });
    bar.clear();
    if (flags.json) terminal.out(`${JSON.stringify({ ...result, entry })}\n`);
    else terminal.out(writeRadioactivity(result, entry, terminal.columns));
    return result.verdict === 'learned' ? ExitCode.FOUND : ExitCode.OK;
  } finally {
    bar.clear();
  }
}

async function openModels(
  flags: RadioactivityFlags,
  recorded: readonly RecordedAnswer[] | null,
  terminal: Terminal,
): Promise<{ suspect: SuspectModel; controls: SuspectModel[]; reference: SuspectModel | null }> {
  const { openApiSuspect, openRecordedSuspect } = await import('@phalanx/suspect');
  const candidates = readNumber(flags.candidates, '--candidates');
  const open = (url: string, model: string, dialect: string, variable: string, told: number) => {
    const apiKey = terminal.env[variable];
    const options: ApiSuspectOptions = {
      url,
      model,
      dialect: oneOf(dialect, '--dialect', ['chat', 'completions']),
      maxTokens: readNumber(flags.maxTokens, '--max-tokens'),
      topLogProbabilities: told,
      ...(apiKey !== undefined && apiKey !== '' && { apiKey }),
    };
    return openApiSuspect(options);
  };
  const controls = await Promise.all(
    flags.controlAnswers.map(async (path) => openRecordedSuspect(basename(path), await readRecord(path))),
  );
  const reference =
    flags.reference === undefined
      ? null
      : open(
          flags.reference,
          need(flags.referenceModel, '--reference-model'),
          'completions',
          'PHALANX_REFERENCE_KEY',
          candidates,
        );
  if (recorded !== null)
    return { suspect: openRecordedSuspect(basename(flags.answers!), recorded), controls, reference };
  const url = need(flags.api, '--api or --answers');
  const at = (model: string) =>
    open(
      url,
      model,
      flags.dialect,
      'PHALANX_SUSPECT_KEY',
      flags.statistic.startsWith('text') ? 0 : candidates,
    );
  return {
    suspect: at(need(flags.model, '--model')),
    controls: [...flags.control.map(at), ...controls],
    reference,
  };
}

/** Rows with `prompt` and `answer`. */
async function readRecord(path: string): Promise<RecordedAnswer[]> {
  const [prompts, answers] = await Promise.all(
    ['prompt', 'answer'].map((field) => readTextRows([path], { field })),
  );
  if (prompts!.rejected > 0 || answers!.rejected > 0)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path}: rows without prompt or answer`, {
      advice: `See ${path}.rejected. A test is of all that was collected, or of nothing.`,
    });
  return prompts!.rows.map(({ text }, row) => ({ prompt: text, answer: answers!.rows[row]!.text }));
}

async function readPrompts(path: string | undefined): Promise<string[]> {
  const { rows, rejected } = await readTextRows([need(path, 'a file of prompts, or --answers')], {
    field: 'prompt',
  });
  if (rejected > 0)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path}: rows without prompt`, {
      advice: `See ${path}.rejected.`,
    });
  return rows.map(({ text }) => text);
}

function need(value: string | undefined, what: string): string {
  if (value !== undefined) return value;
  throw new PhalanxError<CliErrorCode>('CLI_USAGE', `missing: ${what}`);
}

function oneOf<Name extends string>(value: string, flag: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${flag} ${value}: there is no such thing`, {
    advice: `Known: ${names.join(', ')}.`,
  });
}

function readNumber(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${flag} is no number: ${text}`);
}
