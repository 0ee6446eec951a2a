import type { Sketcher } from './sketcher.js';

/** Entries kept a domain. Beyond it the oldest entry leaves: traffic is skewed, so it comes back if it matters. */
const CAPACITY = 4096;

/** Longest string worth looking up, in UTF-16 units: V8 hashes a fresh string about as fast as the kernel does. */
const LONGEST = 512;

/** Remembers keyed hashes of strings that recur from exchange to exchange, such as account ids and user agents. */
export class HashMemo {
  readonly #sketcher: Sketcher;
  readonly #domains = new Map<string, Map<string, bigint>>();

  constructor(sketcher: Sketcher) {
    this.#sketcher = sketcher;
  }

  /** The same value as `Sketcher.hash64`. */
  hash64(domain: string, text: string): bigint {
    if (text === '') return 0n;
    if (text.length > LONGEST) return this.#sketcher.hash64(domain, text);
    let known = this.#domains.get(domain);
    if (known === undefined) this.#domains.set(domain, (known = new Map()));
    let hash = known.get(text);
    if (hash === undefined) {
      hash = this.#sketcher.hash64(domain, text);
      if (known.size >= CAPACITY) known.delete(known.keys().next().value!);
      known.set(text, hash);
    }
    return hash;
  }
}
