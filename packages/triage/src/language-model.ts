import { BOUNDARY } from './prepared-text.js';

/** Symbols of a gram: up to four of context, and the next one. Five numbers below 512 fit a double exactly. */
export const GRAM_LENGTH = 5;
const SYMBOL_BASE = 512;

/**
 * Counts of the grams of some texts as a trie, level by level: children of one node stand together, ascending by symbol,
 * in the order of their parents. Node 0 is the root.
 */
export interface GramTrie {
  readonly alphabetSize: number;
  readonly symbols: Uint16Array;
  readonly counts: Uint32Array;
  readonly childCounts: Uint16Array;
}

/** Counts grams of up to five symbols. `texts`: symbols below `alphabetSize` <= 511. */
export function buildGramTrie(texts: readonly Uint16Array[], alphabetSize: number): GramTrie {
  const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
  const keys = new Float64Array(length);
  let filled = 0;
  for (const text of texts)
    for (let start = -1; start < text.length; start++) {
      let key = 0;
      // What the text is too short for is 0, and symbols count from 1.
      for (let j = start; j < start + GRAM_LENGTH; j++)
        key = key * SYMBOL_BASE + (j < 0 ? BOUNDARY : j < text.length ? text[j]! : -1) + 1;
      keys[filled++] = key;
    }
  keys.sort();
  const symbols: number[] = [0];
  const counts: number[] = [length];
  const childCounts: number[] = [];
  let parents: { from: number; to: number }[] = [{ from: 0, to: length }];
  for (let level = 1; level <= GRAM_LENGTH; level++) {
    const scale = SYMBOL_BASE ** (GRAM_LENGTH - level);
    const next: { from: number; to: number }[] = [];
    for (const { from, to } of parents) {
      let children = 0;
      for (let at = from; at < to; ) {
        const prefix = Math.floor(keys[at]! / scale);
        const start = at;
        while (at < to && Math.floor(keys[at]! / scale) === prefix) at++;
        const symbol = (prefix % SYMBOL_BASE) - 1;
        if (symbol < 0) continue;
        children++;
        symbols.push(symbol);
        counts.push(at - start);
        next.push({ from: start, to: at });
      }
      childCounts.push(children);
    }
    parents = next;
  }
  for (const _ of parents) childCounts.push(0);
  return {
    alphabetSize,
    symbols: Uint16Array.from(symbols),
    counts: Uint32Array.from(counts),
    childCounts: Uint16Array.from(childCounts),
  };
}

/** How a text stands to a language model, summed over its symbols, in nats. */
export interface Likelihood {
  readonly symbols: number;
  /** Sum of ln p(symbol | context). */
  readonly logP: number;
  /** Sum of the mean of ln p over the model's own next symbol. */
  readonly mean: number;
  /** Sum of the variance of the same. */
  readonly variance: number;
}

/**
 * An n-gram language model over characters: Witten and Bell's interpolation (1991, method C), down to the uniform
 * distribution. Every symbol has a probability above 0, and those after one context sum to 1.
 */
export class LanguageModel {
  readonly trie: GramTrie;
  readonly #first: Uint32Array;
  readonly #total: Float64Array;
  /** Mean and variance of ln p after the context of a node; NaN until asked for. */
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  readonly #probabilities: Float64Array;

  constructor(trie: GramTrie) {
    const nodes = trie.symbols.length;
    this.trie = trie;
    this.#first = new Uint32Array(nodes);
    this.#total = new Float64Array(nodes);
    this.#mean = new Float64Array(nodes).fill(Number.NaN);
    this.#variance = new Float64Array(nodes);
    this.#probabilities = new Float64Array(trie.alphabetSize);
    let next = 1;
    for (let node = 0; node < nodes; node++) {
      this.#first[node] = next;
      for (let i = 0; i < trie.childCounts[node]!; i++) this.#total[node]! += trie.counts[next + i]!;
      next += trie.childCounts[node]!;
    }
  }

  /**
   * Reads a text: its log-likelihood, and what the model itself would expect of it, exactly, by summing over the alphabet.
   * Linear in the text: at most five contexts of `alphabetSize` symbols each.
   */
  measure(text: Uint16Array): Likelihood {
    let logP = 0;
    let mean = 0;
    let variance = 0;
    // contexts[k]: the node of the last k symbols, or -1.
    const contexts = new Int32Array(GRAM_LENGTH).fill(-1);
    contexts[0] = 0;
    contexts[1] = this.#child(0, BOUNDARY);
    for (const symbol of text) {
      let p = 1 / this.trie.alphabetSize;
      let deepest = 0;
      for (let k = 0; k < GRAM_LENGTH; k++) {
        const node = contexts[k]!;
        if (node < 0) break;
        const types = this.trie.childCounts[node]!;
        if (types === 0) continue;
        const child = this.#child(node, symbol);
        p = ((child < 0 ? 0 : this.trie.counts[child]!) + types * p) / (this.#total[node]! + types);
        deepest = k;
      }
      logP += Math.log(p);
      const context = contexts[deepest]!;
      if (Number.isNaN(this.#mean[context]!)) this.#expect(contexts, deepest);
      mean += this.#mean[context]!;
      variance += this.#variance[context]!;
      for (let k = GRAM_LENGTH - 1; k > 0; k--)
        contexts[k] = contexts[k - 1]! < 0 ? -1 : this.#child(contexts[k - 1]!, symbol);
    }
    return { symbols: text.length, logP, mean, variance };
  }

  /** Mean and variance after a context; the shorter contexts follow from the deepest, so its node remembers them. */
  #expect(contexts: Int32Array, deepest: number): void {
    const p = this.#probabilities.fill(1 / this.trie.alphabetSize);
    for (let k = 0; k <= deepest; k++) {
      const node = contexts[k]!;
      const types = this.trie.childCounts[node]!;
      const total = this.#total[node]! + types;
      if (types === 0) continue;
      for (let s = 0; s < p.length; s++) p[s]! *= types / total;
      for (let i = 0; i < types; i++) {
        const child = this.#first[node]! + i;
        p[this.trie.symbols[child]!]! += this.trie.counts[child]! / total;
      }
    }
    let first = 0;
    let second = 0;
    for (const each of p) {
      const log = Math.log(each);
      first += each * log;
      second += each * log * log;
    }
    this.#mean[contexts[deepest]!] = first;
    this.#variance[contexts[deepest]!] = Math.max(0, second - first * first);
  }

  #child(node: number, symbol: number): number {
    let low = this.#first[node]!;
    const end = low + this.trie.childCounts[node]!;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.trie.symbols[middle]! < symbol) low = middle + 1;
      else high = middle;
    }
    return low < end && this.trie.symbols[low] === symbol ? low : -1;
  }
}

/**
 * Conditional curvature a symbol: (ln p(x) - mu) / sqrt(sigma^2), with the expected value and the variance of ln p under the model itself,
 * divided by the square root of the number of symbols so that a long text is no larger. Source: Bao et al. 2024,
 * "Fast-DetectGPT", ICLR, conditional probability curvature with sampling and scoring model one and the same, so that mu and sigma
 * are sums and need no samples. 0 for an empty text.
 */
export function curvatureOf({ symbols, logP, mean, variance }: Likelihood): number {
  return symbols === 0 || variance === 0 ? 0 : (logP - mean) / Math.sqrt(variance * symbols);
}
