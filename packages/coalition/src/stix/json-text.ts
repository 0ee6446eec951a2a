import { fromUtf8, type Json } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { STIX_LIMITS } from './stix-limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const NOT_SPACE = /[^ \t\n\r]/g;

/**
 * Reads JSON of a stranger (RFC 8259 within I-JSON, RFC 7493): UTF-8, no member twice in one object, no lone surrogate,
 * no integer beyond 2^53 - 1 (STIX 2.1 section 2.10) and no number that is not finite. One pass over the text finds all of it
 * before anything is built.
 *
 * @throws PhalanxError `COALITION_STIX` for what is no such JSON; `COALITION_LIMIT` beyond `jsonBytes`, `jsonDepth`, `jsonValues`,
 *   `jsonMembers`, `stringUnits` or `numberCharacters`
 */
export function parseJson(bytes: Uint8Array): Json {
  if (bytes.byteLength > STIX_LIMITS.jsonBytes) {
    refuse('COALITION_LIMIT', `${bytes.byteLength} bytes of JSON`, 'send less at a time');
  }
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch (error) {
    return refuse('COALITION_STIX', 'the text is not UTF-8', 'encode it so', error);
  }
  new Scan(text).run();
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    return refuse('COALITION_STIX', 'the text is not JSON', 'correct it', error);
  }
}

/** Limits and duplicates. Says nothing of the grammar, which `JSON.parse` knows. */
class Scan {
  readonly #text: string;
  #at = 0;
  #values = 0;
  /** Open arrays and objects; used again, since a text may open a hundred thousand. */
  readonly #levels = Array.from({ length: STIX_LIMITS.jsonDepth + 1 }, () => new Level());
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    const text = this.#text;
    let wantsName = false;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code <= SPACE) {
        this.#at = skipSpace(text, this.#at);
        continue;
      }
      if (code === QUOTE) {
        const raw = this.#string();
        if (wantsName) this.#levels[this.#depth]!.addName(raw);
        else this.#count();
        wantsName = false;
        continue;
      }
      if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
        this.#number();
        continue;
      }
      this.#at++;
      if (code === 0x7b || code === 0x5b) {
        this.#count();
        if (++this.#depth > STIX_LIMITS.jsonDepth) {
          refuse('COALITION_LIMIT', `JSON deeper than ${STIX_LIMITS.jsonDepth}`, 'flatten it');
        }
        this.#levels[this.#depth]!.open(code === 0x7b);
        wantsName = code === 0x7b;
      } else if (code === 0x7d || code === 0x5d) {
        this.#depth = Math.max(0, this.#depth - 1);
        wantsName = false;
      } else if (code === 0x2c) {
        wantsName = this.#depth > 0 && this.#levels[this.#depth]!.isObject;
      }
    }
  }

  /** The string with its quotes. */
  #string(): string {
    const text = this.#text;
    const from = this.#at;
    let end = from + 1;
    for (;;) {
      const quote = text.indexOf('"', end);
      if (quote < 0) refuse('COALITION_STIX', 'a string has no end', 'correct the JSON');
      let slashes = 0;
      while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH && quote - 1 - slashes > from) slashes++;
      end = quote + 1;
      if (slashes % 2 === 0) break;
    }
    this.#at = end;
    if (end - from - 2 > STIX_LIMITS.stringUnits) {
      refuse('COALITION_LIMIT', `a string of ${end - from - 2} characters`, 'shorten it');
    }
    const raw = text.slice(from, end);
    if (raw.includes('\\') && /\\u[dD][89a-fA-F]/.test(raw) && hasLoneSurrogate(raw)) {
      refuse('COALITION_STIX', 'a string has a lone surrogate', 'no text in Unicode has one');
    }
    return raw;
  }

  #number(): void {
    this.#count();
    const from = this.#at;
    const text = this.#text;
    let integer = true;
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (code === 0x2e || code === 0x45 || code === 0x65) integer = false;
      else if (!(code >= 0x30 && code <= 0x39) && code !== 0x2d && code !== 0x2b) break;
    }
    if (this.#at - from > STIX_LIMITS.numberCharacters) {
      refuse('COALITION_LIMIT', `a number of ${this.#at - from} characters`, 'a double needs fewer');
    }
    const value = Number(text.slice(from, this.#at));
    if (integer ? Math.abs(value) > Number.MAX_SAFE_INTEGER : Math.abs(value) === Number.POSITIVE_INFINITY) {
      refuse('COALITION_STIX', 'a number is beyond what others can read', 'integers end at 2^53 - 1');
    }
  }

  #count(): void {
    if (++this.#values > STIX_LIMITS.jsonValues) {
      refuse(
        'COALITION_LIMIT',
        `more than ${STIX_LIMITS.jsonValues} values in one JSON`,
        'send less at a time',
      );
    }
  }
}

/** From this many names on a set is quicker than looking through a list; most objects have fewer. */
const NAMES_IN_LIST = 16;

/** An array or object that is open, and the names of its members so far. */
class Level {
  isObject = false;
  readonly #few: string[] = [];
  #many: Set<string> | null = null;

  open(isObject: boolean): void {
    this.isObject = isObject;
    this.#few.length = 0;
    this.#many = null;
  }

  addName(raw: string): void {
    const name = raw.includes('\\') ? unescapeName(raw) : raw;
    if (this.#many?.has(name) ?? this.#few.includes(name)) {
      refuse('COALITION_STIX', 'an object has a member twice', 'readers would differ on which one counts');
    }
    if (this.#many !== null) this.#many.add(name);
    else if (this.#few.push(name) === NAMES_IN_LIST) this.#many = new Set(this.#few);
    if (this.#many !== null && this.#many.size > STIX_LIMITS.jsonMembers) {
      refuse('COALITION_LIMIT', `an object of more than ${STIX_LIMITS.jsonMembers} members`, 'split it');
    }
  }
}

/** Where what is no space comes next: ten mebibytes of spaces take 11 ms so, and 60 one by one. */
function skipSpace(text: string, from: number): number {
  NOT_SPACE.lastIndex = from + 1;
  return NOT_SPACE.test(text) ? NOT_SPACE.lastIndex - 1 : text.length;
}

function unescapeName(raw: string): string {
  try {
    return `"${JSON.parse(raw) as string}"`;
  } catch (error) {
    return refuse('COALITION_STIX', 'a member has a name that is no JSON string', 'correct it', error);
  }
}

function hasLoneSurrogate(raw: string): boolean {
  try {
    return /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(
      JSON.parse(raw) as string,
    );
  } catch {
    return false;
  }
}
