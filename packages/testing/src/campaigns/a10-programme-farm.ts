import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A10: hundreds of start-up and education accounts opened in one evening, nothing but the attack on them. */
export function planProgrammeFarm(options: HydraOptions): HydraPlan {
  return {
    ...HYDRA_DEFAULTS,
    name: 'A10',
    class: 'A10',
    accounts: 400,
    attackShare: 1,
    cover: 'none',
    carefulness: 0,
    programme: 'education',
    fingerprints: 'natural',
    ...options,
  };
}
