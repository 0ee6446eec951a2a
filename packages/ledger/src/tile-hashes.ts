import { PhalanxError } from '@phalanx/core';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES } from './merkle-hash.js';
import type { HashReader } from './merkle-tree.js';
import { formatTilePath, TILE_WIDTH, type TilePath, tileWidth } from './tile-path.js';
import { foldHashes } from './tile-stack.js';

const TILE_HEIGHT = 8;
/** Tiles kept while proofs are made: those of ten levels' paths and some neighbours, 8 KiB each. */
const KEPT_TILES = 64;

/** Reads one tile: `width` hashes, 32 bytes each, as they are served. */
export type TileReader = (tile: TilePath) => Promise<Uint8Array>;

/**
 * Hashes of whole subtrees in a log of `size` leaves, read from its tiles. Tiles are not checked here: what is proved from
 * them is checked against a checkpoint.
 *
 * @throws PhalanxError `LEDGER_TILE`, from the reader, for a tile of another length than its width asks for
 */
export function readHashesFromTiles(size: number, readTile: TileReader): HashReader {
  const kept = new Map<string, Promise<Uint8Array>>();
  const tileOf = (level: number, index: number): Promise<Uint8Array> => {
    const tile = { level, index, width: tileWidth(level, index, size) };
    const path = formatTilePath(tile);
    let bytes = kept.get(path);
    if (bytes === undefined) {
      bytes = readTile(tile).then((read) => checkLength(read, tile));
      kept.set(path, bytes);
      if (kept.size > KEPT_TILES) kept.delete(kept.keys().next().value!);
    }
    return bytes;
  };
  return async (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const below = level % TILE_HEIGHT;
    const first = index * 2 ** below;
    const tile = await tileOf(tileLevel, Math.floor(first / TILE_WIDTH));
    return foldHashes(tile, first % TILE_WIDTH, 2 ** below);
  };
}

function checkLength(bytes: Uint8Array, tile: TilePath): Uint8Array {
  if (bytes.length === tile.width * HASH_BYTES) return bytes;
  throw new PhalanxError<LedgerErrorCode>(
    'LEDGER_TILE',
    `${formatTilePath(tile)} has ${bytes.length} bytes, not ${tile.width * HASH_BYTES}`,
  );
}
