import { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan } from '../hydra-plan.js';

/** A7: agentic coding: long sessions with tools, each session on one account. */
export function planAgentic(options: HydraOptions): HydraPlan {
  return {
    ...HYDRA_DEFAULTS,
    name: 'A7',
    class: 'A7',
    attackShare: 0.3,
    cover: 'sticky',
    attackSchedule: 'sticky',
    attackTurns: 12,
    attackTools: ['read_file', 'edit_file', 'run_command', 'search'],
    ...options,
  };
}
