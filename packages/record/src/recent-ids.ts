/** Ids remembered. Twice what an ingestion may have written without having noted its progress. */
const CAPACITY = 262_144;

/**
 * The last so many exchanges by id, chain and time, oldest forgotten first. Not by id alone: some sources take it from a header of the
 * caller's, who could have all but the first of his exchanges passed over.
 */
export class RecentIds {
  readonly capacity = CAPACITY;
  readonly #ids = new Set<string>();

  /** False when it is known. */
  add(id: Uint8Array, chain: Uint8Array, atMs: number): boolean {
    const name = `${latin1(id)}${latin1(chain)}${atMs}`;
    if (this.#ids.has(name)) return false;
    this.#ids.add(name);
    if (this.#ids.size > CAPACITY) this.#ids.delete(this.#ids.values().next().value!);
    return true;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
