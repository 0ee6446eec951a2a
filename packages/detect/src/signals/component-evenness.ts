import { evennessLogE } from '../pool.js';
import type { Signal } from './signal.js';

/** The coordination e-value of single components; computed slot by slot in coordination/component-evenness.ts. */
export const componentEvenness: Signal = {
  name: 'component-evenness',
  measure({ pool }) {
    const logE = evennessLogE(pool);
    if (logE === null) return null;
    const best = pool.components.reduce((a, b) => (b.evenness.logE > a.evenness.logE ? b : a));
    return {
      signal: 'component-evenness',
      family: 'coordination',
      log10E: logE / Math.LN10,
      nullHypothesis: 'How much an account asks of one kind is its own choice and stays its own.',
      effect: {
        name: 'evidence an account',
        value: best.evenness.logE / Math.LN10 / pool.proposal.members.length,
        reference: 0,
        unit: 'log10 e',
      },
      sentence:
        logE > 0
          ? `One kind of request ("${best.chosen.component.name}") is dealt out to all accounts in even shares, although the accounts otherwise differ.`
          : 'No kind of request is dealt out more evenly than separate customers would have it.',
      innocentExplanation: 'All accounts use one product that adds the same request at a fixed rate.',
      refutedBy: 'A product or template, named by its maker, that sends this request for each of its users.',
      atlas: 'AML.T0024.002',
    };
  },
};
