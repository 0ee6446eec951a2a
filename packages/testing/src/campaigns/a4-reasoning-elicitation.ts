import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A4: nearly every request of the thief asks for the reasoning to be written out. */
export function planReasoningElicitation(options: HydraOptions): HydraPlan {
  return { ...HYDRA_DEFAULTS, name: 'A4', class: 'A4', attackShare: 0.2, elicitationShare: 0.9, ...options };
}
