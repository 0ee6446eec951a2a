import { Readable } from 'node:stream';
import type { ByteStream } from './containers/compression.js';

/** A byte stream whose beginning can be looked at before it is read. */
export class PeekedStream implements AsyncIterable<Uint8Array> {
  #stream: ByteStream;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #head: Buffer = Buffer.alloc(0);
  #bytes = 0;

  constructor(stream: ByteStream) {
    // Whoever iterates gets the error; one that comes after `destroy` concerns nobody.
    if (stream instanceof Readable) stream.on('error', () => {});
    this.#stream = stream;
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** Bytes taken from the underlying stream so far. */
  get bytesRead(): number {
    return this.#bytes;
  }

  /**
   * The first bytes, `size` of them unless the stream is shorter; somewhat more where it came in larger pieces. With
   * `wantsMore`, keeps reading up to 8 MiB while that says so.
   */
  async peek(size: number, wantsMore: (head: Buffer) => boolean = () => false): Promise<Buffer> {
    const pieces: Uint8Array[] = [this.#head];
    let length = this.#head.length;
    for (;;) {
      if (length >= size) {
        this.#head = Buffer.concat(pieces.splice(0));
        pieces.push(this.#head);
        if (!wantsMore(this.#head) || length >= PEEK_LIMIT) break;
        size = length * 2;
      }
      const { value, done } = await this.#iterator.next();
      if (done) break;
      this.#bytes += value.length;
      pieces.push(value);
      length += value.length;
    }
    this.#head = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    return this.#head;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const head = this.#head;
    this.#head = Buffer.alloc(0);
    if (head.length > 0) yield head;
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done) return;
      this.#bytes += value.length;
      yield value;
    }
  }

  /** The whole of it, peeked bytes included, as a stream to pipe. */
  toReadable(): Readable {
    return Readable.from(this, { objectMode: false, highWaterMark: 1024 * 1024 });
  }

  /** Reads another stream in this one's stead, and counts its bytes here. */
  async *adopt(stream: Readable): AsyncGenerator<Uint8Array> {
    this.#stream = stream;
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      this.#bytes += piece.length;
      yield piece;
    }
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

const PEEK_LIMIT = 8 * 1024 * 1024;
