import { DAY_MS } from '@phalanx/core';
import type { ExchangeSample } from '@phalanx/domain';
import { compareWithPeers, peerOfRow } from './peers.js';
import { percent, type Signal } from './signal.js';

const LEAST_ROWS = 30;

/**
 * A move to a new model in its first day. Null: members try it as other accounts of like volume do. Effect: share of the
 * requests in the 24 hours from its first appearance that go to it. The model is the one that most of the sample used in its
 * first day, of those first seen a day or more after the log began. Source: campaign A8 of packages/testing,
 * after public reports of campaigns that pivoted within 24 hours of a release.
 */
export const releasePivot: Signal = {
  name: 'release-pivot',
  measure({ peers, peerSample, window }) {
    if (!peers) return null;
    const release = findRelease(peerSample, window.fromMs + DAY_MS);
    if (!release) return null;
    const peer = peerOfRow(peers, peerSample);
    const moved = new Float64Array(peers.account.length);
    const sent = new Float64Array(peers.account.length);
    peer.forEach((p, row) => {
      const at = peerSample.atMs[row]!;
      if (p < 0 || at < release.atMs || at >= release.atMs + DAY_MS) return;
      sent[p]!++;
      if (peerSample.model[row] === release.model) moved[p]!++;
    });
    const ofGroup = (counts: Float64Array, group: Uint8Array) =>
      counts.reduce((sum, count, p) => sum + count * group[p]!, 0);
    if (ofGroup(sent, peers.isMember) < LEAST_ROWS) return null;
    const { observed, typical, chance } = compareWithPeers(
      peers,
      (group) => ofGroup(moved, group) / Math.max(1, ofGroup(sent, group)),
    );
    return {
      signal: 'release-pivot',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts move to a new model as others of like volume do.',
      effect: {
        name: 'requests to a new model in its first 24 hours',
        value: observed,
        reference: typical,
        unit: 'share',
      },
      sentence: `In the 24 hours after a model first appeared in the log (${new Date(release.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC), ${percent(observed)} of the requests went to it; of accounts of like volume, ${percent(typical)} did (${chance}).`,
      innocentExplanation: 'A product moved all of its customers to the new model on the day of the release.',
      refutedBy: 'The release notes of the product that the accounts use, with the date of the change.',
      atlas: 'AML.T0024.002',
    };
  },
};

/** The new model with most requests in its first 24 hours; null when no model appeared, or hardly anybody used it. */
function findRelease(
  { model, atMs }: ExchangeSample,
  earliestMs: number,
): { readonly model: bigint; readonly atMs: number } | null {
  const firstMs = new Map<bigint, number>();
  const uses = new Map<bigint, number>();
  model.forEach((name, row) => {
    const at = atMs[row]!;
    if (!firstMs.has(name)) firstMs.set(name, at);
    if (at < firstMs.get(name)! + DAY_MS) uses.set(name, (uses.get(name) ?? 0) + 1);
  });
  const fresh = [...uses]
    .filter(([name, n]) => name !== 0n && firstMs.get(name)! >= earliestMs && n >= LEAST_ROWS)
    .sort((a, b) => b[1] - a[1])[0];
  return fresh ? { model: fresh[0], atMs: firstMs.get(fresh[0])! } : null;
}
