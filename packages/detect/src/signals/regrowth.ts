import { DAY_MS, HOUR_MS } from '@phalanx/core';
import { compareWithPeers } from './peers.js';
import { percent, type Signal } from './signal.js';

const LEAST_ACCOUNTS = 5;
const TOGETHER_MS = 12 * HOUR_MS;
const SOON_MS = 3 * DAY_MS;
/** An account that was silent for this long at the end of the log counts as gone. */
const SILENT_MS = 2 * DAY_MS;

/**
 * Heads that grow back. Null: which accounts fall silent together, and which begin soon after, has nothing to do with
 * membership. Effect: of all members, the share that went within 12 hours and was made up for by members who began within the three
 * days from then, at the best moment; the random groups choose their best moment too. Source: suspension and regrowth in
 * packages/testing (`hydra-plan.ts`), after public reports of pools that replace each banned account.
 */
export const regrowth: Signal = {
  name: 'regrowth',
  measure({ peers, activity, window }) {
    if (!peers) return null;
    const rowOf = new Map(Array.from(activity.account, (account, row) => [account, row]));
    const row = Int32Array.from(peers.account, (account) => rowOf.get(account)!);
    const byTime = (times: Float64Array) =>
      Int32Array.from(row.keys()).sort((a, b) => times[row[a]!]! - times[row[b]!]!);
    const begun = byTime(activity.firstMs);
    const gone = byTime(activity.lastMs).filter((p) => activity.lastMs[row[p]!]! < window.toMs - SILENT_MS);
    const size = peers.isMember.reduce((sum, mark) => sum + mark, 0);
    const best = (group: Uint8Array) =>
      bestReplacement(
        pickTimes(gone, activity.lastMs, row, group),
        pickTimes(begun, activity.firstMs, row, group),
      );
    const { atMs, replaced } = best(peers.isMember);
    if (replaced < LEAST_ACCOUNTS) return null;
    const { observed, typical, chance } = compareWithPeers(peers, (group) => best(group).replaced / size);
    return {
      signal: 'regrowth',
      family: 'context',
      log10E: null,
      nullHypothesis: 'Accounts that begin do so without regard to those that fell silent just before.',
      effect: {
        name: 'gone together and made up for',
        value: observed,
        reference: typical,
        unit: 'share of accounts',
      },
      sentence: `From ${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC at least ${replaced} accounts fell silent for good within 12 hours, and as many began within three days: ${percent(observed)} of them; among accounts of like volume at best ${percent(typical)} (${chance}).`,
      innocentExplanation: 'A customer rotated the keys of its staff or machines on one day.',
      refutedBy: 'The customer who rotated the keys, with the pairs of old and new ones.',
      atlas: 'AML.T0021',
    };
  },
};

/** The times, ascending, of the group's accounts in an order that ascends by these times. */
function pickTimes(order: Int32Array, times: Float64Array, row: Int32Array, group: Uint8Array): Float64Array {
  const out = new Float64Array(order.length);
  let n = 0;
  for (const p of order) if (group[p] === 1) out[n++] = times[row[p]!]!;
  return out.subarray(0, n);
}

/** The moment from which most accounts were both lost and found: the smaller of the two counts, and when. */
function bestReplacement(ends: Float64Array, starts: Float64Array): { atMs: number; replaced: number } {
  let best = { atMs: 0, replaced: 0 };
  let [endTo, startFrom, startTo] = [0, 0, 0];
  for (let i = 0; i < ends.length; i++) {
    const atMs = ends[i]!;
    while (endTo < ends.length && ends[endTo]! < atMs + TOGETHER_MS) endTo++;
    while (startFrom < starts.length && starts[startFrom]! <= atMs) startFrom++;
    while (startTo < starts.length && starts[startTo]! < atMs + SOON_MS) startTo++;
    const replaced = Math.min(endTo - i, startTo - startFrom);
    if (replaced > best.replaced) best = { atMs, replaced };
  }
  return best;
}
