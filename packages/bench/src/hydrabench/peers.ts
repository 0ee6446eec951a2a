import { buildWorld } from '@phalanx/testing';
import { chooseThreshold, type Scorer, type TrainingData } from './baselines/baseline.js';
import { BASELINES } from './baselines/register.js';
import { readTraffic, type Traffic } from './baselines/traffic.js';
import { type CellWorld, describeRun, type RunResult, startStopwatch } from './cell.js';
import { planHardTenants, planPopulation } from './cells/cell-plan.js';
import type { Materials } from './materials.js';

/** Share of honest development accounts that a threshold may accuse: 1 in 1,000. */
const FALSE_SHARE = 0.001;
const CALIBRATION_WORLDS = 2;

/** A baseline ready to run: fitted and with its threshold set, both on development data. */
export interface Peer {
  readonly name: string;
  readonly threshold: number;
  readonly score: Scorer;
}

/**
 * Fits every baseline on development sources and sets its threshold so that at most 0.1 % of the accounts of honest
 * development worlds (1,500 ordinary accounts and every hard class, seven days) are accused.
 */
export function fitPeers(materials: Materials): Peer[] {
  const own = materials.development ?? materials;
  const find = (names: readonly string[]) =>
    names.map((name) => own.sources.find((source) => source.name === name)!);
  const worlds = (label: string, count: number): Traffic[] =>
    Array.from({ length: count }, (_, i) =>
      readTraffic(
        buildWorld({
          ...planPopulation(own, `${label} ${i}`, { accounts: 1500, days: 7 }),
          tenants: planHardTenants(own),
        }),
      ),
    );
  const training: TrainingData = {
    honest: find(own.roles.honest),
    attack: find(own.roles.attack),
    traffic: worlds('peer training', 1),
  };
  const calibration = worlds('peer threshold', CALIBRATION_WORLDS);
  return BASELINES.map(({ name, fit }) => {
    const score = fit(training);
    const threshold = chooseThreshold(
      calibration.map((traffic) => score(traffic).score),
      FALSE_SHARE,
    );
    return { name, threshold, score };
  });
}

/** Runs one baseline over the whole of a cell's world. It has no notion of time: its alarm stands at the world's end. */
export function runPeer(built: CellWorld, traffic: Traffic, peer: Peer): RunResult {
  const stop = startStopwatch();
  const { score, group } = peer.score(traffic);
  const above = (account: number): boolean => score[account]! > peer.threshold;
  const accusations = group(peer.threshold)
    .map((members) => members.filter(above))
    .filter((members) => members.length > 0)
    .map((members) => ({
      kind: 'distillation-campaign' as const,
      members,
      alarmAtMs: built.world.endMs,
      kindAlarmAtMs: built.world.endMs,
      proposedBy: peer.name,
      log10ECoordination: 0,
      log10EDemand: 0,
    }));
  return describeRun(built, peer.name, accusations, stop());
}
