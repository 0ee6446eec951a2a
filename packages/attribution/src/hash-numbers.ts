/** Numbers distinct 64-bit hashes from 0 as they come. 24 to 48 bytes a hash; a little-endian host is assumed. */
export class HashNumbers {
  #size = 0;
  #hashes = new BigUint64Array(1024);
  #halves = new Uint32Array(this.#hashes.buffer);
  #slots = new Int32Array(4096).fill(-1);

  get size(): number {
    return this.#size;
  }

  /** Hashes by number; a view, valid until the next `add`. */
  get hashes(): BigUint64Array {
    return this.#hashes.subarray(0, this.#size);
  }

  /** The number of a hash, new or not. */
  add(hash: bigint): number {
    if (this.#size === this.#hashes.length) this.#grow();
    const at = this.#size;
    this.#hashes[at] = hash;
    const slot = this.#seek(this.#halves[2 * at]!, this.#halves[2 * at + 1]!);
    const known = this.#slots[slot]!;
    if (known >= 0) return known;
    this.#slots[slot] = at;
    return this.#size++;
  }

  /** The number of a hash, or -1. */
  find(hash: bigint): number {
    const low = Number(hash & 0xffffffffn);
    return this.#slots[this.#seek(low, Number(hash >> 32n))]!;
  }

  /** Hashes are SipHash values: their low bits are as good as any. */
  #seek(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slots[slot]!;
      if (at < 0 || (this.#halves[2 * at] === low && this.#halves[2 * at + 1] === high)) return slot;
    }
  }

  #grow(): void {
    const hashes = new BigUint64Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#halves = new Uint32Array(hashes.buffer);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let at = 0; at < this.#size; at++)
      this.#slots[this.#seek(this.#halves[2 * at]!, this.#halves[2 * at + 1]!)] = at;
  }
}
