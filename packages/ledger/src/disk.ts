import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What the log asks of a disk, small enough to be simulated: a crash may lose, cut or reorder whatever was not synced.
 * Paths are relative, with slashes. Everything blocks: a log runs in a thread of its own.
 */
export interface Disk {
  /** Bytes in the file; null when there is none. */
  size(path: string): number | null;
  /** Up to `length` bytes from `at` on; fewer at the end of the file. */
  read(path: string, at: number, length: number): Uint8Array;
  /** Writes at the end and says how many bytes were taken, which may be fewer. Makes the file and its folder durably when missing. */
  append(path: string, bytes: Uint8Array): number;
  /** Returns when what was appended to the file survives a loss of power. After an exception nobody knows what does. */
  sync(path: string): void;
  /** Cuts the file and syncs it. */
  truncate(path: string, size: number): void;
  /** Puts the whole content in place of the old one, durably and at once. */
  replace(path: string, bytes: Uint8Array): void;
  /** Names in a folder, sorted; none when it is missing. */
  list(folder: string): string[];
  close(): void;
}

const MAX_OPEN = 64;

/** A folder of the file system. */
export class FolderDisk implements Disk {
  readonly #root: string;
  readonly #open = new Map<string, number>();

  /** @param root is made when missing */
  constructor(root: string) {
    this.#root = root;
    makeFolder(root);
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

  append(path: string, bytes: Uint8Array): number {
    return writeSync(this.#find(path) ?? this.#make(path), bytes);
  }

  sync(path: string): void {
    const file = this.#find(path);
    if (file !== null) fdatasyncSync(file);
  }

  truncate(path: string, size: number): void {
    const file = this.#find(path);
    if (file === null) return;
    ftruncateSync(file, size);
    fsyncSync(file);
  }

  replace(path: string, bytes: Uint8Array): void {
    const whole = join(this.#root, path);
    makeFolder(dirname(whole));
    const file = openSync(`${whole}.tmp`, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#forget(path);
    renameSync(`${whole}.tmp`, whole);
    syncFolder(dirname(whole));
  }

  list(folder: string): string[] {
    try {
      return readdirSync(join(this.#root, folder)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.#forget(path);
  }

  #find(path: string): number | null {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    try {
      return this.#keep(path, openSync(join(this.#root, path), constants.O_RDWR | constants.O_APPEND));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #make(path: string): number {
    const whole = join(this.#root, path);
    makeFolder(dirname(whole));
    const file = openSync(
      whole,
      constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL,
      0o600,
    );
    syncFolder(dirname(whole));
    return this.#keep(path, file);
  }

  #keep(path: string, file: number): number {
    if (this.#open.size >= MAX_OPEN) this.#forget(this.#open.keys().next().value!);
    this.#open.set(path, file);
    return file;
  }

  #forget(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    closeSync(file);
  }
}

/** The whole file; null when there is none. */
export function readWhole(disk: Disk, path: string): Uint8Array | null {
  const size = disk.size(path);
  return size === null ? null : disk.read(path, 0, size);
}

/** Appends all of it: a disk may take a part of what it is given and say nothing. */
export function appendWhole(disk: Disk, path: string, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const taken = disk.append(path, bytes.subarray(at));
    if (taken <= 0) throw new Error(`${path} takes no more`);
    at += taken;
  }
}

function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
