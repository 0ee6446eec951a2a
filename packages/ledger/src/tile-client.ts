import { PhalanxError } from '@phalanx/core';
import { MAX_ENTRY_BYTES, parseEntryBundle } from './entry-bundle.js';
import { fetchWithin, parseBase, remoteError } from './http-client.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { HASH_BYTES } from './merkle-hash.js';
import type { TileReader } from './tile-hashes.js';
import { formatTilePath, TILE_WIDTH, type TilePath, tileWidth } from './tile-path.js';

/** Longest checkpoint, see `parseNote`. */
const MAX_NOTE_BYTES = 1_000_000;

/** A log's read paths over HTTP (C2SP tlog-tiles v0.1.0). What it reads is unproved until it is checked against a checkpoint. */
export class TileClient {
  readonly url: string;
  readonly #timeoutMs: number;

  /**
   * @param url prefix of the log
   * @param timeoutMs for each call
   * @throws PhalanxError `LEDGER_REMOTE` for what is no address
   */
  constructor(url: string, timeoutMs = 10_000) {
    this.url = parseBase(url);
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The signed checkpoint, unchecked.
   *
   * @throws PhalanxError `LEDGER_REMOTE`
   */
  async fetchCheckpoint(): Promise<Uint8Array> {
    const note = await this.#get('checkpoint', MAX_NOTE_BYTES);
    if (note === null) throw remoteError(`${this.url} has no checkpoint`);
    return note;
  }

  /** Hashes of a tile; of the full one when the partial one is gone. */
  readonly readTile: TileReader = async (tile) => {
    const bytes = await this.#getTile(tile, HASH_BYTES);
    return bytes.subarray(0, tile.width * HASH_BYTES);
  };

  /**
   * Entries of bundle `index` in a log of `size` entries.
   *
   * @throws PhalanxError `LEDGER_REMOTE`, `LEDGER_TILE`; `LEDGER_UNPROVED` when it is not there
   */
  async readEntries(index: number, size: number): Promise<Uint8Array[]> {
    const tile: TilePath = { level: 'entries', index, width: tileWidth('entries', index, size) };
    const entries = parseEntryBundle(await this.#getTile(tile, 2 + MAX_ENTRY_BYTES));
    if (entries.length === tile.width) return entries;
    if (entries.length === TILE_WIDTH) return entries.slice(0, tile.width);
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_TILE',
      `${formatTilePath(tile)} has ${entries.length} entries, not ${tile.width}`,
    );
  }

  async #getTile(tile: TilePath, maxBytesEach: number): Promise<Uint8Array> {
    const path = formatTilePath(tile);
    const bytes =
      (await this.#get(path, tile.width * maxBytesEach)) ??
      // Partial tiles may be deleted once the full one is there (tlog-tiles, partial tiles).
      (tile.width < TILE_WIDTH
        ? await this.#get(formatTilePath({ ...tile, width: TILE_WIDTH }), TILE_WIDTH * maxBytesEach)
        : null);
    if (bytes === null)
      throw new PhalanxError<LedgerErrorCode>('LEDGER_UNPROVED', `${this.url} has no ${path}`, {
        advice: 'A log serves every tile that its checkpoint needs: ask its operator.',
      });
    return bytes;
  }

  /** Null for 404. */
  async #get(path: string, maxBytes: number): Promise<Uint8Array | null> {
    const { status, body } = await fetchWithin(this.url, path, null, {
      timeoutMs: this.#timeoutMs,
      maxBytes,
    });
    if (status === 404) return null;
    if (status !== 200) throw remoteError(`${this.url}/${path} answers ${status}`);
    return body;
  }
}
