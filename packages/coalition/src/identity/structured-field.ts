import { toBase64 } from '@phalanx/core';
import { deny } from './denial.js';

/** What a stranger's field may cost. Everything beyond is refused. */
const MOST = { characters: 8_192, members: 16, items: 32, parameters: 16 } as const;

/** A token of RFC 9651 section 3.3.4, which is not the string of the same characters. */
export interface Token {
  readonly token: string;
}

/** Integers, strings, tokens, byte sequences and booleans. No decimals, dates and display strings: no field read here has them. */
export type BareItem = number | string | boolean | Token | Uint8Array;
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly value: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Dictionary = ReadonlyMap<string, Item | InnerList>;

/**
 * Parses a dictionary (RFC 9651 section 4.2.2). Stricter than the RFC in one point: a key that stands twice, in a dictionary or in
 * parameters, is refused, since a parser that takes the first and one that takes the last would read different messages.
 *
 * @throws PhalanxError `COALITION_IDENTITY` for what is no such dictionary or beyond the limits, in time linear in its length
 */
export function parseDictionary(text: string): Dictionary {
  if (text.length > MOST.characters) return deny('a structured field is too long');
  const scanner = new Scanner(text);
  const dictionary = new Map<string, Item | InnerList>();
  scanner.skip(' ');
  while (!scanner.atEnd) {
    const key = scanner.readKey();
    if (dictionary.has(key)) return deny('a structured field has a key twice');
    if (dictionary.size === MOST.members) return deny('a structured field has too many members');
    dictionary.set(
      key,
      scanner.take('=') ? scanner.readMember() : { value: true, parameters: scanner.readParameters() },
    );
    scanner.skip(' \t');
    if (scanner.atEnd) break;
    scanner.expect(',');
    scanner.skip(' \t');
    if (scanner.atEnd) return deny('a structured field ends in a comma');
  }
  return dictionary;
}

class Scanner {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.#at === this.text.length;
  }

  take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) deny('a structured field is malformed');
  }

  skip(characters: string): void {
    while (!this.atEnd && characters.includes(this.text[this.#at]!)) this.#at++;
  }

  /** Reads what a sticky expression matches here. The expressions below have one quantifier each, so they cannot backtrack. */
  #read(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.text)?.[0];
    if (found === undefined) return deny('a structured field is malformed');
    this.#at += found.length;
    return found;
  }

  readKey(): string {
    return this.#read(/[a-z*][a-z0-9_.*-]*/y);
  }

  readMember(): Item | InnerList {
    return this.text[this.#at] === '(' ? this.#readInnerList() : this.#readItem();
  }

  #readInnerList(): InnerList {
    this.expect('(');
    const items: Item[] = [];
    for (;;) {
      this.skip(' ');
      if (this.take(')')) return { items, parameters: this.readParameters() };
      if (items.length === MOST.items) return deny('an inner list has too many items');
      items.push(this.#readItem());
      const next = this.text[this.#at];
      if (next !== ' ' && next !== ')') return deny('a structured field is malformed');
    }
  }

  #readItem(): Item {
    return { value: this.#readBareItem(), parameters: this.readParameters() };
  }

  readParameters(): Parameters {
    const parameters = new Map<string, BareItem>();
    while (this.take(';')) {
      this.skip(' ');
      const key = this.readKey();
      if (parameters.has(key)) return deny('a structured field has a parameter twice');
      if (parameters.size === MOST.parameters) return deny('a structured field has too many parameters');
      parameters.set(key, this.take('=') ? this.#readBareItem() : true);
    }
    return parameters;
  }

  #readBareItem(): BareItem {
    const first = this.text[this.#at];
    if (first === undefined) return deny('a structured field ends early');
    if (first === '"') return this.#readString();
    if (first === ':') return this.#readBytes();
    if (first === '?') return this.#read(/\?[01]/y) === '?1';
    if (/[A-Za-z*]/.test(first)) return { token: this.#read(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y) };
    const digits = this.#read(/-?[0-9]{1,15}/y);
    // `1.5` and `1234567890123456` are other types or nothing; what follows an item is looked at by who called.
    return Number(digits);
  }

  #readString(): string {
    const quoted = this.#read(/"(?:[ !#-[\]-~]|\\["\\])*"/y);
    return quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
  }

  #readBytes(): Uint8Array {
    const text = this.#read(/:[A-Za-z0-9+/=]*:/y).slice(1, -1);
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) return deny('a byte sequence is not canonical Base64');
    return new Uint8Array(bytes);
  }
}

/** Writes a dictionary (RFC 9651 section 4.1.2). @throws PhalanxError `COALITION_IDENTITY` for a value without a form there */
export function formatDictionary(dictionary: Dictionary): string {
  return [...dictionary]
    .map(([key, member]) => `${key}=${'items' in member ? formatInnerList(member) : formatItem(member)}`)
    .join(', ');
}

/** Writes an inner list with its parameters (RFC 9651 section 4.1.1.1). @throws as `formatDictionary` */
export function formatInnerList({ items, parameters }: InnerList): string {
  return `(${items.map(formatItem).join(' ')})${formatParameters(parameters)}`;
}

/** Writes an item with its parameters (RFC 9651 section 4.1.3). @throws as `formatDictionary` */
export function formatItem({ value, parameters }: Item): string {
  return `${formatBareItem(value)}${formatParameters(parameters)}`;
}

function formatParameters(parameters: Parameters): string {
  return [...parameters]
    .map(([key, value]) => (value === true ? `;${key}` : `;${key}=${formatBareItem(value)}`))
    .join('');
}

function formatBareItem(value: BareItem): string {
  if (value instanceof Uint8Array) return `:${toBase64(value)}:`;
  switch (typeof value) {
    case 'boolean':
      return value ? '?1' : '?0';
    case 'number':
      if (!Number.isInteger(value) || Math.abs(value) > 999_999_999_999_999) return deny('no such integer');
      return `${value}`;
    case 'string':
      if (!/^[ -~]*$/.test(value)) return deny('a string that is not printable ASCII');
      return `"${value.replace(/["\\]/g, '\\$&')}"`;
    default:
      return value.token;
  }
}
