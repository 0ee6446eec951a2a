import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A3: 25,000 accounts, 26 requests each a day, 5 % of them the thief's. */
export function planSlowAndLow(options: HydraOptions): HydraPlan {
  return { ...HYDRA_DEFAULTS, name: 'A3', class: 'A3', accounts: 25_000, attackShare: 0.05, ...options };
}
