import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ReadableDisk } from './segment-reader.js';

const MAX_OPEN = 64;

/** Reads a folder that another process writes, and makes nothing in it. */
export class FolderReader implements ReadableDisk {
  readonly #root: string;
  readonly #open = new Map<string, number>();

  constructor(root: string) {
    this.#root = root;
  }

  size(path: string): number | null {
    const file = this.#find(path);
    return file === null ? null : fstatSync(file).size;
  }

  read(path: string, at: number, length: number): Uint8Array {
    const file = this.#find(path);
    if (file === null) return new Uint8Array(0);
    const bytes = new Uint8Array(length);
    let got = 0;
    while (got < length) {
      const n = readSync(file, bytes, got, length - got, at + got);
      if (n === 0) break;
      got += n;
    }
    return bytes.subarray(0, got);
  }

  /** All of a file that is replaced as a whole: an open file would show the old one for ever. Null when there is none. */
  readReplaced(path: string): Uint8Array | null {
    try {
      return readFileSync(join(this.#root, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #find(path: string): number | null {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    let file: number;
    try {
      file = openSync(join(this.#root, path), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    if (this.#open.size >= MAX_OPEN) {
      const [oldest, opened] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      closeSync(opened);
    }
    this.#open.set(path, file);
    return file;
  }
}
