import type { Signal } from './signal.js';

/** The coordination e-value of arrival order; computed slot by slot in coordination/turn-taking.ts. */
export const turnTaking: Signal = {
  name: 'turn-taking',
  measure({ pool }) {
    const logE = pool.coordination.turnTaking?.logE;
    if (logE === undefined) return null;
    return {
      signal: 'turn-taking',
      family: 'coordination',
      log10E: logE / Math.LN10,
      nullHypothesis: 'The accounts arrive as irregularly as other accounts of the same volume do.',
      effect: {
        name: 'evidence an account',
        value: logE / Math.LN10 / pool.proposal.members.length,
        reference: 0,
        unit: 'log10 e',
      },
      sentence:
        logE > 0
          ? 'The accounts take turns: each is used again only after the others have been, as a least-recently-used scheduler does it.'
          : 'The accounts do not take turns; each comes when it likes.',
      innocentExplanation: 'Machines of one owner that poll at the same fixed interval.',
      refutedBy: 'The schedules of the jobs behind the accounts, set independently of one another.',
      atlas: 'AML.T0008.005',
    };
  },
};
