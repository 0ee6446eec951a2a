import type { ExchangeSample, InterventionRecord, TimeWindow } from '@phalanx/domain';
import { Random, testLoadShift } from '@phalanx/stats';
import { sayChance } from './peers.js';
import type { Signal } from './signal.js';

const LEAST_IN_ARM = 3;
const LEAST_ROWS = 50;
const DRAWS = 999;

/** Members whom one draw assigned, 1 where delayed. */
interface Draw extends TimeWindow {
  readonly treated: ReadonlyMap<bigint, number>;
}

/**
 * Load that moves from members delayed at random to members left alone. Null (sharp): each account's load is what it would
 * have been under any other draw. Effect: change of load of those left alone minus that of the delayed, as a share of the load
 * before; the same length of time before and during. Source: Fisher 1935, by `testLoadShift`; the p-value is exact, since the
 * draw itself is its only model. Delayed accounts that ask less because they wait break the null too: both changes are told.
 */
export const randomisedIntervention: Signal = {
  name: 'randomised-intervention',
  measure({ interventions, members, pool, window }) {
    const draw = largestDraw(interventions, pool.memberSet);
    if (!draw) return null;
    const lengthMs = Math.min(
      draw.toMs - draw.fromMs,
      draw.fromMs - window.fromMs,
      window.toMs - draw.fromMs,
    );
    if (!(lengthMs > 0)) return null;
    const accounts = [...draw.treated.keys()];
    const before = countRows(members, accounts, draw.fromMs - lengthMs, draw.fromMs);
    const after = countRows(members, accounts, draw.fromMs, draw.fromMs + lengthMs);
    const total = before.reduce((sum, n) => sum + n, 0);
    if (total < LEAST_ROWS) return null;
    const treated = Uint8Array.from(draw.treated.values());
    const { observed, logP, assignments, exact } = testLoadShift(
      { before, after, treated, design: { kind: 'complete' } },
      { draws: DRAWS, random: new Random(1) },
    );
    return {
      signal: 'randomised-intervention',
      family: 'context',
      log10E: null,
      nullHypothesis: "No account's load depends on which of the others were delayed, nor on its own delay.",
      effect: {
        name: 'load that the left-alone gained on the delayed',
        value: observed / (total / accounts.length),
        reference: 0,
        unit: 'share of the load before',
      },
      sentence: `While ${treated.filter((arm) => arm === 1).length} accounts drawn at random were delayed, their load changed by ${sayChange(before, after, treated, 1)} and that of the ${treated.filter((arm) => arm === 0).length} left alone by ${sayChange(before, after, treated, 0)} (${sayChance(logP, exact ? `all ${assignments} possible draws` : `${assignments} draws made anew`)}).`,
      innocentExplanation:
        'The delayed sent less because they waited; nothing moved unless the others sent more.',
      refutedBy: 'A second draw, in which the accounts left alone send no more than before.',
      atlas: 'AML.T0008.005',
    };
  },
};

/** The delay drawn at random that assigned most members, with both arms among them; null without one. */
function largestDraw(
  interventions: readonly InterventionRecord[],
  memberSet: ReadonlySet<bigint>,
): Draw | null {
  const draws = new Map<string, TimeWindow & { treated: Map<bigint, number> }>();
  for (const { account, kind, arm, fromMs, toMs } of interventions) {
    if (kind !== 'delay' || arm === '' || !memberSet.has(account)) continue;
    const key = `${fromMs} ${toMs}`;
    if (!draws.has(key)) draws.set(key, { fromMs, toMs, treated: new Map() });
    draws.get(key)!.treated.set(account, Number(arm === 'treated'));
  }
  const armSize = ({ treated }: Draw, arm: number) => [...treated.values()].filter((a) => a === arm).length;
  return (
    [...draws.values()]
      .filter((draw) => Math.min(armSize(draw, 0), armSize(draw, 1)) >= LEAST_IN_ARM)
      .sort((a, b) => b.treated.size - a.treated.size || a.fromMs - b.fromMs)[0] ?? null
  );
}

function countRows(
  { account, atMs }: ExchangeSample,
  accounts: readonly bigint[],
  fromMs: number,
  toMs: number,
): Float64Array {
  const place = new Map(accounts.map((hash, i) => [hash, i]));
  const counts = new Float64Array(accounts.length);
  account.forEach((hash, row) => {
    const i = place.get(hash);
    if (i !== undefined && atMs[row]! >= fromMs && atMs[row]! < toMs) counts[i]!++;
  });
  return counts;
}

function sayChange(before: Float64Array, after: Float64Array, treated: Uint8Array, arm: number): string {
  const sum = (load: Float64Array) => load.reduce((total, n, i) => total + (treated[i] === arm ? n : 0), 0);
  const change = Math.round((100 * (sum(after) - sum(before))) / Math.max(1, sum(before)));
  return `${change > 0 ? '+' : ''}${change + 0} %`;
}
