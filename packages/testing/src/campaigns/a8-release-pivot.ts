import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A8: moves to a new model within 24 hours of its release; give the world a release day. */
export function planReleasePivot(options: HydraOptions): HydraPlan {
  return { ...HYDRA_DEFAULTS, name: 'A8', class: 'A8', attackShare: 0.2, releasePivot: true, ...options };
}
