/** A bucket of tokens: `burst` at once, then `perSecond`. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Buckets of this many callers are kept before full ones are thrown away. */
const KEPT = 10_000;

/** Token buckets by caller. A caller not seen for long has a full one, so nothing is lost by forgetting it. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one token: 0, or the seconds after which there will be one. A clock that goes back gives nothing. */
  take(caller: string, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    const tokens = this.#fill(caller, nowMs);
    const isEnough = tokens >= 1;
    const atMs = Math.max(nowMs, this.#buckets.get(caller)?.atMs ?? nowMs);
    this.#buckets.set(caller, { tokens: isEnough ? tokens - 1 : tokens, atMs });
    if (this.#buckets.size > KEPT) this.#forget(nowMs, burst);
    return isEnough ? 0 : Math.max(1, Math.ceil((1 - tokens) / perSecond));
  }

  #fill(caller: string, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    const { tokens, atMs } = this.#buckets.get(caller) ?? { tokens: burst, atMs: nowMs };
    return Math.min(burst, tokens + (Math.max(0, nowMs - atMs) / 1000) * perSecond);
  }

  #forget(nowMs: number, burst: number): void {
    for (const caller of this.#buckets.keys()) {
      if (this.#fill(caller, nowMs) >= burst) this.#buckets.delete(caller);
    }
  }
}
