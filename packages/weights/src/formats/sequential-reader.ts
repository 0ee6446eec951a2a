import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';

const WINDOW = 256 * 1024;

/** Reads a header from front to back, a window at a time, and never past its limit. */
export class SequentialReader {
  readonly #source: ByteSource;
  readonly #limit: number;
  readonly #littleEndian: boolean;
  #at: number;
  #window: Uint8Array = new Uint8Array(0);
  #from = 0;

  /** `limit`: bytes of the source that a header may reach to. */
  constructor(source: ByteSource, limit: number, { at = 0, littleEndian = true } = {}) {
    this.#source = source;
    this.#limit = limit;
    this.#at = at;
    this.#littleEndian = littleEndian;
  }

  get at(): number {
    return this.#at;
  }

  /** The next `length` bytes, good until the next call. @throws PhalanxError `WEIGHTS_FORMAT` at the end of the file, `WEIGHTS_LIMIT` */
  async bytes(length: number): Promise<Uint8Array> {
    const end = this.#at + length;
    requireFormat(end <= this.#source.sizeBytes, 'the header ends with the file');
    requireWithin(end <= this.#limit, `a header of more than ${this.#limit} bytes`);
    if (this.#at < this.#from || end > this.#from + this.#window.length) {
      const size = Math.min(Math.max(length, WINDOW), this.#source.sizeBytes - this.#at);
      this.#window = await this.#source.read(this.#at, size);
      this.#from = this.#at;
    }
    const start = this.#at - this.#from;
    this.#at = end;
    return this.#window.subarray(start, start + length);
  }

  async skip(length: number): Promise<void> {
    requireFormat(this.#at + length <= this.#source.sizeBytes, 'the header ends with the file');
    requireWithin(this.#at + length <= this.#limit, `a header of more than ${this.#limit} bytes`);
    this.#at += length;
  }

  async view(length: number): Promise<DataView> {
    const bytes = await this.bytes(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  async uint32(): Promise<number> {
    return (await this.view(4)).getUint32(0, this.#littleEndian);
  }

  /** An unsigned integer of 64 bits that must be exact as a number. @throws PhalanxError `WEIGHTS_FORMAT` */
  async uint64(): Promise<number> {
    const value = (await this.view(8)).getBigUint64(0, this.#littleEndian);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse('WEIGHTS_FORMAT', 'a count that is not exact');
    return Number(value);
  }
}
