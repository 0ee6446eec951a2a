/** Polls of one member that may wait at the same time. */
const MAX_WAITING = 2;

/** Wakes who waits for the feed to grow, in this process. */
export class FeedBell {
  readonly #waiting = new Set<() => void>();
  readonly #byMember = new Map<string, number>();

  /** True when the feed has grown; false when the time is over, or at once when the member waits often enough already. */
  wait(member: string, ms: number): Promise<boolean> {
    const own = this.#byMember.get(member) ?? 0;
    if (own >= MAX_WAITING) return Promise.resolve(false);
    this.#byMember.set(member, own + 1);
    return new Promise((resolve) => {
      const end = (isGrown: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        const left = this.#byMember.get(member)! - 1;
        if (left === 0) this.#byMember.delete(member);
        else this.#byMember.set(member, left);
        resolve(isGrown);
      };
      const wake = () => end(true);
      const timer = setTimeout(() => end(false), ms);
      this.#waiting.add(wake);
    });
  }

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
