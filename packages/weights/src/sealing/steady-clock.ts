import { type Clock, systemClock } from '@phalanx/core';

/**
 * The time by which keys are paced: it never goes back, not behind what was logged either, and while the process runs it goes on as
 * fast as the machine's own counter, whatever is done to its clock. A clock that is set forward gains nothing until the next start.
 */
export class SteadyClock {
  readonly #startMs: number;
  readonly #startedAt: number;
  readonly #wall: Clock;
  readonly #counterMs: () => number;

  /**
   * @param lastLoggedMs time of the newest statement
   * @param counterMs milliseconds from any beginning, never set
   */
  constructor(lastLoggedMs: number, wall: Clock = systemClock, counterMs = () => performance.now()) {
    this.#wall = wall;
    this.#counterMs = counterMs;
    this.#startMs = Math.max(wall.nowMs(), lastLoggedMs);
    this.#startedAt = counterMs();
  }

  /** By this budgets are counted and statements dated. */
  nowMs(): number {
    return Math.floor(this.#startMs + this.#counterMs() - this.#startedAt);
  }

  /** The later of this and the machine's clock: a lease is over when either says so, as after the machine slept. */
  latestMs(): number {
    return Math.max(this.nowMs(), this.#wall.nowMs());
  }
}
