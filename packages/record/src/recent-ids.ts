/** Ids remembered. Twice what an ingestion may have written without having noted its progress. */
const CAPACITY = 262_144;

/**
 * The last so many exchanges by id, chain and time, oldest forgotten first. Not by id alone: some sources take it from a header of the
 * caller's, who could have all but the first of his exchanges passed over.
 */
export class RecentIds {
  readonly capacity = CAPACITY;
  readonly #ids = new Set<string>();
  /** The same, in a ring. The first of a Set is slow to find once many before it are gone. */
  readonly #ring: string[] = [];
  #oldest = 0;

  /** False when it is known. */
  add(id: Uint8Array, chain: Uint8Array, atMs: number): boolean {
    const name = `${latin1(id)}${latin1(chain)}${atMs}`;
    if (this.#ids.has(name)) return false;
    this.#ids.add(name);
    if (this.#ring.length < CAPACITY) this.#ring.push(name);
    else {
      this.#ids.delete(this.#ring[this.#oldest]!);
      this.#ring[this.#oldest] = name;
      this.#oldest = (this.#oldest + 1) % CAPACITY;
    }
    return true;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
