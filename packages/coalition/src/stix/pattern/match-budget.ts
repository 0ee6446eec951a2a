import { refuse } from '../../coalition-error.js';

/** Steps that a match may still take. Who must be answered decides how many. */
export class MatchBudget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @throws PhalanxError `COALITION_LIMIT` when they are spent */
  spend(steps = 1): void {
    this.#left -= steps;
    if (this.#left < 0) {
      refuse('COALITION_LIMIT', 'the match takes too many steps', 'match fewer observations, or add WITHIN');
    }
  }
}
