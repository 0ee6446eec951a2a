import { isUtf8 } from 'node:buffer';
import { openWasm } from '@phalanx/core';
import { KERNEL_BASE64 } from './scanner.wasm.js';

/** A key that a scanner knows. The object of the row itself is node 0; other nodes are numbered by whoever lists keys. */
export interface KnownKey {
  readonly node: number;
  readonly name: string;
  /** What the tape calls the value, 1..4095; its own in the whole shape, and distinct modulo 64 within a node. */
  readonly member: number;
  /** The node of an object (or, with `list`, of every object in a list) under this key. */
  readonly child?: number;
  readonly list?: boolean;
  /** Under a key with a child: a string is as good. */
  readonly text?: boolean;
  /** A string that comes again and again: remembered up to 512 bytes, so that equal ones are one string in memory. */
  readonly recurring?: boolean;
  /** Decodes an object or array under this key as a whole and keeps what this makes of it; remembered up to 512 bytes. */
  readonly derive?: (value: unknown) => unknown;
  /** Rows that have this key are refused. */
  readonly refused?: boolean;
}

/** What stands at a place of the tape. */
export const TapeKind = { VALUE: 0, BEGIN: 1, END: 2 } as const;

const NUMBER = 3;
const NUMBER_TEXT = 4;
const ASCII = 5;
const UTF8 = 6;
const RAW = 8;
const BEGIN = 9;
const END = 10;
const CACHED = 16;
const FRESH = 32;

const RECURRING = 1;
const WHOLE = 2;
const REFUSED = 4;
const LIST = 8;
const TEXT = 16;

const PAGES = 71;
const PADDING = 64;
const ENTRY_WORDS = 6;

interface Exports {
  readonly NAMES: { readonly value: number };
  readonly TAPE: { readonly value: number };
  readonly INPUT: { readonly value: number };
  readonly CACHE_SLOTS: { readonly value: number };
  start(): void;
  addKey(node: number, name: number, size: number, member: number, child: number, mode: number): void;
  entries(): number;
  scan(from: number, size: number): number;
}

/**
 * A JSON reader that makes only the values it is asked for.
 *
 * It validates a whole row by the grammar of RFC 8259 and leaves a tape: the values of known keys in their order, with
 * BEGIN and END around each object of a known node. Unknown members are validated and dropped. It may refuse any row (a
 * known key that comes twice, an escaped key, a value of a form that its key does not announce, nesting beyond 48,
 * 4096 entries); what it accepts, `JSON.parse` accepts too and gives the same values. So a caller falls back to
 * `JSON.parse` for refused rows, and nobody can tell which way a row went.
 *
 * About 7 MiB of memory; one a thread and shape.
 */
export class RowScanner {
  readonly #exports: Exports;
  readonly #bytes: Uint8Array;
  readonly #buffer: Buffer;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #cache: unknown[];
  readonly #derivations: (((value: unknown) => unknown) | undefined)[] = [];
  readonly #input: number;
  readonly #capacity: number;
  #size = 0;
  /** Entries on the tape. */
  length = 0;
  /** Value of each entry; meaningless for BEGIN and END. Good until the next `scan`. */
  readonly values: unknown[] = [];

  /** @throws RangeError for more than 200 keys, a key or member given twice, or members of one node that agree modulo 64. */
  constructor(keys: readonly KnownKey[]) {
    const { exports, buffer } = openWasm<Exports>(KERNEL_BASE64, PAGES);
    this.#exports = exports;
    this.#bytes = new Uint8Array(buffer);
    this.#buffer = Buffer.from(buffer);
    this.#words = new Int32Array(buffer, this.#exports.TAPE.value);
    this.#numbers = new Float64Array(buffer, this.#exports.TAPE.value);
    this.#cache = new Array(this.#exports.CACHE_SLOTS.value).fill(undefined);
    this.#input = this.#exports.INPUT.value;
    this.#capacity = buffer.byteLength - this.#input - PADDING;
    this.#exports.start();
    this.#addKeys(keys);
  }

  #addKeys(keys: readonly KnownKey[]): void {
    if (keys.length > 200) throw new RangeError('a scanner knows at most 200 keys');
    const taken = new Set<string>();
    let name = this.#exports.NAMES.value;
    for (const key of keys) {
      for (const mark of [
        `member ${key.member}`,
        `${key.node}:${key.member % 64}`,
        `${key.node}:${key.name}`,
      ]) {
        if (taken.has(mark)) throw new RangeError(`key ${key.name} of node ${key.node} clashes with another`);
        taken.add(mark);
      }
      const size = this.#buffer.write(key.name, name);
      const mode =
        (key.recurring ? RECURRING : 0) |
        (key.derive ? WHOLE : 0) |
        (key.refused ? REFUSED : 0) |
        (key.list ? LIST : 0) |
        (key.text ? TEXT : 0);
      this.#exports.addKey(key.node, name, size, key.member, key.child ?? 0, mode);
      this.#derivations[key.member] = key.derive;
      name += size;
    }
  }

  /** Takes a chunk of rows in; false when it is too long (2 MiB) or not UTF-8: then read it the ordinary way. */
  open(bytes: Uint8Array): boolean {
    if (bytes.length > this.#capacity || !isUtf8(bytes)) return false;
    this.#bytes.set(bytes, this.#input);
    this.#size = bytes.length;
    this.#bytes.fill(0, this.#input + this.#size, this.#input + this.#size + PADDING);
    return true;
  }

  /** Scans the row that begins at `from`; returns where its line ends, or -1 when the row is refused. */
  scan(from: number): number {
    const end = this.#exports.scan(from, this.#size);
    this.length = end === -1 ? 0 : this.#exports.entries();
    // All at once and in order: a remembered value must exist before the next row refers to it.
    for (let index = 0; index < this.length; index++) this.values[index] = this.#readValue(index);
    return end;
  }

  /** The member at a place of the tape; for BEGIN and END that of the object. */
  memberAt(index: number): number {
    return this.#words[index * ENTRY_WORDS]!;
  }

  kindAt(index: number): 0 | 1 | 2 {
    const kind = this.#words[index * ENTRY_WORDS + 1]!;
    return kind === BEGIN ? TapeKind.BEGIN : kind === END ? TapeKind.END : TapeKind.VALUE;
  }

  #readValue(index: number): unknown {
    const words = this.#words;
    const at = index * ENTRY_WORDS;
    const kind = words[at + 1]!;
    switch (kind) {
      case 0:
        return null;
      case 1:
        return false;
      case 2:
        return true;
      case NUMBER:
        return this.#numbers[index * (ENTRY_WORDS / 2) + 1];
      case BEGIN:
      case END:
        return undefined;
    }
    if (kind & CACHED) return this.#cache[words[at + 4]!];
    const from = this.#input + words[at + 2]!;
    const to = this.#input + words[at + 3]!;
    const value = this.#makeValue(kind & ~FRESH, from, to, words[at]!);
    if (kind & FRESH) this.#cache[words[at + 4]!] = value;
    return value;
  }

  #makeValue(kind: number, from: number, to: number, member: number): unknown {
    const buffer = this.#buffer;
    switch (kind) {
      case ASCII:
        return buffer.toString('latin1', from, to);
      case UTF8:
        return buffer.toString('utf8', from, to);
      case NUMBER_TEXT:
        return Number(buffer.toString('latin1', from, to));
      case RAW: {
        const value = this.#derivations[member]!(JSON.parse(buffer.toString('utf8', from, to)));
        return Object.freeze(value);
      }
      default:
        return JSON.parse(buffer.toString('utf8', from - 1, to + 1));
    }
  }
}
