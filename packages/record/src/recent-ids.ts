/** Ids remembered. Twice what an ingestion may have written without having noted its progress. */
const CAPACITY = 262_144;

/** The last so many ids, oldest forgotten first. */
export class RecentIds {
  readonly capacity = CAPACITY;
  readonly #ids = new Set<string>();

  /** False when it is known. */
  add(id: Uint8Array): boolean {
    const name = Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
    if (this.#ids.has(name)) return false;
    this.#ids.add(name);
    if (this.#ids.size > CAPACITY) this.#ids.delete(this.#ids.values().next().value!);
    return true;
  }
}
