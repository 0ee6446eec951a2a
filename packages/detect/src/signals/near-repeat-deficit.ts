import { demandLogE } from '../demand/pool-demand.js';
import type { Signal } from './signal.js';

/** The demand e-value: a list that never asks twice. */
export const nearRepeatDeficit: Signal = {
  name: 'near-repeat-deficit',
  measure({ pool }) {
    const promising = pool.components.filter(({ chosen }) => chosen.promising);
    if (promising.length === 0) return null;
    const logE = demandLogE(promising);
    const best = promising.reduce((a, b) => (b.demand.logE > a.demand.logE ? b : a));
    const { rows, repeats } = best.demand;
    return {
      signal: 'near-repeat-deficit',
      family: 'demand',
      log10E: logE / Math.LN10,
      nullHypothesis: `Two prompts of this kind repeat one another at a rate of at least ${best.chosen.lambda0.toExponential(1)} a pair, below what ordinary users show.`,
      effect: {
        name: 'near-repeats',
        value: repeats / Math.max(1, rows),
        reference: null,
        unit: 'share of prompts',
      },
      sentence: `Of ${rows} prompts of one kind ("${best.chosen.component.name}"), ${repeats} repeated one of the 500 before them. People and products ask again; a list bought for training does not.`,
      innocentExplanation:
        'An honest customer works through a curated list without duplicates: a benchmark, a catalogue, a survey.',
      refutedBy: 'The list itself, or a known benchmark that contains these prompts.',
      atlas: 'AML.T0024.002',
    };
  },
};
