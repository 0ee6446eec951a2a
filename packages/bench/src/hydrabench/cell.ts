import { type DetectOptions, detectCampaigns } from '@phalanx/detect';
import { ArrayTelemetry, buildWorld, type World, type WorldRecords } from '@phalanx/testing';
import type { CellPlan } from './cells/cell-plan.js';
import type { Materials } from './materials.js';
import { type Accusation, readAccusations, type Score, scoreAccusations } from './score.js';

/** One detector's answer about one world. */
export interface RunResult {
  readonly cell: string;
  readonly group: CellPlan['group'];
  readonly seed: string;
  /** 'phalanx', 'phalanx, content only', 'phalanx, metadata only', or a baseline's name. */
  readonly detector: string;
  readonly accounts: number;
  readonly exchanges: number;
  readonly alpha: number | null;
  readonly poolsExamined: number | null;
  readonly setAside: readonly { readonly accounts: number; readonly reason: string }[];
  readonly score: Score;
  /** The accusations without their members, for reading why. */
  readonly findings: readonly (Omit<Accusation, 'members'> & { readonly members: number })[];
  readonly worldSeconds: number;
  /** Detection alone, without building and sketching the world: wall time, and processor time of all threads. */
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Peak resident set of the process so far, megabytes: the world and remembered sketches included. */
  readonly peakMegabytes: number;
}

/** A world and its telemetry, shared by the detectors that are run on it. */
export interface CellWorld {
  readonly cell: CellPlan;
  readonly seed: string;
  readonly world: World;
  readonly telemetry: ArrayTelemetry;
  readonly worldSeconds: number;
}

/** Builds a cell's world for a seed and reduces it to what a telemetry store would hold. */
export function buildCell(
  cell: CellPlan,
  seed: string,
  materials: Materials,
  records: WorldRecords,
): CellWorld {
  const started = performance.now();
  const world = buildWorld(cell.plan(materials, `${cell.name} ${seed}`));
  const telemetry = ArrayTelemetry.fromRecords(records.records(world), records.facts(world));
  return { cell, seed, world, telemetry, worldSeconds: (performance.now() - started) / 1000 };
}

/** Runs our detector on a cell's world. `name` is what the tables call this set of options. */
export async function runDetector(
  built: CellWorld,
  options: Partial<DetectOptions> = {},
  name = 'phalanx',
): Promise<RunResult> {
  const { world, telemetry } = built;
  const stop = startStopwatch();
  const report = await detectCampaigns(telemetry, options);
  const times = stop();
  return {
    ...describeRun(built, name, readAccusations(world, report), times),
    alpha: report.alpha,
    poolsExamined: report.poolsExamined,
    setAside: report.setAside,
  };
}

/** What is the same for every detector: labels are read here and nowhere before. */
export function describeRun(
  built: CellWorld,
  detector: string,
  accusations: readonly Accusation[],
  times: Pick<RunResult, 'seconds' | 'processorSeconds'>,
): RunResult {
  const { cell, seed, world, worldSeconds } = built;
  return {
    cell: cell.name,
    group: cell.group,
    seed,
    detector,
    accounts: world.accounts.length,
    exchanges: world.size,
    alpha: null,
    poolsExamined: null,
    setAside: [],
    score: scoreAccusations(world, accusations),
    findings: accusations.map(({ members, ...rest }) => ({ ...rest, members: members.length })),
    worldSeconds,
    ...times,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
}

/** Starts both clocks; the returned function reads them. On a shared machine only processor time compares. */
export function startStopwatch(): () => Pick<RunResult, 'seconds' | 'processorSeconds'> {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - wall) / 1000, processorSeconds: (user + system) / 1e6 };
  };
}
