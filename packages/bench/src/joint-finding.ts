import { parseArgs } from 'node:util';
import { combineLabs, measureGrowth, type WatchedPool } from '@phalanx/coalition/joint';
import { DAY_MS } from '@phalanx/core';
import { clopperPearson } from '@phalanx/stats';
import {
  buildBuiltInSources,
  buildCoalition,
  CoalitionKeys,
  type CoalitionPlan,
  rehearseCoalition,
  SimulatedLab,
} from '@phalanx/testing';
import { measurePower } from './joint-power.js';

const LEVELS = [0.5, 1, 1.5, 2];
/** Accounts of the smallest pool that is calibrated on. */
const SMALL_POOL = 5;

/**
 * Prints what joint finding says of coalitions without a hydra, and of coalitions with one.
 *
 * Without: candidates and names, and the e-values of pools that are joined though nothing joins them. With: on which day a lab alone, and all together, first name the hydra (`measurePower`).
 */
export async function benchJointFinding(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      honest: { type: 'string', default: '20' },
      calibration: { type: 'string', default: '20' },
      seeds: { type: 'string', default: '5' },
      labs: { type: 'string', default: '3' },
      days: { type: 'string', default: '7' },
      accounts: { type: 'string', default: '300' },
      'at-each': { type: 'string', default: '200' },
      requests: { type: 'string', default: '6' },
      rates: { type: 'string', default: '0.33' },
      campaign: { type: 'string', default: 'plain' },
      sources: { type: 'string', default: 'code-task' },
      name: { type: 'string', default: 'plain' },
    },
  });
  const labs = Number(values.labs);
  const keys = new CoalitionKeys(labs);
  const settings = {
    labs,
    days: Number(values.days),
    ordinaryAccounts: Number(values.accounts),
    sources: buildBuiltInSources(),
    attackSources: values.sources.split(','),
    shared: true,
  };
  await measureHonest(settings, Number(values.honest), keys);
  await measureCalibration(settings, Number(values.calibration), keys);
  if (values.seeds === '0') return;
  for (const rate of values.rates.split(',').map(Number))
    await measurePower(
      {
        plan: settings,
        campaign: values.campaign,
        atEach: Number(values['at-each']),
        requests: Number(values.requests),
        rate,
        name: values.name,
        seeds: Number(values.seeds),
      },
      keys,
    );
}

type Settings = Omit<CoalitionPlan, 'seed' | 'hydra'>;

async function measureHonest(settings: Settings, seeds: number, keys: CoalitionKeys): Promise<void> {
  if (seeds === 0) return;
  let [candidates, aside, named, leads, alone] = [0, 0, 0, 0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const rehearsal = await rehearseCoalition({ ...settings, seed: `honest ${seed}`, hydra: null }, keys);
    candidates += rehearsal.run.candidates.length;
    aside += rehearsal.run.candidates.filter(({ declared }) => declared.length > 0).length;
    const kinds = (wanted: (kind: string) => boolean) =>
      new Set(
        rehearsal.run.days.flatMap(({ verdicts }) =>
          verdicts.filter(({ kind }) => wanted(kind)).map(({ candidate }) => candidate.number),
        ),
      ).size;
    named += kinds((kind) => kind.startsWith('joint'));
    leads += kinds((kind) => kind === 'lead');
    alone += rehearsal.participants.filter(({ replay }) => replay.findings.length > 0).length;
    console.error(
      `honest ${seed}: so far ${candidates} candidates, ${leads} leads, ${named} named, alone ${alone}`,
    );
  }
  console.log(
    `${seeds} coalitions of ${settings.labs} labs without a hydra, ${settings.days} days: ${candidates} candidates, ${aside} of them stand aside, ${leads} leads, ${named} named; findings of labs alone: ${alone} of ${seeds * settings.labs}`,
  );
}

/** Labs without a hydra that examine pools of a few accounts already, so that there are some: joined by force, without matching. */
async function measureCalibration(settings: Settings, seeds: number, keys: CoalitionKeys): Promise<void> {
  if (seeds === 0) return;
  const forced: number[][] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const world = buildCoalition({ ...settings, seed: `calibration ${seed}`, hydra: null });
    const pools: (readonly WatchedPool[])[] = [];
    for (const [i, parts] of world.labs.entries()) {
      const lab = new SimulatedLab(parts, settings.days, keys.records[i]!);
      pools.push((await lab.detect(SMALL_POOL)).pools);
    }
    forced.push(...forceCandidates(pools, world.startMs, settings.days));
    console.error(`calibration ${seed}: ${forced.length} joined by force`);
  }
  console.log(
    `pools of at least ${SMALL_POOL} accounts joined though nothing joins them: ${forced.length}; mean e-value, which may be 1 at most, and share with log10 e >= x, its 95 % interval, and what is allowed`,
  );
  for (const u of [1, 2] as const) {
    const log10Es = forced.map((both) => both[u - 1]!);
    const mean = log10Es.reduce((sum, log10E) => sum + 10 ** log10E, 0) / Math.max(1, forced.length);
    console.log(`  against fewer than ${u}: mean ${mean.toFixed(2)}`);
    for (const level of LEVELS) {
      const hits = log10Es.filter((log10E) => log10E >= level).length;
      const { lower, upper } = clopperPearson(hits, Math.max(1, forced.length), 0.05);
      console.log(
        `    x = ${level}: ${hits} of ${forced.length}, ${lower.toFixed(4)} to ${upper.toFixed(4)}; allowed ${(10 ** -level).toFixed(4)}`,
      );
    }
  }
}

/**
 * Pools of different labs that were proposed on one day, the first of each lab with the first of the others and so on, as if they had
 * been joined at that day's end. Each pool is used once.
 */
function forceCandidates(
  labs: readonly (readonly WatchedPool[])[],
  startMs: number,
  days: number,
): number[][] {
  const toMs = startMs + days * DAY_MS;
  const forced: number[][] = [];
  for (let day = 1; day < days; day++) {
    const fromMs = startMs + day * DAY_MS;
    const proposed = labs.map((pools) =>
      pools.filter(
        ({ setAside, proposedAtMs }) =>
          setAside === null && proposedAtMs <= fromMs && proposedAtMs > fromMs - DAY_MS,
      ),
    );
    for (let i = 0; proposed.every((pools) => pools.length > i); i++) {
      const said = proposed.map(
        (pools) => measureGrowth([pools[i]!], fromMs, toMs, labs.length).coordination,
      );
      forced.push([combineLabs(said, 1), combineLabs(said, 2)]);
    }
  }
  return forced;
}
