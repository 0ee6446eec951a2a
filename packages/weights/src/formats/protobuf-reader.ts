import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';

/** After a jump, as over a tensor, little more than a header is likely to be read; from there on twice as much each time. */
const FIRST_WINDOW = 4 * 1024;
const MAX_WINDOW = 256 * 1024;
const MAX_VARINT = 10;

/** One field of a message: where its content lies, or the number that it is. */
export interface ProtobufField {
  readonly number: number;
  /** 0 varint, 1 of 64 bits, 2 with a length, 5 of 32 bits. */
  readonly wire: 0 | 1 | 2 | 5;
  /** Of a varint; 0 for others. */
  readonly value: bigint;
  /** Place and length of the content in the source. */
  readonly start: number;
  readonly end: number;
}

/**
 * Walks over the fields of protocol buffer messages (encoding specification of protobuf.dev) where they lie, a window at a time:
 * contents are skipped unless they are asked for. Groups, which no schema here has, are refused.
 */
export class ProtobufReader {
  readonly #source: ByteSource;
  readonly #maxFields: number;
  #window: Uint8Array = new Uint8Array(0);
  #from = 0;
  #fields = 0;

  /** `maxFields`: of all messages together. */
  constructor(source: ByteSource, maxFields: number) {
    this.#source = source;
    this.#maxFields = maxFields;
  }

  /** The fields between two places. @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT` */
  async *fields(start: number, end: number): AsyncGenerator<ProtobufField> {
    for (let at = start; at < end; ) {
      requireWithin(++this.#fields <= this.#maxFields, `more than ${this.#maxFields} fields`);
      await this.#show(at, Math.min(2 * MAX_VARINT, end - at));
      const tag = this.#varint(at, end);
      const wire = Number(tag.value & 7n);
      requireFormat(tag.value >= 8n && tag.value < 1n << 32n, 'a field without a number');
      const number = Number(tag.value >> 3n);
      if (wire === 0) {
        const { value, next } = this.#varint(tag.next, end);
        yield { number, wire, value, start: tag.next, end: next };
        at = next;
      } else if (wire === 2) {
        const { value, next } = this.#varint(tag.next, end);
        requireFormat(value <= BigInt(end - next), 'a field beyond the end of its message');
        at = next + Number(value);
        yield { number, wire, value: 0n, start: next, end: at };
      } else if (wire === 1 || wire === 5) {
        at = tag.next + (wire === 1 ? 8 : 4);
        requireFormat(at <= end, 'a field beyond the end of its message');
        yield { number, wire, value: 0n, start: tag.next, end: at };
      } else refuse('WEIGHTS_FORMAT', `a field of wire type ${wire}`);
    }
  }

  /** Content of a field. @throws PhalanxError `WEIGHTS_LIMIT` above `maxBytes` */
  async bytes({ start, end }: Pick<ProtobufField, 'start' | 'end'>, maxBytes: number): Promise<Uint8Array> {
    requireWithin(end - start <= maxBytes, `a field of ${end - start} bytes`);
    await this.#show(start, end - start);
    return this.#window.slice(start - this.#from, end - this.#from);
  }

  /** Content of a field as text. */
  async text(field: ProtobufField, maxBytes: number): Promise<string> {
    requireFormat(field.wire === 2, 'text that is none');
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        await this.bytes(field, maxBytes),
      );
    } catch (cause) {
      if (cause instanceof TypeError) return refuse('WEIGHTS_FORMAT', 'text that is not UTF-8', cause);
      throw cause;
    }
  }

  async #show(at: number, length: number): Promise<void> {
    if (at >= this.#from && at + length <= this.#from + this.#window.length) return;
    const isNext = at >= this.#from && at <= this.#from + this.#window.length;
    const wanted = isNext ? Math.min(2 * this.#window.length, MAX_WINDOW) : 0;
    const size = Math.min(Math.max(length, wanted, FIRST_WINDOW), this.#source.sizeBytes - at);
    this.#window = await this.#source.read(at, size);
    this.#from = at;
  }

  #varint(at: number, end: number): { value: bigint; next: number } {
    return decodeVarint(this.#window, at - this.#from, end - this.#from, this.#from);
  }
}

/** Numbers of a packed field. @throws PhalanxError `WEIGHTS_FORMAT` */
export function decodeVarints(bytes: Uint8Array, add: (value: bigint) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = decodeVarint(bytes, at, bytes.length, 0);
    add(value);
    at = next;
  }
}

function decodeVarint(
  bytes: Uint8Array,
  at: number,
  end: number,
  origin: number,
): { value: bigint; next: number } {
  let low = 0;
  // Almost all fit 28 bits, for which no big integer is needed.
  for (let i = 0; i < 4 && at + i < end; i++) {
    const byte = bytes[at + i]!;
    low |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return { value: BigInt(low), next: origin + at + i + 1 };
  }
  let value = BigInt(low);
  for (let i = 4; i < MAX_VARINT && at + i < end; i++) {
    const byte = bytes[at + i]!;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: origin + at + i + 1 };
  }
  return refuse('WEIGHTS_FORMAT', 'a number that does not end');
}
