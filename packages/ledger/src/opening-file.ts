import { PhalanxError } from '@phalanx/core';
import { appendWhole, type Disk } from './disk.js';
import { FRAME_HEADER_BYTES, formatFrame, readFrame } from './frame.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { MAX_OPENING_BYTES, SALT_BYTES } from './slot-anchor.js';

/** Salt and opening of a leaf. */
export interface SaltedOpening {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** Canonical JSON. */
  readonly opening: Uint8Array;
}

/** Openings of a file: the frames of one are walked through for one opening, which bounds what a look costs. */
const FILE_OPENINGS = 4096;
const MAX_PAYLOAD = SALT_BYTES + MAX_OPENING_BYTES;

/**
 * Openings of a slot log's leaves, by index: checksummed frames of one opening each, 4,096 a file. They are private: whoever has
 * them can open the leaves.
 */
export class OpeningFile {
  readonly #disk: Disk;
  readonly #fileOpenings: number;
  #size = 0;
  #hasFailed = false;
  /** Where each frame of the file read last begins. */
  #index: { readonly file: number; readonly at: number[] } | null = null;

  private constructor(disk: Disk, fileOpenings: number) {
    this.#disk = disk;
    this.#fileOpenings = fileOpenings;
  }

  /**
   * Opens the files, or begins them. Whatever follows the last whole frame is cut off, if it was not acknowledged.
   *
   * @param acknowledged openings that must be there
   * @param fileOpenings always the same for one folder; smaller only in tests
   * @throws PhalanxError `LEDGER_CORRUPT`
   */
  static open(disk: Disk, acknowledged: number, fileOpenings = FILE_OPENINGS): OpeningFile {
    const file = new OpeningFile(disk, fileOpenings);
    const names = disk.list('openings');
    names.forEach((name, n) => {
      if (name !== nameOf(n)) throw corrupt(`openings/${name} stands where ${nameOf(n)} should`);
    });
    const last = Math.max(0, names.length - 1);
    file.#size = last * fileOpenings;
    const { at, end } = file.#walk(last);
    file.#size += at.length;
    if (file.#size < acknowledged)
      throw corrupt(`${acknowledged} leaves were appended, ${file.#size} have openings`);
    file.#cutTail(pathOf(last), end);
    return file;
  }

  /** Openings that survive a loss of power. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends openings; when it returns they survive a loss of power. What it throws is the disk's, and what is on the disk is then unknown:
   * every further call fails too.
   */
  append(openings: readonly SaltedOpening[]): void {
    if (this.#hasFailed) throw new Error('the disk failed before');
    this.#hasFailed = true;
    for (let done = 0; done < openings.length; ) {
      const file = Math.floor(this.#size / this.#fileOpenings);
      const room = this.#fileOpenings - (this.#size % this.#fileOpenings);
      const part = openings.slice(done, done + room);
      const frames = part.map(({ salt, opening }, i) =>
        formatFrame(this.#size + i, 1, Buffer.concat([salt, opening])),
      );
      appendWhole(this.#disk, pathOf(file), Buffer.concat(frames));
      this.#disk.sync(pathOf(file));
      this.#size += part.length;
      done += part.length;
    }
    this.#hasFailed = false;
  }

  /**
   * The opening of the leaf at an index; null when there is none.
   *
   * @throws PhalanxError `LEDGER_CORRUPT`
   */
  read(index: number): SaltedOpening | null {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return null;
    const file = Math.floor(index / this.#fileOpenings);
    const place = index % this.#fileOpenings;
    if (this.#index?.file !== file || this.#index.at.length <= place)
      this.#index = { file, at: this.#walk(file).at };
    const at = this.#index.at[place];
    const found = at === undefined ? null : readFrame(this.#reader(file), at, MAX_PAYLOAD);
    if (found === null || found.frame.first !== index)
      throw corrupt(`the opening of leaf ${index} is altered`);
    return { salt: found.payload.slice(0, SALT_BYTES), opening: found.payload.slice(SALT_BYTES) };
  }

  close(): void {
    this.#disk.close();
  }

  #reader(file: number) {
    return (from: number, length: number): Uint8Array => this.#disk.read(pathOf(file), from, length);
  }

  /** Whole frames of a file, in order. */
  #walk(file: number): { at: number[]; end: number } {
    const at: number[] = [];
    let end = 0;
    const read = this.#reader(file);
    for (
      let found = readFrame(read, 0, MAX_PAYLOAD);
      found !== null;
      found = readFrame(read, end, MAX_PAYLOAD)
    ) {
      if (found.frame.first !== file * this.#fileOpenings + at.length || found.frame.count !== 1)
        throw corrupt(`${pathOf(file)} goes on with the opening of leaf ${found.frame.first}`);
      at.push(found.frame.at);
      end = found.frame.at + FRAME_HEADER_BYTES + found.frame.payloadBytes;
    }
    return { at, end };
  }

  #cutTail(path: string, end: number): void {
    const rest = (this.#disk.size(path) ?? 0) - end;
    if (rest > 0) this.#disk.truncate(path, end);
    // A frame may be whole without having been synced: its writer was killed in between.
    this.#disk.sync(path);
  }
}

function nameOf(file: number): string {
  return String(file).padStart(9, '0');
}

function pathOf(file: number): string {
  return `openings/${nameOf(file)}`;
}

function corrupt(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_CORRUPT', `the openings of the slot log are damaged: ${what}`, {
    advice: 'Restore them from a copy: leaves without openings prove nothing any more.',
  });
}
