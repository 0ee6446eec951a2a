import { HEAD_LANES } from '@phalanx/domain';
import { compareWithPeers, peerOfRow } from './peers.js';
import type { Signal } from './signal.js';
import { groupTemplates } from './template-groups.js';

const LEAST_ROWS = 100;

/**
 * Prompts of different accounts that are cast from one rare template and are not equal. Null: pairs of members have as
 * much of this in common as pairs of other accounts of like volume. Effect: templates in common a pair, each weighted by
 * -ln of the share of accounts that use it. Source: near-duplicate spam campaigns, Gao et al., Detecting and Characterizing
 * Social Spam Campaigns, IMC 2010; templates by Broder's MinHash.
 */
export const templateSharing: Signal = {
  name: 'template-sharing',
  measure({ peers, peerSample }) {
    const { minhash } = peerSample;
    if (!peers || !minhash?.some((lane) => lane !== 0)) return null;
    const peer = peerOfRow(peers, peerSample);
    const memberRows = peer.reduce((sum, p) => sum + (p < 0 ? 0 : peers.isMember[p]!), 0);
    if (memberRows < LEAST_ROWS) return null;
    const templates = groupTemplates(peer, peerSample.promptHash, minhash).map((accounts) => ({
      accounts,
      weight: Math.log(peers.account.length / accounts.length),
    }));
    const size = peers.isMember.reduce((sum, mark) => sum + mark, 0);
    const { observed, typical, chance } = compareWithPeers(peers, (group) => {
      let sum = 0;
      for (const { accounts, weight } of templates) {
        let n = 0;
        for (let i = 0; i < accounts.length; i++) n += group[accounts[i]!]!;
        sum += weight * n * (n - 1);
      }
      return sum / size / (size - 1);
    });
    const sharing = new Set<number>();
    for (const { accounts } of templates) {
      const inside = accounts.filter((account) => peers.isMember[account] === 1);
      if (inside.length >= 2) for (const account of inside) sharing.add(account);
    }
    return {
      signal: 'template-sharing',
      family: 'context',
      log10E: null,
      nullHypothesis: 'Two of the accounts share prompt templates no more than two others of like volume do.',
      effect: {
        name: 'templates that two accounts have in common, by rarity',
        value: observed,
        reference: typical,
        unit: 'nats a pair',
      },
      sentence: `${sharing.size} of ${size} accounts looked at wrote prompts that open almost like another's of them without being equal (at least 28 of ${HEAD_LANES} lanes of the first 40 words), ${sayTimes(observed, typical)} (${chance}).`,
      innocentExplanation: 'The accounts use one product, course or published prompt collection.',
      refutedBy: 'The product or collection that contains the template.',
      atlas: 'AML.T0024.002',
    };
  },
};

function sayTimes(observed: number, typical: number): string {
  if (observed === 0) return 'so none is shared';
  if (typical === 0) return 'which accounts of like volume do not do at all';
  return `${(observed / typical).toPrecision(2)} times what accounts of like volume have in common`;
}
