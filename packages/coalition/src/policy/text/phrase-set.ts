import { type FoldedWords, foldLetters } from './folded-words.js';

/** Words of which one must stand; or, where `words` is null, up to `GAP` of any. */
interface Part {
  readonly words: ReadonlySet<string> | null;
  readonly starts: readonly string[];
  readonly inside: readonly string[];
  readonly number: boolean;
}

/** Words that a gap may stand for. */
const GAP = 4;
/** A phrase cut into pieces ("pri cing") is found by its letters in a row from this many on. */
const COMPACT_LETTERS = 11;
/** Characters between two parts of a phrase of a script without spaces. */
const DENSE_GAP = 8;
const NUMBER_WORDS = new Set(
  (
    'two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand ' +
    'thousands million millions billion billions dozen dozens half ' +
    'zwei drei vier funf sechs sieben acht neun zehn elf zwolf zwanzig dreissig vierzig funfzig hundert tausend tausende millionen milliarden dutzend ' +
    'deux trois quatre cinq six sept huit neuf dix onze douze vingt trente quarante cinquante cent cents mille millions milliards douzaine ' +
    'dos tres cuatro cinco seis siete ocho nueve diez doce veinte treinta cuarenta cincuenta cien cientos mil millones docena ' +
    'quattro cinque sette otto nove dieci venti cento mila milioni miliardi dois quatro sete oito dez vinte cem milhoes k m bn mn mio mrd'
  ).split(' '),
);
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const DENSE_NUMBER = '0123456789〇零一二两兩三四五六七八九十百千万萬亿億';

/**
 * Phrases that are looked for in any text, compiled once. One a line or between semicolons: words in lower case without accents; `*` at the
 * end of a word stands for any ending, at both ends for any word around it; `_` for up to four words; `#` for a number in digits
 * or words; `(a/b)` for either. Scripts without spaces are matched by characters, `…` for up to eight.
 */
export class PhraseSet {
  readonly #byWord = new Map<string, (readonly Part[])[]>();
  /** By the first three letters. */
  readonly #byStart = new Map<string, (readonly Part[])[]>();
  readonly #others: (readonly Part[])[] = [];
  readonly #compact: string[] = [];
  readonly #dense: (readonly string[])[] = [];

  constructor(source: string) {
    for (const line of source.split(/[;\n]/)) {
      const phrase = line.trim();
      // Folding would make three points of the sign for a gap.
      if (DENSE.test(phrase)) this.#dense.push(phrase.replaceAll(' ', '').split('…').map(foldLetters));
      else if (phrase !== '') for (const one of expandGroups(foldLetters(phrase))) this.#add(one);
    }
  }

  /** The words of the first phrase that the text has; null when there is none. */
  find({ words, compact }: FoldedWords): string | null {
    for (const [at, word] of words.entries()) {
      const candidates = [
        this.#byWord.get(word),
        word.length >= 3 ? this.#byStart.get(word.slice(0, 3)) : undefined,
        this.#others,
      ];
      for (const list of candidates)
        for (const phrase of list ?? []) {
          const end = matchAt(words, at, phrase, 0);
          if (end > 0) return words.slice(at, end).join(' ');
        }
    }
    return (
      this.#compact.find((needle) => compact.includes(needle)) ??
      (DENSE.test(compact) ? this.#dense.find((parts) => matchDense(compact, parts))?.join('…') : null) ??
      null
    );
  }

  #add(phrase: string): void {
    const tokens = phrase.match(/\([^)]*\)|\S+/g) ?? [];
    const parts = tokens.map(readPart);
    const { words, starts, inside, number } = parts[0]!;
    for (const word of words ?? []) listAt(this.#byWord, word).push(parts);
    for (const start of starts) listAt(this.#byStart, start.slice(0, 3)).push(parts);
    if (words === null || number || inside.length > 0) this.#others.push(parts);
    const letters = phrase.replace(/[ *]/g, '');
    if (/^[\p{L}* ]+$/u.test(phrase) && letters.length >= COMPACT_LETTERS) this.#compact.push(letters);
  }
}

/** Groups with options of several words, or with a gap among them, as one phrase for each of these and one for the rest. */
function expandGroups(phrase: string): string[] {
  const found = /\(([^)]*(?:[^)/] [^)/]|(?<=[(/])_(?=[/)]))[^)]*)\)/.exec(phrase);
  if (found === null) return [phrase];
  const options = found[1]!.split('/');
  const single = options.filter((option) => !option.includes(' ') && option !== '_');
  const put = (text: string) =>
    phrase.slice(0, found.index) + text + phrase.slice(found.index + found[0].length);
  const rest = single.length === 0 ? [] : [put(`(${single.join('/')})`)];
  const others = options.filter((option) => !single.includes(option)).map((option) => put(option));
  return [...rest, ...others].flatMap(expandGroups);
}

function readPart(token: string): Part {
  if (token === '_') return { words: null, starts: [], inside: [], number: false };
  const options = token.startsWith('(') ? token.slice(1, -1).split('/') : [token];
  const inside = options
    .filter((option) => option.startsWith('*'))
    .map((option) => option.replaceAll('*', ''));
  const starts = options.filter((option) => /^[^*]+\*$/.test(option)).map((option) => option.slice(0, -1));
  const words = new Set(options.filter((option) => !option.includes('*') && option !== '#'));
  return { words, starts, inside, number: options.includes('#') };
}

/** Where the phrase ends, 0 where it does not stand. A gap tries each of its few lengths: constant work a word. */
function matchAt(words: readonly string[], at: number, phrase: readonly Part[], part: number): number {
  if (part === phrase.length) return at;
  const wanted = phrase[part]!;
  if (wanted.words === null) {
    for (let skip = 0; skip <= GAP; skip++) {
      const end = matchAt(words, at + skip, phrase, part + 1);
      if (end > 0) return end;
    }
    return 0;
  }
  const word = words[at];
  return word !== undefined && isWanted(word, wanted) ? matchAt(words, at + 1, phrase, part + 1) : 0;
}

function isWanted(word: string, { words, starts, inside, number }: Part): boolean {
  return (
    words!.has(word) ||
    starts.some((start) => word.startsWith(start)) ||
    inside.some((piece) => word.includes(piece)) ||
    (number && isNumberWord(word))
  );
}

/** A number in digits or, up to large ones, in the words of six languages. */
export function isNumberWord(word: string): boolean {
  return /^\p{N}+$/u.test(word) || NUMBER_WORDS.has(word);
}

function matchDense(text: string, parts: readonly string[]): boolean {
  for (let at = 0; at < text.length; at++) {
    let end = endOfDense(text, at, parts[0]!);
    for (const part of parts.slice(1)) {
      if (end < 0) break;
      const from = end;
      end = -1;
      for (let skip = 0; skip <= DENSE_GAP && end < 0; skip++) end = endOfDense(text, from + skip, part);
    }
    if (end >= 0) return true;
  }
  return false;
}

/** Longest number that a phrase of a script without spaces takes, in digits. */
const DENSE_DIGITS = 12;

/** Where `part` ends that begins at `at`, `#` standing for the digits of a number; -1 where it does not stand. */
function endOfDense(text: string, at: number, part: string): number {
  let end = at;
  for (const wanted of part) {
    if (wanted !== '#') {
      if (text[end++] !== wanted) return -1;
      continue;
    }
    const first = end;
    while (end < text.length && end - first < DENSE_DIGITS && DENSE_NUMBER.includes(text[end]!)) end++;
    if (end === first) return -1;
  }
  return end;
}

function listAt<T>(map: Map<string, T[]>, key: string): T[] {
  const found = map.get(key) ?? [];
  map.set(key, found);
  return found;
}
