import { LANES } from './band-design.js';
import { HashNumbers } from './hash-numbers.js';

/** Distinct sketches, numbered from 0 as they come: equal hashes are one. 56 to 112 bytes a sketch. */
export class SketchList {
  readonly #numbers = new HashNumbers();
  #lanes = new Uint8Array(1024 * LANES);

  get size(): number {
    return this.#numbers.size;
  }

  /** Hashes by number; a view, valid until the next `add`. */
  get hashes(): BigUint64Array {
    return this.#numbers.hashes;
  }

  /** 32 bytes a sketch; a view, valid until the next `add`. */
  get lanes(): Uint8Array {
    return this.#lanes.subarray(0, this.size * LANES);
  }

  /** Gives the lanes' memory back; numbers and hashes stay. Nothing may be added after. */
  releaseLanes(): void {
    this.#lanes = new Uint8Array(0);
  }

  /** The number of a sketch, new or not. `minhash` has 32 bytes. */
  add(hash: bigint, minhash: Uint8Array): number {
    const before = this.size;
    const number = this.#numbers.add(hash);
    if (number < before) return number;
    if (this.#lanes.length < this.size * LANES) {
      const lanes = new Uint8Array(this.#lanes.length * 2);
      lanes.set(this.#lanes);
      this.#lanes = lanes;
    }
    this.#lanes.set(minhash, number * LANES);
    return number;
  }
}
