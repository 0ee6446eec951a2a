import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount } from '../figures.js';
import type { Terminal } from '../terminal.js';

export interface SimulateFlags {
  readonly out?: string;
  readonly seed: string;
  readonly prompts?: string;
  readonly timing?: string;
  readonly set: string[];
  readonly gzip?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** `phalanx simulate`: a provider's traffic as LiteLLM logs, with account facts and labels. */
export async function simulateCommand(
  scenario: string | undefined,
  flags: SimulateFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { SCENARIOS, writeLiteLlmLog } = await import('@phalanx/testing');
  if (flags.list) {
    terminal.out(flags.json ? `${JSON.stringify(SCENARIOS)}\n` : `${SCENARIOS.join('\n')}\n`);
    return ExitCode.OK;
  }
  if (scenario === undefined || flags.out === undefined)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'a scenario and --out are needed', {
      advice: '`phalanx simulate --list` names the scenarios.',
    });
  const { buildSimulation } = await import('../simulation.js');
  const { seed, prompts, timing, set } = flags;
  const world = buildSimulation({
    scenario,
    seed,
    set,
    ...(prompts !== undefined && { prompts }),
    ...(timing !== undefined && { timing }),
  });
  const files = await writeLiteLlmLog(world, flags.out, { gzip: flags.gzip === true });
  const summary = { scenario, seed, accounts: world.accounts.length, exchanges: world.size, files };
  terminal.talk(`${formatCount(summary.accounts)} accounts, ${formatCount(summary.exchanges)} exchanges\n`);
  terminal.out(
    flags.json ? `${JSON.stringify(summary)}\n` : `${files.traffic}\n${files.accounts}\n${files.labels}\n`,
  );
  return ExitCode.OK;
}
