import type { Ngrams } from '../ngrams.js';
import { requireLayerKeys } from './synthid-hash.js';

/** Low half of 6364136223846793005: a table of at most 2^32 entries sees no more of the hash. */
const MULTIPLIER = 0x4c957f2d;
const START = 1;

/**
 * Layers of Hugging Face's `SynthIDTextWatermarkLogitsProcessor` (and of synthid-text up to 0.2.1): the hash starts at
 * the public number 1, takes the n-gram and one key, and its remainder by the table's size picks an entry of a table
 * of coin flips. Since the last step is linear, an n-gram is known by one number, its cell, and a layer by another, its
 * offset: its bit is `table[(cell + offset) mod size]`. With 2^16 entries that is all the key there is: 16 bits a layer.
 * Vectors: `hf` in `synthid.json`.
 */
export class SynthidTablePrf {
  readonly depth: number;
  readonly table: Uint8Array;
  /** Of each layer, below the table's size. */
  readonly offsets: Uint32Array;
  readonly #mask: number;
  /** Words of every cell, made when more cells are asked for than there are. */
  #words: Uint32Array | null = null;

  /**
   * `table` of zeros and ones, its length a power of two.
   *
   * @throws PhalanxError `MARK_KEY` unless there are 1 to 64 keys of 64 bits, signed.
   */
  constructor(keys: readonly bigint[], table: Uint8Array) {
    requireLayerKeys(keys);
    this.depth = keys.length;
    this.table = table;
    this.#mask = table.length - 1;
    this.offsets = Uint32Array.from(keys, (key) => offsetOf(Number(BigInt.asUintN(32, key))) & this.#mask);
  }

  /** The cell of each n-gram: all that any key sees of it. */
  findCells(ngrams: Ngrams): Uint32Array {
    const { width, count, tokens } = ngrams;
    const out = new Uint32Array(count);
    for (let row = 0, at = 0; row < count; row++) {
      let hash = START;
      for (let i = 0; i < width; i++) hash = step(hash, tokens[at++]!);
      out[row] = Math.imul(hash, MULTIPLIER) & this.#mask;
    }
    return out;
  }

  /** The cell of each token that may follow a context. */
  findTokenCells(context: Int32Array, tokens: Int32Array): Uint32Array {
    let before = START;
    for (const token of context) before = step(before, token);
    return Uint32Array.from(tokens, (token) => Math.imul(step(before, token), MULTIPLIER) & this.#mask);
  }

  /** Words of 32 layers for each cell, layer 0 in bit 0 of the first. */
  readCells(cells: Uint32Array): Uint32Array {
    const size = Math.ceil(this.depth / 32);
    const out = new Uint32Array(cells.length * size);
    if (cells.length <= this.table.length && this.#words === null) return this.#fill(cells, out);
    this.#words ??= this.#fill(
      Uint32Array.from(this.table, (_, cell) => cell),
      new Uint32Array(this.table.length * size),
    );
    for (let i = 0, to = 0; i < cells.length; i++)
      for (let word = 0; word < size; word++) out[to++] = this.#words[cells[i]! * size + word]!;
    return out;
  }

  #fill(cells: Uint32Array, out: Uint32Array): Uint32Array {
    const { table, offsets, depth } = this;
    const mask = this.#mask;
    for (let i = 0, to = 0; i < cells.length; i++) {
      const cell = cells[i]!;
      for (let from = 0; from < depth; from += 32) {
        const end = Math.min(depth, from + 32);
        let word = 0;
        for (let layer = from; layer < end; layer++)
          word |= table[(cell + offsets[layer]!) & mask]! << (layer - from);
        out[to++] = word;
      }
    }
    return out;
  }
}

/** A layer's offset from the low 32 bits of its key. */
export function offsetOf(key: number): number {
  return (Math.imul(key, MULTIPLIER) + 1) >>> 0;
}

function step(hash: number, token: number): number {
  return (Math.imul(hash + token, MULTIPLIER) + 1) | 0;
}
