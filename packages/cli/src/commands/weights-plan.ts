import { PhalanxError } from '@phalanx/core';
import type { Collusion, MarkPlan, PlanSettings } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount, formatLog10 } from '../figures.js';
import type { Terminal } from '../terminal.js';

/** What a plan is made for; texts as typed. */
export interface PlanFlags {
  readonly recipients: string;
  readonly colluders: string;
  readonly noise: string;
  readonly alpha: string;
}

export interface PlanCommandFlags extends PlanFlags {
  readonly carriers?: string;
  readonly simulate?: boolean;
  readonly json?: boolean;
}

const INNOCENTS = 20;

/**
 * `phalanx weights plan`: code length, carriers and amplitude for recipients, colluders and noise, with the p-values to expect; with
 * `--simulate` drawn besides. Exit 1 when the model is too small for what is asked.
 *
 * @throws PhalanxError `CLI_USAGE`, `WEIGHTS_ARGUMENT`, and what readers throw
 */
export async function planMarksCommand(
  model: string | undefined,
  flags: PlanCommandFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { planMarks, simulateCollusion } = await import('@phalanx/weights');
  if ((model === undefined) === (flags.carriers === undefined))
    throw usage(
      'give a model, or --carriers',
      'About three quarters of the numbers of matrices can carry a mark.',
    );
  const carriers =
    model === undefined ? readCount(flags.carriers!, '--carriers') : await countCarriers(model);
  const plan = planMarks(readPlanSettings(flags, carriers));
  const simulated = flags.simulate
    ? plan.expected.map(({ attack }) => {
        const { codeLength, colluders } = plan.parameters;
        const { positionNoise: noise } = plan;
        return {
          attack,
          ...simulateCollusion({ codeLength, colluders, noise, attack, innocents: INNOCENTS, seed: 1 }),
        };
      })
    : [];
  if (flags.json) terminal.out(`${JSON.stringify({ carriers, ...plan, simulated })}\n`);
  else {
    printPlan(plan, carriers, terminal);
    for (const { attack, colluders, innocents } of simulated)
      printSimulated(attack, colluders, innocents, terminal);
  }
  return plan.isEnough ? ExitCode.OK : ExitCode.FOUND;
}

/** @throws PhalanxError `CLI_USAGE` */
export function readPlanSettings(flags: PlanFlags, carriers: number): PlanSettings {
  return {
    recipients: readCount(flags.recipients, '--recipients'),
    colluders: readCount(flags.colluders, '--colluders'),
    noiseUlps: readNumber(flags.noise, '--noise'),
    alpha: readNumber(flags.alpha, '--alpha'),
    carriers,
  };
}

/** Numbers of a model that can carry marks. */
async function countCarriers(model: string): Promise<number> {
  const { openWeights, surveyCarriers } = await import('@phalanx/weights');
  const file = await openWeights(model);
  try {
    return (await surveyCarriers(file)).carriers;
  } finally {
    await file.close();
  }
}

export function printPlan(plan: MarkPlan, carriers: number, terminal: Terminal): void {
  const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
  const { codeLength, amplitude } = plan.parameters;
  line(
    'code',
    `${formatCount(codeLength)} positions, biases cut off for ${plan.parameters.colluders} colluders`,
  );
  line(
    'marks',
    `${amplitude} in the last place of bfloat16, on ${(100 * plan.markedShare).toPrecision(3)} % of ${formatCount(carriers)} numbers, ${formatCount(plan.carriersPerPosition)} a position`,
  );
  line('noise', `${plan.positionNoise.toFixed(2)} of a symbol on each position`);
  line('level', `a holder is named at 10^${formatLog10(plan.log10Level)} and below`);
  for (const { attack, log10P, log10PCautious } of plan.expected)
    line(
      'expected',
      `${attack}: a colluder 10^${formatLog10(log10P)}, 97 of 100 below 10^${formatLog10(log10PCautious)}`,
    );
  line('verdict', plan.isEnough ? 'enough' : 'not enough: fewer colluders, less noise, or a larger model');
}

function printSimulated(
  attack: Collusion,
  colluders: readonly number[],
  innocents: readonly number[],
  terminal: Terminal,
): void {
  const show = (logP: number) => `10^${formatLog10(logP / Math.LN10)}`;
  terminal.out(
    `${'simulated'.padEnd(12)}${attack}: colluders ${show(Math.min(...colluders))} to ${show(Math.max(...colluders))}, least of ${innocents.length} innocents ${show(Math.min(...innocents))}\n`,
  );
}

/** A whole number of 1 and above. */
export function readCount(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 1)
    throw usage(`${flag} is no count: ${text}`);
  return value;
}

function readNumber(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw usage(`${flag} is no number: ${text}`);
  return value;
}

function usage(message: string, advice?: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message, advice === undefined ? {} : { advice });
}
