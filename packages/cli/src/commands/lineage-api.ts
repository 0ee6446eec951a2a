import { randomBytes } from 'node:crypto';
import type { BlackBoxParts, BlackBoxPlan, PlannedTest } from '@phalanx/black-box';
import { type Json, PhalanxError, toHex } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount, formatPlural } from '../figures.js';
import type { ModelFlags, OpenModels } from '../lineage-models.js';
import { writeLineage } from '../lineage-text.js';
import { openProgressBar } from '../progress-bar.js';
import { readLedgerFile } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { findRegistered, logResult, type RecordPlace, readKept, registerPlan } from '../test-record.js';

export interface LineageApiFlags extends ModelFlags {
  readonly test: readonly string[];
  readonly id: string;
  readonly by: string;
  readonly hypothesis?: string;
  readonly texts?: string;
  readonly sample: string;
  readonly answersEach: string;
  readonly uncached?: boolean;
  readonly permutations: string;
  readonly length: string;
  readonly maxTokens: string;
  readonly temperature?: string;
  readonly candidates: string;
  readonly alpha: string;
  readonly tries: string;
  readonly maxQuestions: string;
  readonly maxCharacters: string;
  readonly maxAnswerTokens: string;
  readonly timeout: string;
  readonly retries: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Questions that a text costs where no host reads it back. */
const CUTS = 8;

/**
 * `phalanx lineage api`: registered tests of whether the model behind an API is ours or descends from it. The plan is logged before the first question
 * and the result after the last one. Exit 1 when something is shown.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`; what `testBlackBox`, the models and the log throw
 */
export async function lineageApiCommand(flags: LineageApiFlags, terminal: Terminal): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  if (file === null)
    throw usage(
      `${dataDir} has no log`,
      'A test is registered before it: phalanx ledger init --origin NAME.',
    );
  const kind = {
    name: 'lineage-api',
    packages: ['@phalanx/black-box', '@phalanx/suspect', '@phalanx/stats'],
  } as const;
  const place: RecordPlace = { config, dataDir, file, terminal, by: flags.by, kind };
  const { models, planned, parts, temperature } = await openAll(flags, terminal);
  const seed = (readKept(place, flags.id)?.plan as BlackBoxPlan | undefined)?.seed ?? toHex(randomBytes(16));
  const plan = makePlan(flags, models, planned, temperature, seed);
  checkBudget(flags, plan, models, await import('@phalanx/black-box'), terminal);
  let kept = findRegistered(place, flags.id, plan as Json);
  const bar = openProgressBar(terminal);
  try {
    const { checkPlan, countQuestions, logThreshold, testBlackBox } = await import('@phalanx/black-box');
    const total = countQuestions(checkPlan(plan)).questions;
    const result = await testBlackBox(plan, {
      ...parts,
      suspect: models.suspect,
      ...(models.ours !== null && { ours: models.ours }),
      ...(models.reference !== null && { reference: models.reference }),
      controls: models.controls,
      tryNumber: (kept?.results.length ?? 0) + 1,
      register: async (checked) => {
        kept ??= await registerPlan(place, flags.id, {
          plan: checked as Json,
          hypothesis: checked.hypothesis,
          statistic: `lineage of an API, ${checked.tests.map(({ test }) => test).join(', ')}: log10 p`,
          threshold: logThreshold(checked) / Math.LN10,
          allowedTries: checked.allowedTries,
          suspect: checked.suspect,
        });
        return `entry ${kept.registrationIndex} of ${file.origin}`;
      },
      onProgress: (asked, test) =>
        bar.show(Math.min(1, asked / total), `${test}: ${formatPlural(asked, 'answer')}`),
    });
    const { logE, logP } = result.combined;
    const entry = await logResult(place, kept!, { result, value: logE, logP });
    bar.clear();
    if (flags.json) terminal.out(`${JSON.stringify({ ...result, entry })}\n`);
    else terminal.out(writeLineage(result, entry, terminal.columns));
    return result.verdict === 'not shown' ? ExitCode.OK : ExitCode.FOUND;
  } finally {
    bar.clear();
  }
}

interface Opened {
  readonly models: OpenModels;
  readonly planned: readonly PlannedTest[];
  readonly parts: Pick<BlackBoxParts, 'prompts' | 'fingerprints' | 'order' | 'challenges'>;
  readonly temperature: number;
}

async function openAll(flags: LineageApiFlags, terminal: Terminal): Promise<Opened> {
  if (flags.test.length === 0) throw usage('missing: --test NAME=FILE');
  const { readTestInputs } = await import('../lineage-inputs.js');
  const { openModels } = await import('../lineage-models.js');
  const names = flags.test.map((test) => test.split('=')[0]!);
  const isIdentity = names.some((name) => name === 'equality' || name === 'drift');
  const temperature =
    flags.temperature === undefined ? (isIdentity ? 1 : 0) : readNumber(flags.temperature, '--temperature');
  const tellsProbabilities = names.includes('drift') || (names.includes('order') && flags.echo !== true);
  const models = await openModels(
    flags,
    {
      temperature,
      candidates: tellsProbabilities ? readNumber(flags.candidates, '--candidates') : 0,
      timeoutMs: 1000 * readNumber(flags.timeout, '--timeout'),
      retries: readNumber(flags.retries, '--retries'),
      budget: {
        questions: readNumber(flags.maxQuestions, '--max-questions'),
        characters: readNumber(flags.maxCharacters, '--max-characters'),
        answerTokens: readNumber(flags.maxAnswerTokens, '--max-answer-tokens'),
      },
    },
    terminal,
  );
  const settings = {
    samples: readNumber(flags.answersEach, '--answers-each'),
    permutations: readNumber(flags.permutations, '--permutations'),
    length: readNumber(flags.length, '--length'),
    answerTokens: readNumber(flags.maxTokens, '--max-tokens'),
    uncached: flags.uncached === true,
    live: models.live,
    texts: flags.texts,
    sample: readNumber(flags.sample, '--sample'),
  };
  const inputs = await Promise.all(flags.test.map((test) => readTestInputs(test, settings)));
  const given = inputs.map((input) => input.parts);
  const parts = Object.assign({}, ...given, {
    prompts: Object.assign({}, ...given.map(({ prompts }) => prompts)),
  });
  return { models, planned: inputs.map((input) => input.planned), parts, temperature };
}

function makePlan(
  flags: LineageApiFlags,
  { suspect, ours, reference, controls }: OpenModels,
  tests: readonly PlannedTest[],
  temperature: number,
  seed: string,
): BlackBoxPlan {
  const isIdentity = tests.some(({ test }) => test === 'equality' || test === 'drift');
  const claim = isIdentity
    ? `${suspect.id} is not served as ${ours?.id}; null: both answer alike.`
    : `${suspect.id} has to do with our model; null: its answers do not depend on what only descent could have taught it.`;
  return {
    version: 1,
    hypothesis: flags.hypothesis ?? claim,
    suspect: suspect.id,
    ours: ours?.id ?? null,
    reference: reference?.id ?? null,
    controls: controls.map(({ id }) => id),
    tests: [...tests],
    temperature,
    seed,
    alpha: readNumber(flags.alpha, '--alpha'),
    allowedTries: readNumber(flags.tries, '--tries'),
  };
}

/** What it will cost is said before anything is spent, and a plan that no budget covers is refused before it is registered. */
function checkBudget(
  flags: LineageApiFlags,
  plan: BlackBoxPlan,
  { suspect }: OpenModels,
  { checkPlan, countQuestions }: typeof import('@phalanx/black-box'),
  terminal: Terminal,
): void {
  const reads = suspect.scoreText === undefined ? CUTS : 1;
  const { questions, answerTokens } = countQuestions(checkPlan(plan), reads);
  const models = 1 + plan.controls.length + (plan.ours === null ? 0 : 1) + (plan.reference === null ? 0 : 1);
  const most = models * readNumber(flags.maxQuestions, '--max-questions');
  if (questions > most)
    throw usage(
      `${formatCount(questions)} questions, and ${formatCount(most)} are allowed`,
      'Ask less, or raise --max-questions.',
    );
  terminal.talk(
    `Up to ${formatPlural(questions, 'question')} to ${formatPlural(models, 'model')}, answers of up to ${formatPlural(answerTokens, 'token')}.\n`,
  );
}

function readNumber(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw usage(`${flag} is no number: ${text}`);
}

function usage(what: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', what, advice === undefined ? {} : { advice });
}
