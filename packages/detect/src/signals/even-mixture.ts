import type { Signal } from './signal.js';

/** The coordination e-value of whole profiles; computed slot by slot in coordination/even-mixture-test.ts. */
export const evenMixture: Signal = {
  name: 'even-mixture',
  measure({ pool }) {
    const logE = pool.coordination.evenMixture?.logE;
    if (logE === undefined) return null;
    const perAccount = logE / Math.LN10 / pool.proposal.members.length;
    return {
      signal: 'even-mixture',
      family: 'coordination',
      log10E: logE / Math.LN10,
      nullHypothesis:
        'Each account has tastes of its own: its past says more about its next requests than the group does.',
      effect: { name: 'evidence an account', value: perAccount, reference: 0, unit: 'log10 e' },
      sentence:
        logE > 0
          ? 'The accounts have no tastes of their own: what one of them asks next is told by the whole group and not by its own past, as when one scheduler deals requests out.'
          : 'The accounts keep tastes of their own, as separate customers do.',
      innocentExplanation:
        'An undeclared reseller or load balancer spreads many honest customers over these keys.',
      refutedBy:
        'End-user pseudonyms, or separate contracts, that show a different user behind each account.',
      atlas: 'AML.T0024.002',
    };
  },
};
