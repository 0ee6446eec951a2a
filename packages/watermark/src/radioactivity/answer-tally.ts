import type { OpenTest, TokenMass } from './open-test.js';

/** What stood before a context when it came up. */
const KEPT_PREFIXES = 3;
/** Contexts that a tally holds at most. */
export const MAX_TALLIED = 2_000_000;

/** A context of answers and what followed it. */
export interface TalliedContext {
  readonly context: Int32Array;
  /** Times it came up. */
  readonly count: number;
  readonly next: ReadonlyMap<number, number>;
  /** Tokens before the first few of these times, the context last. */
  readonly prefixes: readonly Int32Array[];
}

interface Entry {
  count: number;
  readonly next: Map<number, number>;
  readonly prefixes: Int32Array[];
}

/**
 * Counts what a suspect says after each context: its distribution as far as texts show it. Where a reference model tells what would have been
 * expected, the difference takes the place of probabilities that the suspect does not tell, and repeated n-grams are evidence of
 * a distribution and not of themselves.
 */
export class AnswerTally {
  readonly #contextWidth: number;
  readonly #prefixTokens: number;
  readonly #entries = new Map<string, Entry>();

  constructor(contextWidth: number, prefixTokens: number) {
    this.#contextWidth = contextWidth;
    this.#prefixTokens = Math.max(prefixTokens, contextWidth);
  }

  /** Adds an answer to a prompt; only contexts that lie in the answer count. */
  add(prompt: Int32Array, answer: Int32Array): void {
    const all = new Int32Array(prompt.length + answer.length);
    all.set(prompt);
    all.set(answer, prompt.length);
    for (let at = prompt.length + this.#contextWidth; at < all.length; at++) {
      const name = all.subarray(at - this.#contextWidth, at).join();
      let entry = this.#entries.get(name);
      if (entry === undefined) {
        if (this.#entries.size >= MAX_TALLIED) continue;
        this.#entries.set(name, (entry = { count: 0, next: new Map(), prefixes: [] }));
      }
      entry.count++;
      entry.next.set(all[at]!, (entry.next.get(all[at]!) ?? 0) + 1);
      if (entry.prefixes.length < KEPT_PREFIXES)
        entry.prefixes.push(all.slice(Math.max(0, at - this.#prefixTokens), at));
    }
  }

  /** The most frequent contexts, at most so many. */
  list(maxContexts: number): TalliedContext[] {
    return [...this.#entries]
      .sort((a, b) => b[1].count - a[1].count)
      .slice(0, maxContexts)
      .map(([name, entry]) => ({ ...entry, context: Int32Array.from(name.split(','), Number) }));
  }
}

/** Adds tallied contexts to a test as distributions; false when the context was excluded. */
export function addTallied(test: OpenTest, tallied: TalliedContext, reference: TokenMass | null): boolean {
  if (!test.claim(tallied.context)) return false;
  for (let i = 1; i < tallied.count; i++) test.claim(tallied.context);
  const mass = new Map([...tallied.next].map(([token, count]) => [token, count / tallied.count]));
  test.add(tallied.context, mass, reference);
  return true;
}
