import { DAY_MS } from '@phalanx/core';
import { type CoalitionSketcher, createCoalitionSketcher, createSketcher } from '@phalanx/sketch';
import { WorldRecords } from '../world-records.js';
import { buildCoalition, type CoalitionPlan, type CoalitionWorld } from './coalition-world.js';
import { type JointOptions, type JointRun, type Participant, runJointFinding } from './joint-run.js';
import { SimulatedLab } from './simulated-lab.js';

/** A coalition's world, what each lab found alone, and what they found together. */
export interface Rehearsal {
  readonly world: CoalitionWorld;
  readonly participants: readonly Participant[];
  readonly run: JointRun;
  /** Account ids of the hydra, at whichever lab. Ground truth. */
  readonly hydra: ReadonlySet<string>;
}

const NAMES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * The keys of the labs of one coalition, and the sketches made under them: kept from one rehearsal to the next, since worlds of one set of
 * sources share most prompts. Keys are fixed, so that equal plans give equal telemetry.
 */
export class CoalitionKeys {
  readonly records: readonly WorldRecords[];
  readonly sketcher: CoalitionSketcher = createCoalitionSketcher(new Uint8Array(32).fill(200));

  constructor(labs: number) {
    this.records = Array.from(
      { length: labs },
      (_, i) => new WorldRecords(createSketcher(new Uint8Array(32).fill(1 + i))),
    );
  }
}

/**
 * Lets each lab detect alone, then all of them together.
 *
 * @param world the plan's, where it is built already
 * @throws PhalanxError `TESTING_PLAN`
 */
export async function rehearseCoalition(
  plan: CoalitionPlan,
  keys: CoalitionKeys = new CoalitionKeys(plan.labs),
  options: JointOptions = {},
  world: CoalitionWorld = buildCoalition(plan),
): Promise<Rehearsal> {
  const participants: Participant[] = [];
  for (const [i, parts] of world.labs.entries()) {
    const lab = new SimulatedLab(parts, plan.days, keys.records[i]!);
    participants.push({ name: NAMES[i % NAMES.length]!, lab, replay: await lab.detect() });
  }
  const from = Math.floor(world.startMs / DAY_MS);
  const run = await runJointFinding(participants, from, plan.days, keys.sketcher, options);
  return {
    world,
    participants,
    run,
    hydra: new Set(world.hydra?.accounts.map(({ accountId }) => accountId)),
  };
}
