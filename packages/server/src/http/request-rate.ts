import type { CoalitionErrorCode } from '@phalanx/coalition';
import { PhalanxError } from '@phalanx/core';

/** Members whose buckets are kept; whose was full the longest is forgotten first. */
const MAX_MEMBERS = 1024;

/** Requests of one member: so many at once, then so many a second. */
export class RequestRate {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
  }

  /** @throws PhalanxError `COALITION_LIMIT` */
  take(member: string, nowMs = performance.now()): void {
    const known = this.#buckets.get(member) ?? { tokens: this.#burst, atMs: nowMs };
    const gained = ((nowMs - known.atMs) / 1000) * this.#perSecond;
    const tokens = Math.min(this.#burst, known.tokens + gained);
    this.#buckets.delete(member);
    this.#buckets.set(member, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    if (this.#buckets.size > MAX_MEMBERS) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (tokens < 1)
      throw new PhalanxError<CoalitionErrorCode>('COALITION_LIMIT', 'too many requests', {
        advice: `At most ${this.#perSecond} a second.`,
        retryable: true,
      });
  }
}
