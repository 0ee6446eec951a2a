import { HOUR_MS } from '@phalanx/core';

/**
 * At most so many keys in any hour, wherever it begins: no bucket that fills up meanwhile, no calendar hour whose turn doubles it.
 */
export class KeyBudget {
  readonly keysPerHour: number;
  /** When keys were handed out, oldest first: those of the last hour. */
  #given: { readonly atMs: number; readonly keys: number }[] = [];

  constructor(keysPerHour: number) {
    this.keysPerHour = keysPerHour;
  }

  /** Keys that may be handed out now. */
  left(nowMs: number): number {
    this.#given = this.#given.filter(({ atMs }) => atMs > nowMs - HOUR_MS);
    return Math.max(0, this.keysPerHour - this.#given.reduce((sum, { keys }) => sum + keys, 0));
  }

  /** @param atMs not before an earlier call's */
  take(atMs: number, keys: number): void {
    this.#given.push({ atMs, keys });
  }

  /** Milliseconds until at least one more may be handed out; 0 when it may be now. */
  waitMs(nowMs: number): number {
    if (this.left(nowMs) > 0) return 0;
    return this.#given[0]!.atMs + HOUR_MS - nowMs;
  }
}
