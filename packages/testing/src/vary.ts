import { measureNearRepeats } from './near-repeat.js';
import { findWords } from './prompt-tokens.js';
import { hashString, mixPair } from './random.js';

/** Share of the prompts above which a word belongs to the source's own frame (template, function word) and stays. */
const FRAME_SHARE = 0.02;
const NUMBER = /^\p{N}+$/u;

interface WordClass {
  readonly words: string[];
}

/**
 * Makes new prompts of the same style when a finite source has been drawn empty.
 *
 * Round 0 is the source itself. In round r > 0 every word outside the frame is replaced by another word of the source
 * of the same class (case, ending, frequency quartile) through a bijection that depends on r alone, numbers by numbers
 * of equal length; if that leaves more than half of a prompt's distinct words in place, frame words follow, rarest
 * first. A bijection keeps who-resembles-whom inside a round exactly; between rounds prompts are strangers.
 *
 * Left at that, the collision rate 2k/n^2 would fall as 1/rounds: popular questions would be popular only within their
 * round. So a prompt with c - 1 near-repeats in its source keeps its wording (one word changed when it has six or more,
 * none when it has an exact twin) with probability q, q^2 = min(1, (c - 1) / (1 + (c - 1) / 2)): then c q^2 pairs of a
 * prompt with itself and half of the c(c - 1) q^2 pairs with its neighbours, the measured survival of a changed word,
 * make up c(c - 1) similar pairs between two rounds, as many as within one. A source without near-repeats therefore
 * never repeats, however long it is drawn.
 * The result reads as word salad in the original grammar: its look, frame and repeats are realistic, its sense is not.
 */
export class Variation {
  readonly #texts: readonly string[];
  readonly #frame = new Set<string>();
  readonly #share = new Map<string, number>();
  readonly #place = new Map<string, { readonly list: WordClass; readonly at: number }>();
  readonly #neighbours: Uint32Array;
  readonly #twin: Uint8Array;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    const frequency = new Map<string, number>();
    for (const text of texts) for (const word of new Set(splitWords(text))) count(frequency, word);
    const classes = new Map<string, string[]>();
    for (const [word, documents] of frequency) {
      const share = documents / texts.length;
      this.#share.set(word, share);
      if (share >= FRAME_SHARE && documents >= 4) this.#frame.add(word);
      if (NUMBER.test(word)) continue;
      const name = `${classify(word)}${Math.floor(Math.log(documents) / Math.log(4))}`;
      const list = classes.get(name);
      if (list === undefined) classes.set(name, [word]);
      else list.push(word);
    }
    for (const words of classes.values()) {
      const list = { words: words.sort() };
      words.forEach((word, at) => {
        this.#place.set(word, { list, at });
      });
    }
    const { neighbours, twin } = measureNearRepeats(texts);
    this.#neighbours = neighbours;
    this.#twin = twin;
  }

  /** The prompt of this base index, 0 <= base < source size, in this round >= 0. */
  render(base: number, round: number): string {
    const text = this.#texts[base]!;
    if (round === 0) return text;
    const neighbours = this.#neighbours[base]!;
    if (neighbours > 0) {
      const keep = Math.min(1, neighbours / (1 + neighbours / 2));
      if (mixPair(base + 1, round) / 4294967296 < Math.sqrt(keep)) return this.#keep(text, base, round);
    }
    const distinct = new Set(splitWords(text));
    const open = [...distinct].filter((word) => !this.#frame.has(word));
    const changed = new Set(open);
    const needed = Math.ceil(distinct.size / 2) - changed.size;
    if (needed > 0) {
      const frame = [...distinct].filter((word) => this.#frame.has(word));
      frame.sort((a, b) => this.#share.get(a)! - this.#share.get(b)!);
      for (const word of frame.slice(0, needed)) changed.add(word);
    }
    return replaceWords(text, (word) => (changed.has(word) ? this.#replace(word, round, 0) : word));
  }

  #keep(text: string, base: number, round: number): string {
    const distinct = new Set(splitWords(text));
    if (this.#twin[base] === 1 || distinct.size < 6) return text;
    // The same word in every round, so that two rounds differ in one word and not in two.
    const rarest = [...distinct].reduce((a, b) => (this.#share.get(b)! < this.#share.get(a)! ? b : a));
    return replaceWords(text, (word) => (word === rarest ? this.#replace(word, round, 0) : word));
  }

  #replace(word: string, round: number, salt: number): string {
    if (NUMBER.test(word)) return replaceDigits(word, mixPair(round, salt));
    const place = this.#place.get(word);
    if (place === undefined) return word;
    const { words } = place.list;
    // A rotation of the class by an amount that depends on round and class: never the identity once it has two words.
    if (words.length === 1) return word;
    const turn = 1 + (mixPair(hashString(words[0]!, salt), round) % (words.length - 1));
    return words[(place.at + turn) % words.length]!;
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function splitWords(text: string): string[] {
  const spans = findWords(text);
  const words: string[] = [];
  for (let i = 0; i < spans.length; i += 2) words.push(text.slice(spans[i], spans[i + 1]));
  return words;
}

function replaceWords(text: string, replace: (word: string) => string): string {
  const spans = findWords(text);
  let out = '';
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    out += text.slice(at, spans[i]) + replace(text.slice(spans[i], spans[i + 1]));
    at = spans[i + 1]!;
  }
  return out + text.slice(at);
}

function replaceDigits(digits: string, salt: number): string {
  let out = '';
  for (let i = 0; i < digits.length; i++) {
    const h = hashString(digits, salt ^ i);
    out += i === 0 && digits.length > 1 ? 1 + (h % 9) : h % 10;
  }
  return out;
}

function classify(word: string): string {
  const first = word[0]!;
  const look =
    word.length > 1 && word === word.toUpperCase() && word !== word.toLowerCase()
      ? 'U'
      : first !== first.toLowerCase()
        ? 'C'
        : 'l';
  if (/^[^\p{ASCII}]/u.test(word)) return `${look}x`;
  const ending = /(?:ing|ed|ly|es|s|er|tion)$/.exec(word)?.[0] ?? '-';
  return `${look}${ending}`;
}
