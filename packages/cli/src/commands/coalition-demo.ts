import { writeFileSync } from 'node:fs';
import { DAY_MS, PhalanxError } from '@phalanx/core';
import type { CoalitionPlan, Rehearsal } from '@phalanx/testing';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { renderJointPage } from '../joint-page.js';
import { type JointFigures, readJointFigures, writeJointText } from '../joint-text.js';
import { choosePaint, type Terminal } from '../terminal.js';

export interface CoalitionDemoFlags {
  readonly seed: string;
  readonly html?: string;
  readonly json?: boolean;
}

/**
 * Three labs of some 300 customers each, and a hand with 300 accounts at each. Every account keeps a customer of its own, and one request in
 * 22 is the thief's, the accounts of all labs in turn. Cards, devices and proxies are used for ten accounts each, so at all labs. The
 * setting whose power docs/joint-finding.md gives.
 */
function planDemo(seed: string): Omit<CoalitionPlan, 'sources'> {
  return {
    seed,
    labs: 3,
    days: 8,
    ordinaryAccounts: 150,
    attackSources: ['code-task'],
    shared: true,
    hydra: {
      accounts: 900,
      requestsPerAccountDay: 5,
      attackShare: 0.046,
      cover: 'pinned',
      fingerprints: 'natural',
      carefulness: 1,
    },
  };
}

/**
 * `phalanx coalition demo`: what three labs find alone and together, with the hydra and without it, and what crossed between them. Exit 0
 * whatever comes out.
 *
 * @param world the labs and their hydra
 */
export async function coalitionDemoCommand(
  flags: CoalitionDemoFlags,
  terminal: Terminal,
  world: Omit<CoalitionPlan, 'sources'> = planDemo(flags.seed),
): Promise<ExitCode> {
  const { buildBuiltInSources, CoalitionKeys, rehearseCoalition, withoutHydra } = await import(
    '@phalanx/testing'
  );
  const plan = { ...world, sources: buildBuiltInSources() };
  const keys = new CoalitionKeys(plan.labs);
  terminal.talk(`simulating ${plan.labs} labs over ${plan.days} days, with a hydra that all of them have\n`);
  const rehearsal = await rehearseCoalition(plan, keys);
  const story = readFigures(rehearsal, plan, true);
  terminal.talk('and the same labs without it\n');
  const control = readFigures(
    await rehearseCoalition(plan, keys, {}, withoutHydra(rehearsal.world)),
    plan,
    false,
  );
  if (flags.html !== undefined) writePage(flags.html, story);
  if (flags.json) terminal.out(`${JSON.stringify({ story, control })}\n`);
  else
    terminal.out(
      writeJointText(story, control, {
        columns: Math.min(terminal.columns, 110),
        paint: choosePaint(terminal),
      }),
    );
  if (flags.html !== undefined) terminal.talk(`page: ${flags.html}\n`);
  return ExitCode.OK;
}

function readFigures(
  rehearsal: Rehearsal,
  { days }: { readonly days: number },
  isSearched: boolean,
): JointFigures {
  return readJointFigures(rehearsal, Math.floor(rehearsal.world.startMs / DAY_MS), days, isSearched);
}

function writePage(path: string, story: JointFigures): void {
  try {
    writeFileSync(path, renderJointPage(story));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
