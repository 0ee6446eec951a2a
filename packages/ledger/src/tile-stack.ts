import { EMPTY_ROOT, HASH_BYTES, hashNode } from './merkle-hash.js';
import { TILE_WIDTH } from './tile-path.js';

/** The partial tile of one level. */
interface Level {
  readonly hashes: Uint8Array;
  width: number;
}

/**
 * The right edge of a tree: the partial tile of each level. All that is needed to append leaves, to name the hashes of the
 * levels above as they become whole, and to know the root.
 */
export class TileStack {
  readonly #levels: Level[] = [];
  readonly #emit: (level: number, hash: Uint8Array) => void;

  /** @param emit is told every hash of every level, in order within a level */
  constructor(emit: (level: number, hash: Uint8Array) => void) {
    this.#emit = emit;
  }

  /**
   * The edge of an existing tree.
   *
   * @param partial hashes of the partial tile at each level from 0 up; nothing is emitted for them
   */
  restore(partial: readonly Uint8Array[]): void {
    this.#levels.length = 0;
    for (const [level, hashes] of partial.entries()) {
      const tile = this.#level(level);
      tile.hashes.set(hashes);
      tile.width = hashes.length / HASH_BYTES;
    }
  }

  append(leafHash: Uint8Array): void {
    this.#put(0, leafHash);
  }

  root(): Uint8Array {
    let root: Uint8Array | null = null;
    for (const { hashes, width } of this.#levels) {
      // Whole subtrees of the partial tile, from the right: one for each 1 in the binary form of its width.
      let end = width;
      for (let span = 1; end > 0; span *= 2) {
        if ((end & span) === 0) continue;
        const subtree = foldHashes(hashes, end - span, span);
        root = root === null ? subtree : hashNode(subtree, root);
        end -= span;
      }
    }
    return root ?? EMPTY_ROOT;
  }

  #put(level: number, hash: Uint8Array): void {
    const tile = this.#level(level);
    tile.hashes.set(hash, tile.width * HASH_BYTES);
    this.#emit(level, hash);
    if (++tile.width < TILE_WIDTH) return;
    tile.width = 0;
    this.#put(level + 1, foldHashes(tile.hashes, 0, TILE_WIDTH));
  }

  #level(level: number): Level {
    return (this.#levels[level] ??= { hashes: new Uint8Array(TILE_WIDTH * HASH_BYTES), width: 0 });
  }
}

/** Hash over `count` hashes from place `first` on; `count` is a power of two. */
export function foldHashes(hashes: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return hashes.slice(first * HASH_BYTES, (first + 1) * HASH_BYTES);
  const half = count / 2;
  return hashNode(foldHashes(hashes, first, half), foldHashes(hashes, first + half, half));
}
