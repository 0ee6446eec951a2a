const GOLDEN = 0x9e3779b1;
const START_SLOTS = 2048;
/** Fewer claims than this are looked up as they come: the table then lies in a cache anyway. */
const SORTED_CLAIMS = 1 << 14;
const BUCKET_BITS = 8;
const BUCKETS = 1 << BUCKET_BITS;

/**
 * Which n-grams have been seen. An n-gram is a place in a stream of tokens; claims are made in bulk and looked up in the order
 * of their hashes, stretch by stretch of the table, since one after the other each would wait for memory.
 */
export class NgramTable {
  readonly #width: number;
  /** Start of every hash, drawn anew, so that nobody can write a text whose n-grams all fall into one slot. */
  readonly #seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  /** A hash and the place that has it, counted from 1; 0 is an empty slot. At most half of them are taken. */
  #slots = new Int32Array(2 * START_SLOTS);
  #taken = 0;

  /** N-grams of `width` tokens. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Calls `seen` for each place whose n-gram stands at an earlier one too; places come in the order they were claimed. */
  claim(stream: Int32Array, places: Uint32Array, seen: (place: number) => void): void {
    const count = places.length;
    this.#reserve(count);
    const hashes = new Int32Array(count);
    this.#hash(stream, places, hashes);
    if (count < SORTED_CLAIMS) {
      this.#lookUp(stream, places, hashes, seen);
      return;
    }
    const starts = new Uint32Array(BUCKETS + 1);
    for (let i = 0; i < count; i++) starts[(hashes[i]! >>> (32 - BUCKET_BITS)) + 1]!++;
    for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1]! += starts[bucket]!;
    const sortedPlaces = new Uint32Array(count);
    const sortedHashes = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const to = starts[hash >>> (32 - BUCKET_BITS)]!++;
      sortedPlaces[to] = places[i]!;
      sortedHashes[to] = hash;
    }
    this.#lookUp(stream, sortedPlaces, sortedHashes, seen);
  }

  #hash(stream: Int32Array, places: Uint32Array, hashes: Int32Array): void {
    const width = this.#width;
    const seed = this.#seed;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const end = place + width;
      let hash = seed;
      let at = place;
      // Unrolled for the usual context of four: the loop would cost as much as what it does.
      for (; at + 4 <= end; at += 4) {
        hash = absorb(hash, stream[at]!);
        hash = absorb(hash, stream[at + 1]!);
        hash = absorb(hash, stream[at + 2]!);
        hash = absorb(hash, stream[at + 3]!);
      }
      for (; at < end; at++) hash = absorb(hash, stream[at]!);
      hash = Math.imul(hash, 0x85ebca77);
      hash ^= hash >>> 13;
      hash = Math.imul(hash, 0xc2b2ae3d);
      hashes[i] = hash ^ (hash >>> 16);
    }
  }

  #lookUp(stream: Int32Array, places: Uint32Array, hashes: Int32Array, seen: (place: number) => void): void {
    const width = this.#width;
    const slots = this.#slots;
    const last = slots.length - 2;
    const shift = 32 - Math.log2(slots.length / 2);
    let taken = this.#taken;
    for (let i = 0; i < places.length; i++) {
      const hash = hashes[i]!;
      const place = places[i]!;
      let slot = (hash >>> shift) * 2;
      let other = slots[slot + 1]!;
      while (other !== 0 && (slots[slot] !== hash || !equalTokens(stream, other - 1, place, width))) {
        slot = slot === last ? 0 : slot + 2;
        other = slots[slot + 1]!;
      }
      if (other !== 0) {
        seen(place);
        continue;
      }
      slots[slot] = hash;
      slots[slot + 1] = place + 1;
      taken++;
    }
    this.#taken = taken;
  }

  #reserve(more: number): void {
    let size = this.#slots.length / 2;
    while (size < 2 * (this.#taken + more)) size *= 2;
    if (2 * size === this.#slots.length) return;
    const old = this.#slots;
    const slots = new Int32Array(2 * size);
    const last = slots.length - 2;
    const shift = 32 - Math.log2(size);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! >>> shift) * 2;
      while (slots[slot + 1] !== 0) slot = slot === last ? 0 : slot + 2;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.#slots = slots;
  }
}

function absorb(hash: number, token: number): number {
  const product = Math.imul(hash ^ token, GOLDEN);
  return product ^ (product >>> 15);
}

function equalTokens(stream: Int32Array, a: number, b: number, width: number): boolean {
  for (let i = 0; i < width; i++) if (stream[a + i] !== stream[b + i]) return false;
  return true;
}
