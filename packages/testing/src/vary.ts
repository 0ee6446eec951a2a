import { measureNearRepeats } from './near-repeat.js';
import { findWords } from './prompt-tokens.js';
import { hashString, mix32, mixPair } from './random.js';

/** Share of the prompts above which a word belongs to the source's own frame (template, function word) and stays. */
const FRAME_SHARE = 0.02;
const NUMBER = /^\p{N}+$/u;

interface WordClass {
  readonly words: string[];
  readonly salt: number;
}

/** A base prompt taken apart: `gaps[i]` stands before `words[i]`, the last gap after all. */
interface Parsed {
  readonly gaps: readonly string[];
  readonly words: readonly string[];
  /** Where each word can be replaced from; null for a word that never is. */
  readonly places: readonly (Place | null)[];
  /** Words replaced in a varied prompt. */
  readonly varied: Uint8Array;
}

interface Place {
  readonly list: WordClass;
  readonly at: number;
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
 * round. So a prompt with c - 1 others of the same words in its source keeps its wording with probability q,
 * q^2 = (c - 1) / c: of the c^2 pairs that its cluster makes up between two rounds, c(c - 1) are then the same, as many as
 * within one. A source without repeats gains none by this rule; what chance adds in a source of few words is below 3e-6
 * (measured on the built-in styles). Prompts that are only alike are alike within their round and strangers between two.
 * The result reads as word salad in the original grammar: its look, frame and repeats are realistic, its sense is not.
 */
export class Variation {
  readonly #texts: readonly string[];
  readonly #frame = new Set<string>();
  readonly #share = new Map<string, number>();
  readonly #place = new Map<string, Place>();
  readonly #parsed = new Map<number, Parsed>();
  readonly #twins: Uint32Array;

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
      words.sort();
      const list = { words, salt: hashString(words[0]!) };
      words.forEach((word, at) => {
        this.#place.set(word, { list, at });
      });
    }
    this.#twins = measureNearRepeats(texts).twins;
  }

  /** The prompt of this base index, 0 <= base < source size, in this round >= 0. */
  render(base: number, round: number): string {
    if (round === 0) return this.#texts[base]!;
    const twins = this.#twins[base]!;
    if (twins > 0 && mixPair(base + 1, round) / 4294967296 < Math.sqrt(twins / (twins + 1)))
      return this.#texts[base]!;
    let parsed = this.#parsed.get(base);
    if (parsed === undefined) this.#parsed.set(base, (parsed = this.#parse(base)));
    const { gaps, words, places, varied } = parsed;
    let out = gaps[0]!;
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      out += (varied[i] === 1 ? replaceWord(word, places[i]!, round) : word) + gaps[i + 1]!;
    }
    return out;
  }

  #parse(base: number): Parsed {
    const text = this.#texts[base]!;
    const spans = findWords(text);
    const gaps: string[] = [];
    const words: string[] = [];
    let at = 0;
    for (let i = 0; i < spans.length; i += 2) {
      gaps.push(text.slice(at, spans[i]));
      words.push(text.slice(spans[i], spans[i + 1]));
      at = spans[i + 1]!;
    }
    gaps.push(text.slice(at));
    const distinct = [...new Set(words)];
    const changed = new Set(distinct.filter((word) => !this.#frame.has(word)));
    const needed = Math.ceil(distinct.length / 2) - changed.size;
    if (needed > 0) {
      const frame = distinct.filter((word) => this.#frame.has(word));
      frame.sort((a, b) => this.#share.get(a)! - this.#share.get(b)!);
      for (const word of frame.slice(0, needed)) changed.add(word);
    }
    return {
      gaps,
      words,
      places: words.map((word) => this.#place.get(word) ?? null),
      varied: Uint8Array.from(words, (word) => Number(changed.has(word))),
    };
  }
}

/** A rotation of the word's class by an amount that depends on class and round; never by 0 once it has two words. */
function replaceWord(word: string, place: Place | null, round: number): string {
  if (place === null) return NUMBER.test(word) ? replaceDigits(word, mix32(round)) : word;
  const { words, salt } = place.list;
  if (words.length === 1) return word;
  return words[(place.at + 1 + (mixPair(salt, round) % (words.length - 1))) % words.length]!;
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
