import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/**
 * A9: a thief who knows the published methods. Every account keeps a customer of its own; 30 % of the accounts carry the
 * attack, in blocks of eight at human hours; prompts lose their capitals, gain typing errors and small talk, an own
 * habit for each account; 5 % are asked again; headers and parameters are natural and nothing is shared at sign-up.
 */
export function planAdaptive(options: HydraOptions): HydraPlan {
  return {
    ...HYDRA_DEFAULTS,
    name: 'A9',
    class: 'A9',
    cover: 'pinned',
    attackSchedule: 'subset',
    fingerprints: 'natural',
    attackParameters: 'natural',
    carefulness: 3,
    elicitationShare: 0.3,
    disguise: {
      lowerShare: 0.4,
      typos: 0.01,
      dropEnd: 0.5,
      personas: true,
      repeatShare: 0.05,
      block: 8,
      accountShare: 0.3,
    },
    ...options,
  };
}
