import { mixPair } from './random.js';

/** Numbers distinct 64-bit hashes from 0 in order of arrival: an open-addressing table over their two halves. */
export class HashIndex {
  #mask = 1023;
  #slots = new Int32Array(1024).fill(-1);
  #keys = new BigUint64Array(512);
  #halves = new Uint32Array(this.#keys.buffer);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The hashes by number; a view, valid until the next `add`. */
  get keys(): BigUint64Array {
    return this.#keys.subarray(0, this.#size);
  }

  /** The number of a hash, new or not, given by its low and high 32 bits. */
  add(low: number, high: number): number {
    const slot = this.#probe(low, high);
    const known = this.#slots[slot]!;
    if (known >= 0) return known;
    if (this.#size === this.#keys.length) {
      this.#grow();
      return this.add(low, high);
    }
    this.#halves[2 * this.#size] = low;
    this.#halves[2 * this.#size + 1] = high;
    this.#slots[slot] = this.#size;
    return this.#size++;
  }

  /** The number of a known hash, or -1. */
  find(low: number, high: number): number {
    return this.#slots[this.#probe(low, high)]!;
  }

  #probe(low: number, high: number): number {
    let slot = mixPair(low, high) & this.#mask;
    for (;;) {
      const at = this.#slots[slot]!;
      if (at < 0 || (this.#halves[2 * at] === low && this.#halves[2 * at + 1] === high)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    const keys = new BigUint64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#halves = new Uint32Array(keys.buffer);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    this.#mask = this.#slots.length - 1;
    for (let i = 0; i < this.#size; i++)
      this.#slots[this.#probe(this.#halves[2 * i]!, this.#halves[2 * i + 1]!)] = i;
  }
}

/** Numbers the hashes of a column: the row's number for each row, and the table. Little-endian host assumed. */
export function indexColumn(column: BigUint64Array): {
  readonly ids: Uint32Array;
  readonly index: HashIndex;
} {
  const halves = new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
  const index = new HashIndex();
  const ids = new Uint32Array(column.length);
  for (let i = 0; i < ids.length; i++) ids[i] = index.add(halves[2 * i]!, halves[2 * i + 1]!);
  return { ids, index };
}
