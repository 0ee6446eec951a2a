import type { LeastRecentlyUsed } from './account-queue.js';
import type { Member } from './hydra-roster.js';
import { hashString, mixPair, type Random } from './random.js';

/** Which members of a pool are in service as time goes on. */
export class LivePool {
  readonly members: readonly Member[];
  readonly #live: number[] = [];
  readonly #place: Int32Array;
  readonly #joins: number[];
  readonly #leaves: number[];
  #joined = 0;
  #left = 0;
  readonly #queues: { readonly queue: LeastRecentlyUsed; readonly only: ReadonlySet<number> | null }[] = [];

  constructor(members: readonly Member[]) {
    this.members = members;
    this.#place = new Int32Array(members.length).fill(-1);
    const all = members.map((_, i) => i);
    this.#joins = [...all].sort((a, b) => members[a]!.joinMs - members[b]!.joinMs || a - b);
    this.#leaves = [...all].sort((a, b) => members[a]!.leaveMs - members[b]!.leaveMs || a - b);
  }

  get size(): number {
    return this.#live.length;
  }

  /** Keeps a queue of member numbers in step, of `only` these members when given. */
  follow(queue: LeastRecentlyUsed, only: ReadonlySet<number> | null = null): void {
    this.#queues.push({ queue, only });
  }

  isLive(member: number): boolean {
    return this.#place[member]! >= 0;
  }

  /** Live member number `hash % size`. */
  pick(hash: number): number {
    return this.#live[hash % this.#live.length]!;
  }

  /** Lets members join and leave up to `atMs`; those that join in one step do so in random order. */
  advance(atMs: number, random: Random): void {
    const fresh: number[] = [];
    for (; this.#joined < this.#joins.length; this.#joined++) {
      const member = this.#joins[this.#joined]!;
      if (this.members[member]!.joinMs > atMs) break;
      fresh.push(member);
    }
    if (fresh.length > 1) random.shuffle(fresh);
    for (const member of fresh) {
      this.#place[member] = this.#live.length;
      this.#live.push(member);
      for (const { queue, only } of this.#queues) if (only === null || only.has(member)) queue.add(member);
    }
    for (; this.#left < this.#leaves.length; this.#left++) {
      const member = this.#leaves[this.#left]!;
      if (this.members[member]!.leaveMs > atMs) break;
      const place = this.#place[member]!;
      const last = this.#live.pop()!;
      if (last !== member) {
        this.#live[place] = last;
        this.#place[last] = place;
      }
      this.#place[member] = -1;
      for (const { queue, only } of this.#queues)
        if (only === null || only.has(member)) queue.withdraw(member);
    }
  }
}

/** Sends whole sessions of `low` to `high` requests to one account, found by a hash of the session. */
export class SessionRouter {
  readonly #seed: number;
  readonly #random: Random;
  readonly #low: number;
  readonly #high: number;
  #session = 0;
  #left = 0;
  #member = -1;

  constructor(seed: string, random: Random, low: number, high: number) {
    this.#seed = hashString(seed);
    this.#random = random;
    this.#low = low;
    this.#high = high;
  }

  /** The pool must have a live member. A session whose account has left starts anew. */
  route(pool: LivePool): Member {
    if (this.#left === 0 || !pool.isLive(this.#member)) {
      this.#left = this.#random.integer(this.#low, this.#high);
      this.#member = pool.pick(mixPair(this.#seed, ++this.#session));
    }
    this.#left--;
    return pool.members[this.#member]!;
  }
}
