import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  formatEntryBundle,
  formatTilePath,
  HASH_BYTES,
  hashLeaf,
  hashNode,
  TILE_WIDTH,
  TreeFrontier,
} from '@phalanx/ledger';

/**
 * The peer: a log that writes every tile and bundle as a file of its own, durably: temporary file, fsync, rename, fsync of the folder, as
 * Tessera's POSIX driver does (storage/posix/file_ops.go). It writes what a batch completes and the partial tiles at its end, then
 * the checkpoint.
 */
export class TileFileWriter {
  readonly #root: string;
  readonly #frontier = new TreeFrontier();
  /** Hashes of the partial tile of each level. */
  readonly #partial: Uint8Array[][] = [];
  #entries: Uint8Array[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** Appends a batch and writes a checkpoint, unsigned. */
  append(batch: readonly Uint8Array[]): void {
    for (const entry of batch) {
      const hash = hashLeaf(entry);
      this.#frontier.append(hash);
      this.#entries.push(entry);
      if (this.#entries.length === TILE_WIDTH) this.#writeBundle();
      this.#put(0, hash);
    }
    if (this.#entries.length > 0) this.#writeBundle();
    for (const [level, hashes] of this.#partial.entries())
      if (hashes.length > 0) this.#writeTile(level, hashes);
    this.#write('checkpoint', this.#frontier.root());
  }

  #put(level: number, hash: Uint8Array): void {
    const tile = (this.#partial[level] ??= []);
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    this.#writeTile(level, tile);
    let row = tile.splice(0);
    while (row.length > 1)
      row = Array.from({ length: row.length / 2 }, (_, i) => hashNode(row[2 * i]!, row[2 * i + 1]!));
    this.#put(level + 1, row[0]!);
  }

  #writeTile(level: number, hashes: readonly Uint8Array[]): void {
    const index = Math.floor((this.#frontier.size - 1) / TILE_WIDTH ** (level + 1));
    this.#write(
      formatTilePath({ level, index, width: hashes.length }),
      Buffer.concat(hashes, hashes.length * HASH_BYTES),
    );
  }

  #writeBundle(): void {
    const index = Math.floor((this.#frontier.size - 1) / TILE_WIDTH);
    const tile = { level: 'entries', index, width: this.#entries.length } as const;
    this.#write(formatTilePath(tile), formatEntryBundle(this.#entries));
    if (this.#entries.length === TILE_WIDTH) this.#entries = [];
  }

  #write(path: string, bytes: Uint8Array): void {
    const whole = join(this.#root, path);
    const folder = dirname(whole);
    mkdirSync(folder, { recursive: true });
    const file = openSync(`${whole}.tmp`, 'w');
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
    closeSync(file);
    renameSync(`${whole}.tmp`, whole);
    const opened = openSync(folder, 'r');
    fsyncSync(opened);
    closeSync(opened);
  }
}
