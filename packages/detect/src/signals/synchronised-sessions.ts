import { MINUTE_MS } from '@phalanx/core';
import { compareWithPeers, peerOfRow } from './peers.js';
import { percent, type Signal } from './signal.js';

const SPAN_MS = 10 * MINUTE_MS;
const LEAST_ACTIVE = 100;

/**
 * Accounts at work in the same ten minutes. Null: pairs of members meet as often as pairs of other accounts of like
 * volume. Effect: the chance that, while one account is active, a given other one is too. Source: Cao et al., Uncovering
 * Large Groups of Active Malicious Accounts (SynchroTrap), CCS 2014, with its pairs counted and not clustered.
 */
export const synchronisedSessions: Signal = {
  name: 'synchronised-sessions',
  measure({ peers, peerSample, window }) {
    if (!peers) return null;
    const spans = activeAccounts(
      peerOfRow(peers, peerSample),
      peerSample.atMs.map((at) => Math.floor((at - window.fromMs) / SPAN_MS)),
    );
    const size = peers.isMember.reduce((sum, mark) => sum + mark, 0);
    const active = spans.reduce((sum, span) => sum + countMarked(span, peers.isMember), 0);
    if (active < LEAST_ACTIVE) return null;
    const { observed, typical, chance } = compareWithPeers(peers, (group) => {
      let seen = 0;
      let met = 0;
      for (const span of spans) {
        const here = countMarked(span, group);
        seen += here;
        met += here * (here - 1);
      }
      return met / Math.max(1, seen) / (size - 1);
    });
    return {
      signal: 'synchronised-sessions',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts are active at the same minutes no more than others of like volume are.',
      effect: {
        name: 'another given account is active in the same ten minutes',
        value: observed,
        reference: typical,
        unit: 'share',
      },
      sentence: `While one of the accounts is active, a given other one is active in the same ten minutes in ${percent(observed)} of cases; among accounts of like volume in ${percent(typical)} (${chance}).`,
      innocentExplanation: 'People of one country, shift or timetable work at the same hours.',
      refutedBy: 'Other accounts from the same region and trade that keep the same minutes.',
      atlas: 'AML.T0008.005',
    };
  },
};

/** For each span of time, the accounts active in it, each once. */
function activeAccounts(peer: Int32Array, span: Float64Array): Int32Array[] {
  const spans = new Map<number, Set<number>>();
  peer.forEach((account, row) => {
    if (account < 0) return;
    const known = spans.get(span[row]!);
    if (known) known.add(account);
    else spans.set(span[row]!, new Set([account]));
  });
  return [...spans.values()].map((accounts) => Int32Array.from(accounts));
}

function countMarked(accounts: Int32Array, group: Uint8Array): number {
  let marked = 0;
  for (let i = 0; i < accounts.length; i++) marked += group[accounts[i]!]!;
  return marked;
}
