import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A5: grading for a reward model: each item graded four times. */
export function planRewardModel(options: HydraOptions): HydraPlan {
  return { ...HYDRA_DEFAULTS, name: 'A5', class: 'A5', attackShare: 0.2, samples: 4, ...options };
}
