import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A1: one account that asks 50,000 times in a week and hides nothing. */
export function planHeavyAccount(options: HydraOptions): HydraPlan {
  return {
    ...HYDRA_DEFAULTS,
    name: 'A1',
    class: 'A1',
    accounts: 1,
    requestsPerAccountDay: 50_000 / 7,
    attackShare: 1,
    cover: 'none',
    fingerprints: 'natural',
    carefulness: 3,
    ...options,
  };
}
