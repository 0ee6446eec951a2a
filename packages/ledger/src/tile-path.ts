import { PhalanxError } from '@phalanx/core';
import { parseDecimal } from './checkpoint.js';
import type { LedgerErrorCode } from './ledger-error.js';

/** Hashes of a full tile, entries of a full bundle. */
export const TILE_WIDTH = 256;
const TILE_LEVELS = 8;
const MAX_LEVEL = 63;

/** C2SP tlog-tiles v0.1.0: one static resource of a log, full or partial. */
export interface TilePath {
  /** 0 holds leaf hashes; n + 1 one hash for each full tile of n; `entries` the entries themselves. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; below 256 a partial tile. */
  readonly width: number;
}

/** The path below a log's prefix, such as `tile/0/x001/234.p/17`. */
export function formatTilePath({ level, index, width }: TilePath): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/**
 * Reads a path as `formatTilePath` writes it, and no other spelling.
 *
 * @throws PhalanxError `LEDGER_TILE`
 */
export function parseTilePath(path: string): TilePath {
  const [, level, groups, partial] =
    /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path) ?? [];
  if (level !== undefined && groups !== undefined) {
    const tile: TilePath = {
      level: level === 'entries' ? level : Number(level),
      index: Number(groups.replaceAll(/[x/]/g, '')),
      width: partial === undefined ? TILE_WIDTH : (parseDecimal(partial) ?? 0),
    };
    const isWide = tile.width >= 1 && tile.width <= TILE_WIDTH;
    const isLow = tile.level === 'entries' || tile.level <= MAX_LEVEL;
    if (isWide && isLow && Number.isSafeInteger(tile.index) && formatTilePath(tile) === path) return tile;
  }
  throw new PhalanxError<LedgerErrorCode>(
    'LEDGER_TILE',
    `no tile has the path ${JSON.stringify(path.slice(0, 100))}`,
  );
}

/** Width of tile `index` at `level` in a log of `size` leaves; 0 when the log does not reach it. */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Every hash tile of a log of `size` leaves, partial ones last in their level. */
export function* tilesOf(size: number): Generator<TilePath> {
  for (let level = 0; level < TILE_LEVELS; level++) {
    const hashes = Math.floor(size / TILE_WIDTH ** level);
    for (let index = 0; index * TILE_WIDTH < hashes; index++)
      yield { level, index, width: tileWidth(level, index, size) };
  }
}
