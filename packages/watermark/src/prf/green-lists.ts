import { requireInteger } from '../watermark-error.js';
import { MAX_TORCH_NUMBERS, torchKernel } from './torch-generator.js';

/** Tokens asked of one list from which its bitmap is made: it costs what following some 20 more tokens does. */
const WORTH_A_BITMAP = 8;
/** Lists asked for lately, by seed, with how many tokens were asked of them. */
const RECENT = 1 << 14;
/** Lists held at most, however small they are. */
const MAX_LISTS = 2 ** 17;
/** Vocabularies and sizes whose lists are held at a time. */
const MAX_SHARED = 4;
/** Rows sorted at a time: seed and row share the 53 bits of a double. */
const MAX_ROWS = 2 ** 20;

const shared = new Map<string, GreenLists>();

/**
 * The lists of a vocabulary and a size, one a process: a list depends on its seed alone, so marks of many keys share
 * what is held. Four are kept, those asked for last, of 128 MiB at most each.
 */
export function openGreenLists(vocabulary: number, size: number): GreenLists {
  const name = `${vocabulary}/${size}`;
  const lists = shared.get(name) ?? new GreenLists({ vocabulary, size });
  shared.delete(name);
  shared.set(name, lists);
  if (shared.size > MAX_SHARED) shared.delete(shared.keys().next().value!);
  return lists;
}

/** Of what a vocabulary and a share make, and how much memory may hold. */
export interface GreenListOptions {
  /** Tokens there are, at most 2^20. */
  readonly vocabulary: number;
  /** Tokens on a list. */
  readonly size: number;
  /** Memory for bitmaps of lists; default 128 MiB. */
  readonly cacheBytes?: number;
}

/**
 * Lists of green tokens: the first `size` of torch's randperm under the seed of a context. For a list asked for once,
 * only the token is followed; lists that recur are kept as bitmaps until memory is short, those used lately longest
 * (second chance).
 */
export class GreenLists {
  readonly vocabulary: number;
  readonly size: number;
  readonly #wordsPerList: number;
  readonly #places: number;
  #bits = new Uint32Array(0);
  readonly #placeOf = new Map<number, number>();
  readonly #seeds: Uint32Array;
  readonly #used: Uint8Array;
  #hand = 0;
  readonly #recentSeeds = new Uint32Array(RECENT);
  readonly #recentAsked = new Uint8Array(RECENT);

  /** @throws PhalanxError `MARK_ARGUMENT` for sizes outside what is stated. */
  constructor({ vocabulary, size, cacheBytes = 2 ** 27 }: GreenListOptions) {
    requireInteger(vocabulary, 'vocabulary', 1, MAX_TORCH_NUMBERS);
    requireInteger(size, 'size of a green list', 0, vocabulary);
    requireInteger(cacheBytes, 'bytes of the cache', 0, 2 ** 32);
    this.vocabulary = vocabulary;
    this.size = size;
    this.#wordsPerList = Math.ceil(vocabulary / 32);
    this.#places = Math.min(MAX_LISTS, Math.floor(cacheBytes / (this.#wordsPerList * 4)));
    this.#seeds = new Uint32Array(this.#places);
    this.#used = new Uint8Array(this.#places);
  }

  /** Lists held as bitmaps. */
  get cached(): number {
    return this.#placeOf.size;
  }

  /** 1 for each token that is on the list of the seed beside it, else 0; 0 for tokens outside the vocabulary. */
  read(seeds: Uint32Array, tokens: Int32Array): Uint8Array {
    const out = new Uint8Array(tokens.length);
    for (let from = 0; from < tokens.length; from += MAX_ROWS)
      this.#readPart(seeds, tokens, out, from, Math.min(tokens.length, from + MAX_ROWS));
    return out;
  }

  /** The same for tokens of one list. */
  readList(seed: number, tokens: Int32Array): Uint8Array {
    const out = new Uint8Array(tokens.length);
    const place = this.#placeOf.get(seed) ?? (this.#isWorth(seed, tokens.length) ? this.#addList(seed) : -1);
    if (place >= 0) {
      for (let i = 0; i < tokens.length; i++)
        if (this.#has(tokens[i]!)) out[i] = this.#lookUp(place, tokens[i]!);
      return out;
    }
    const rows = Uint32Array.from(tokens.keys()).filter((i) => this.#has(tokens[i]!));
    for (let from = 0; from < rows.length; from += MAX_ROWS)
      this.#follow(seed, rows.subarray(from, from + MAX_ROWS), tokens, out);
    return out;
  }

  #has(token: number): boolean {
    return token >= 0 && token < this.vocabulary;
  }

  #readPart(seeds: Uint32Array, tokens: Int32Array, out: Uint8Array, from: number, to: number): void {
    const open = new Float64Array(to - from);
    let count = 0;
    let lastSeed = -1;
    let place: number | undefined;
    for (let row = from; row < to; row++) {
      if (!this.#has(tokens[row]!)) continue;
      const seed = seeds[row]!;
      if (seed !== lastSeed) place = this.#placeOf.get(seed);
      lastSeed = seed;
      if (place === undefined) open[count++] = seed * MAX_ROWS + (row - from);
      else out[row] = this.#lookUp(place, tokens[row]!);
    }
    const rows = new Uint32Array(count);
    const sorted = open.subarray(0, count).sort();
    for (let i = 0; i < count; i++) rows[i] = from + (sorted[i]! % MAX_ROWS);
    for (let first = 0, last = 0; first < count; first = last) {
      const seed = seeds[rows[first]!]!;
      while (last < count && seeds[rows[last]!] === seed) last++;
      this.#readRows(seed, rows.subarray(first, last), tokens, out);
    }
  }

  /** Rows that ask for one list, which is not held. */
  #readRows(seed: number, rows: Uint32Array, tokens: Int32Array, out: Uint8Array): void {
    if (!this.#isWorth(seed, rows.length)) {
      this.#follow(seed, rows, tokens, out);
      return;
    }
    const place = this.#addList(seed);
    for (const row of rows) out[row] = this.#lookUp(place, tokens[row]!);
  }

  #follow(seed: number, rows: Uint32Array, tokens: Int32Array, out: Uint8Array): void {
    const kernel = torchKernel();
    for (let i = 0; i < rows.length; i++) kernel.rows[i] = tokens[rows[i]!]!;
    kernel.exports.follow(seed, this.vocabulary, this.size, rows.length);
    for (let i = 0; i < rows.length; i++) out[rows[i]!] = kernel.words[i]!;
  }

  /** Whether enough has been asked of a list, now and lately, to hold it. */
  #isWorth(seed: number, asked: number): boolean {
    if (this.#places === 0) return false;
    const slot = (Math.imul(seed, 0x9e3779b1) >>> 0) % RECENT;
    const before = this.#recentSeeds[slot] === seed ? this.#recentAsked[slot]! : 0;
    this.#recentSeeds[slot] = seed;
    this.#recentAsked[slot] = Math.min(255, before + asked);
    return before + asked >= WORTH_A_BITMAP;
  }

  #lookUp(place: number, token: number): number {
    this.#used[place] = 1;
    return (this.#bits[place * this.#wordsPerList + (token >>> 5)]! >>> (token & 31)) & 1;
  }

  #addList(seed: number): number {
    const place = this.#placeOf.size < this.#places ? this.#placeOf.size : this.#dropList();
    const kernel = torchKernel();
    kernel.exports.markList(seed, this.vocabulary, this.size);
    this.#reserve(place);
    this.#bits.set(kernel.words.subarray(0, this.#wordsPerList), place * this.#wordsPerList);
    this.#seeds[place] = seed;
    this.#placeOf.set(seed, place);
    return place;
  }

  /** The place of a list that was not used since the hand last passed it. */
  #dropList(): number {
    while (this.#used[this.#hand] === 1) {
      this.#used[this.#hand] = 0;
      this.#hand = (this.#hand + 1) % this.#places;
    }
    const place = this.#hand;
    this.#hand = (place + 1) % this.#places;
    this.#placeOf.delete(this.#seeds[place]!);
    return place;
  }

  /** Memory grows with the lists that are held, up to its limit. */
  #reserve(place: number): void {
    const words = (place + 1) * this.#wordsPerList;
    if (words <= this.#bits.length) return;
    const grown = new Uint32Array(
      Math.min(this.#places * this.#wordsPerList, Math.max(words, this.#bits.length * 2)),
    );
    grown.set(this.#bits);
    this.#bits = grown;
  }
}
