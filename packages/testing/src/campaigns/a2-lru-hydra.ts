import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A2: a relay of 1,000 accounts that serves paying customers and, as a fifth of its traffic, a thief. */
export function planLruHydra(options: HydraOptions): HydraPlan {
  return { ...HYDRA_DEFAULTS, name: 'A2', class: 'A2', accounts: 1000, attackShare: 0.2, ...options };
}
