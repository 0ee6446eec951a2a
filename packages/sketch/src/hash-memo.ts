import type { Sketcher } from './sketcher.js';

/** Entries of a generation; two are kept. */
const CAPACITY = 8192;

/** Longest string worth looking up, in UTF-16 units: V8 hashes a fresh string about as fast as the kernel does. */
const LONGEST = 512;

/**
 * A map that forgets what was not asked for during one generation. Not the oldest entry each time: a `Map` walks over
 * every deleted entry to find its first, which cost 2 us a look-up at 50,000 addresses.
 */
class Generations {
  #young = new Map<string, bigint>();
  #old = new Map<string, bigint>();

  get(text: string): bigint | undefined {
    const hash = this.#young.get(text);
    if (hash !== undefined) return hash;
    const kept = this.#old.get(text);
    if (kept !== undefined) this.set(text, kept);
    return kept;
  }

  set(text: string, hash: bigint): void {
    if (this.#young.size >= CAPACITY) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, hash);
  }
}

function generationsOf(domains: Map<string, Generations>, domain: string): Generations {
  let known = domains.get(domain);
  if (known === undefined) domains.set(domain, (known = new Generations()));
  return known;
}

/**
 * Remembers keyed hashes of what recurs from exchange to exchange, such as account ids and user agents. A string that
 * is the same object as last time is found without being hashed again by V8.
 */
export class HashMemo {
  readonly #sketcher: Sketcher;
  readonly #domains = new Map<string, Generations>();
  readonly #described = new Map<string, Generations>();
  readonly #objects = new WeakMap<object, bigint>();

  constructor(sketcher: Sketcher) {
    this.#sketcher = sketcher;
  }

  /** The same value as `Sketcher.hash64`. */
  hash64(domain: string, text: string): bigint {
    if (text === '') return 0n;
    if (text.length > LONGEST) return this.#sketcher.hash64(domain, text);
    const known = generationsOf(this.#domains, domain);
    let hash = known.get(text);
    if (hash === undefined) {
      hash = this.#sketcher.hash64(domain, text);
      known.set(text, hash);
    }
    return hash;
  }

  /** Hash of `describe(text)`, remembered by `text`; a domain must always come with the same `describe`. */
  hashDescribed(domain: string, text: string, describe: (text: string) => string): bigint {
    if (text.length > LONGEST) return this.hash64(domain, describe(text));
    const known = generationsOf(this.#described, domain);
    let hash = known.get(text);
    if (hash === undefined) {
      hash = this.hash64(domain, describe(text));
      known.set(text, hash);
    }
    return hash;
  }

  /**
   * Hash of `describe(object)`. Remembered by identity when the object is frozen: whoever freezes it means to pass it
   * again, and it cannot change meanwhile. An object must always come with the same domain.
   */
  hashObject<T extends object>(domain: string, object: T, describe: (object: T) => string): bigint {
    if (!Object.isFrozen(object)) return this.hash64(domain, describe(object));
    let hash = this.#objects.get(object);
    if (hash === undefined) this.#objects.set(object, (hash = this.hash64(domain, describe(object))));
    return hash;
  }
}
