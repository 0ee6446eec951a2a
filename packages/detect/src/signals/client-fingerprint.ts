import { percent, type Signal } from './signal.js';

/** Clients that contradict themselves or never change: what a relay does that replays one stored client per account. */
export const clientFingerprint: Signal = {
  name: 'client-fingerprint',
  measure({ pool, population, activity }) {
    const isMember = new Set(pool.proposal.members);
    const rate = { pool: [0, 0], others: [0, 0] };
    for (let i = 0; i < activity.account.length; i++) {
      const side = isMember.has(population.indexOf(activity.account[i]!)!) ? rate.pool : rate.others;
      side[0]! += activity.contradictions[i]!;
      side[1]! += activity.exchanges[i]!;
    }
    const value = rate.pool[0]! / Math.max(1, rate.pool[1]!);
    const reference = rate.others[0]! / Math.max(1, rate.others[1]!);
    if (rate.pool[0]! + rate.others[0]! === 0) return null;
    return {
      signal: 'client-fingerprint',
      family: 'context',
      log10E: null,
      nullHypothesis: 'Client headers contradict one another no more often than elsewhere.',
      effect: { name: 'contradictory clients', value, reference, unit: 'share of exchanges' },
      sentence: `In ${percent(value)} of the exchanges the client's headers contradict one another or the text (for example another operating system than the prompt names); elsewhere in ${percent(reference)}.`,
      innocentExplanation: 'A corporate proxy or an old library rewrites the headers.',
      refutedBy: 'The proxy, shown to rewrite headers this way for a customer who is who they say.',
      atlas: 'AML.T0008.005',
    };
  },
};
