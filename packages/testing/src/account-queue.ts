/**
 * A relay's choice of account: the least recently used of those in service, as claude-relay-service and its kin do among
 * accounts of equal priority. A queue: the head serves and goes to the back; a new account has never been used and so
 * goes to the front; a withdrawn one is skipped when it comes up.
 */
export class LeastRecentlyUsed {
  readonly #queue: number[];
  #head = 0;
  readonly #withdrawn = new Set<number>();

  /** @param accounts In order of their last use, oldest first. */
  constructor(accounts: readonly number[]) {
    this.#queue = [...accounts];
  }

  /** Accounts in service. */
  get size(): number {
    return this.#queue.length - this.#head - this.#withdrawn.size;
  }

  /** @throws RangeError when no account is in service. */
  take(): number {
    for (;;) {
      if (this.size <= 0) throw new RangeError('no account in service');
      const account = this.#queue[this.#head++]!;
      if (this.#withdrawn.delete(account)) continue;
      this.#queue.push(account);
      if (this.#head > 65_536) {
        this.#queue.splice(0, this.#head);
        this.#head = 0;
      }
      return account;
    }
  }

  add(account: number): void {
    if (this.#head === 0) this.#queue.unshift(account);
    else this.#queue[--this.#head] = account;
  }

  /** The account must be in service. */
  withdraw(account: number): void {
    this.#withdrawn.add(account);
  }
}
