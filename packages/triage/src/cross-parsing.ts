import { UNKNOWN } from './prepared-text.js';

/**
 * A suffix automaton of a prelude: recognises every substring of it. At most 2n states, built in O(n * alphabet). Source:
 * Blumer et al. 1985, "The smallest automaton recognizing the subwords of a text".
 */
export class Prelude {
  readonly symbols: Uint16Array;
  /** First edge of a state; edges of one state are a list. */
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  readonly #symbol: Uint16Array;
  readonly #target: Int32Array;
  #edges = 0;

  constructor(symbols: Uint16Array) {
    const n = symbols.length;
    this.symbols = symbols;
    this.#head = new Int32Array(2 * n + 2).fill(-1);
    this.#next = new Int32Array(3 * n + 4);
    this.#symbol = new Uint16Array(3 * n + 4);
    this.#target = new Int32Array(3 * n + 4);
    const lengths = new Int32Array(2 * n + 2);
    const links = new Int32Array(2 * n + 2).fill(-1);
    let states = 1;
    let last = 0;
    for (const symbol of symbols) {
      const state = states++;
      lengths[state] = lengths[last]! + 1;
      let from = last;
      for (; from >= 0 && this.#edge(from, symbol) < 0; from = links[from]!)
        this.#addEdge(from, symbol, state);
      if (from < 0) links[state] = 0;
      else {
        const target = this.#target[this.#edge(from, symbol)]!;
        if (lengths[target] === lengths[from]! + 1) links[state] = target;
        else {
          const clone = states++;
          lengths[clone] = lengths[from]! + 1;
          links[clone] = links[target]!;
          for (let edge = this.#head[target]!; edge >= 0; edge = this.#next[edge]!)
            this.#addEdge(clone, this.#symbol[edge]!, this.#target[edge]!);
          for (; from >= 0; from = links[from]!) {
            const edge = this.#edge(from, symbol);
            if (edge < 0 || this.#target[edge] !== target) break;
            this.#target[edge] = clone;
          }
          links[target] = clone;
          links[state] = clone;
        }
      }
      last = state;
    }
  }

  /**
   * Cross-entropy of a text relative to the prelude, in nats a symbol: c ln(n) / m, where c is the number of phrases when
   * each is the longest stretch found in the prelude (or one symbol, where none is), n the length of the prelude and m
   * of the text. Source: Ziv and Merhav 1993, "A measure of relative entropy between individual sequences with application to universal
   * classification", IEEE Trans. Inf. Theory 39, the cross-parsing term alone. Linear in the text. Checked against a search of the prelude.
   */
  measure(text: Uint16Array): number {
    if (text.length === 0) return 0;
    let phrases = 0;
    let state = 0;
    for (const symbol of text) {
      let edge = symbol === UNKNOWN ? -1 : this.#edge(state, symbol);
      if (edge < 0 && state !== 0) {
        phrases++;
        state = 0;
        edge = symbol === UNKNOWN ? -1 : this.#edge(0, symbol);
      }
      if (edge < 0) phrases++;
      else state = this.#target[edge]!;
    }
    if (state !== 0) phrases++;
    return (phrases * Math.log(Math.max(2, this.symbols.length))) / text.length;
  }

  #edge(state: number, symbol: number): number {
    for (let edge = this.#head[state]!; edge >= 0; edge = this.#next[edge]!)
      if (this.#symbol[edge] === symbol) return edge;
    return -1;
  }

  #addEdge(state: number, symbol: number, target: number): void {
    const edge = this.#edges++;
    this.#symbol[edge] = symbol;
    this.#target[edge] = target;
    this.#next[edge] = this.#head[state]!;
    this.#head[state] = edge;
  }
}
