import { refuse, requireFormat, requireWithin } from '../weights-error.js';

const MAX_INTEGER_BYTES = 1_024;

/** The arguments of a pickle's opcodes, in order. Every method throws PhalanxError `WEIGHTS_FORMAT` at the end of the bytes. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  raw(length: number): Uint8Array {
    requireFormat(length <= this.#bytes.length - this.#at, 'a pickle that ends too early');
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  uint8(): number {
    return this.raw(1)[0]!;
  }

  uint16(): number {
    return this.#view(2).getUint16(0, true);
  }

  int32(): number {
    return this.#view(4).getInt32(0, true);
  }

  uint32(): number {
    return this.#view(4).getUint32(0, true);
  }

  /** A length in 64 bits. */
  uint64(): number {
    const value = this.#view(8).getBigUint64(0, true);
    requireFormat(value <= BigInt(this.#bytes.length), 'a pickle that ends too early');
    return Number(value);
  }

  /** Big-endian, as opcode `G` has it. */
  float64(): number {
    return this.#view(8).getFloat64(0, false);
  }

  /** Two's complement, little-endian. */
  integer(length: number): number | bigint {
    requireWithin(length <= MAX_INTEGER_BYTES, `an integer of ${length} bytes`);
    const digits = Buffer.from(this.raw(length)).reverse().toString('hex');
    return length === 0 ? 0 : narrow(BigInt.asIntN(length * 8, BigInt(`0x${digits}`)));
  }

  text(length: number): string {
    return decodeText(this.raw(length));
  }

  /** Up to the next line feed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    requireFormat(end >= 0, 'a pickle with a line that does not end');
    const text = decodeText(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** A line of opcode `I`, which means a boolean where it has a zero too many. */
  integerLine(): number | bigint | boolean {
    const line = this.line();
    return line === '01' ? true : line === '00' ? false : readInteger(line);
  }

  longLine(): number | bigint {
    return readInteger(this.line().replace(/L$/, ''));
  }

  indexLine(): number {
    const line = this.line();
    requireFormat(/^[0-9]{1,9}$/.test(line), 'a place in a pickle that is none');
    return Number(line);
  }

  floatLine(): number {
    const line = this.line();
    requireFormat(/^-?(?:[0-9.]{1,40}(?:e[-+]?[0-9]{1,4})?|inf|nan)$/.test(line), 'a number that is none');
    return Number(line.replace('inf', 'Infinity').replace('nan', 'NaN'));
  }

  /** A line of opcode `S`. Escapes other than of quotes and backslashes do not occur in what describes weights. */
  quotedLine(): string {
    const [, , text] = /^(['"])((?:[^\\]|\\[\\'"])*)\1$/.exec(this.line()) ?? [];
    if (text === undefined) return refuse('WEIGHTS_FORMAT', 'text in a pickle that is not quoted');
    return text.replaceAll(/\\([\\'"])/g, '$1');
  }

  #view(length: number): DataView {
    const { buffer, byteOffset } = this.raw(length);
    return new DataView(buffer, byteOffset, length);
  }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return refuse('WEIGHTS_FORMAT', 'text in a pickle that is not UTF-8', cause);
  }
}

function readInteger(line: string): number | bigint {
  requireFormat(/^-?[0-9]{1,2000}$/.test(line), 'an integer in a pickle that is none');
  return narrow(BigInt(line));
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
