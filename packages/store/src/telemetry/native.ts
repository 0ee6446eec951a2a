import { fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import type { StoreErrorCode } from '../errors.js';

/**
 * ClickHouse's Native format, the part that the store uses: a block is varuint columns, varuint rows, then a column
 * after the other: name, type (both length-prefixed), values packed little-endian. A stream is blocks end to end.
 * Checked against the engine itself in native.test.ts. Source: ClickHouse documentation, "Native" format.
 *
 * Everything here is for little-endian machines, as are all the machines that the engine is built for.
 */
export type NativeColumn =
  | { readonly name: string; readonly type: 'UInt8'; readonly values: Uint8Array }
  | { readonly name: string; readonly type: 'UInt16'; readonly values: Uint16Array }
  | { readonly name: string; readonly type: 'UInt32'; readonly values: Uint32Array }
  | { readonly name: string; readonly type: 'UInt64'; readonly values: BigUint64Array }
  | { readonly name: string; readonly type: 'Int64'; readonly values: BigInt64Array }
  | { readonly name: string; readonly type: 'Float64'; readonly values: Float64Array }
  /** Milliseconds since the epoch. */
  | { readonly name: string; readonly type: "DateTime64(3, 'UTC')"; readonly values: BigInt64Array }
  /** n bytes a row, rows end to end. */
  | { readonly name: string; readonly type: `FixedString(${number})`; readonly values: Uint8Array }
  | { readonly name: string; readonly type: 'String'; readonly values: readonly string[] }
  /** A String column whose values need not be UTF-8. Written only; read such a column through hex(). */
  | { readonly name: string; readonly type: 'Bytes'; readonly values: readonly Uint8Array[] };

/** Decoded columns of equal length. */
export interface NativeBlock {
  readonly rows: number;
  readonly columns: readonly NativeColumn[];
}

type TypedArray = Uint8Array | Uint16Array | Uint32Array | BigUint64Array | BigInt64Array | Float64Array;
type ArrayMaker = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
};

/** How one type is laid out: the array it becomes and the elements a row takes. */
function layoutOf(type: string): { make: ArrayMaker; perRow: number } | null {
  switch (type) {
    case 'UInt8':
      return { make: Uint8Array, perRow: 1 };
    case 'UInt16':
      return { make: Uint16Array, perRow: 1 };
    case 'UInt32':
      return { make: Uint32Array, perRow: 1 };
    case 'UInt64':
      return { make: BigUint64Array, perRow: 1 };
    case 'Int64':
    case "DateTime64(3, 'UTC')":
      return { make: BigInt64Array, perRow: 1 };
    case 'Float64':
      return { make: Float64Array, perRow: 1 };
    case 'String':
    case 'Bytes':
      return null;
  }
  const width = /^FixedString\(([1-9]\d{0,5})\)$/.exec(type)?.[1];
  if (width !== undefined) return { make: Uint8Array, perRow: Number(width) };
  throw corrupt(`a column of type ${type.slice(0, 80)}`);
}

/**
 * Packs columns into one Native block.
 *
 * @throws PhalanxError `STORE_BLOCK_CORRUPT` when a column's length is not `rows`, or its type is not supported.
 */
export function encodeNative(block: NativeBlock): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    size += part.byteLength;
  };
  add(varuint(block.columns.length));
  add(varuint(block.rows));
  for (const { name, type, values } of block.columns) {
    for (const label of [utf8(name), utf8(type === 'Bytes' ? 'String' : type)]) {
      add(varuint(label.byteLength));
      add(label);
    }
    const layout = layoutOf(type);
    if (values.length !== block.rows * (layout?.perRow ?? 1))
      throw corrupt(`column ${name} of ${values.length} elements in a block of ${block.rows} rows`);
    if (layout) {
      const array = values as TypedArray;
      add(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    } else if (type === 'Bytes')
      for (const item of values) {
        add(varuint(item.byteLength));
        add(item);
      }
    else add(packStrings(values as readonly string[]));
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

/**
 * Reads a Native stream and joins its blocks. Columns of a single block that lie on their natural boundary are views
 * of `bytes`; all others are copies.
 *
 * @throws PhalanxError `STORE_BLOCK_CORRUPT` for truncated bytes, an unsupported type, or blocks of unequal columns.
 */
export function decodeNative(bytes: Uint8Array): NativeBlock {
  const reader = new Reader(bytes);
  const slices: { name: string; type: string; at: number[]; rows: number[] }[] = [];
  let total = 0;
  let first = true;
  while (!reader.done) {
    const width = reader.varuint();
    const rows = reader.varuint();
    if (!first && width !== slices.length) throw corrupt('blocks with unequal columns');
    for (let index = 0; index < width; index++) {
      const name = reader.text();
      const type = reader.text();
      let slice = slices[index];
      if (!slice) slices[index] = slice = { name, type, at: [], rows: [] };
      else if (slice.type !== type) throw corrupt('blocks with unequal columns');
      slice.at.push(reader.at);
      slice.rows.push(rows);
      const layout = layoutOf(type);
      if (layout) reader.skip(rows * layout.perRow * layout.make.BYTES_PER_ELEMENT);
      else for (let row = 0; row < rows; row++) reader.skip(reader.varuint());
    }
    total += rows;
    first = false;
  }
  return { rows: total, columns: slices.map((slice) => joinSlices(bytes, slice, total)) };
}

function joinSlices(
  bytes: Uint8Array,
  slice: { name: string; type: string; at: number[]; rows: number[] },
  total: number,
): NativeColumn {
  const { name, type } = slice;
  const layout = layoutOf(type);
  if (!layout) {
    const values: string[] = [];
    slice.at.forEach((at, index) => {
      const reader = new Reader(bytes, at);
      for (let row = 0; row < slice.rows[index]!; row++) values.push(reader.text());
    });
    return { name, type: 'String', values };
  }
  const size = layout.make.BYTES_PER_ELEMENT;
  const only = slice.at.length === 1 ? bytes.byteOffset + slice.at[0]! : -1;
  if (only >= 0 && only % size === 0)
    return { name, type, values: new layout.make(bytes.buffer, only, total * layout.perRow) } as NativeColumn;
  const values = new layout.make(total * layout.perRow);
  const raw = new Uint8Array(values.buffer);
  let to = 0;
  slice.at.forEach((at, index) => {
    const length = slice.rows[index]! * layout.perRow * size;
    raw.set(bytes.subarray(at, at + length), to);
    to += length;
  });
  return { name, type, values } as NativeColumn;
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.byteLength;
  }

  varuint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 42; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw corrupt('truncated bytes');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw corrupt('a length above 2^49');
  }

  skip(length: number): void {
    this.at += length;
    if (this.at > this.bytes.byteLength) throw corrupt('truncated bytes');
  }

  text(): string {
    const length = this.varuint();
    const from = this.at;
    this.skip(length);
    try {
      return fromUtf8(this.bytes.subarray(from, this.at));
    } catch (cause) {
      throw corrupt('a string that is not UTF-8', cause);
    }
  }
}

/** LEB128, unsigned. */
function varuint(value: number): Uint8Array {
  const out: number[] = [];
  while (value >= 128) {
    out.push((value % 128) + 128);
    value = Math.floor(value / 128);
  }
  out.push(value);
  return Uint8Array.from(out);
}

/** Equal neighbours are encoded once: model and operation repeat by the thousand. */
function packStrings(values: readonly string[]): Uint8Array {
  const known = new Map<string, Uint8Array>();
  let size = 0;
  const parts = values.map((text) => {
    let part = known.get(text);
    if (!part) {
      const bytes = utf8(text);
      const length = varuint(bytes.byteLength);
      part = new Uint8Array(length.byteLength + bytes.byteLength);
      part.set(length);
      part.set(bytes, length.byteLength);
      if (known.size < 4096) known.set(text, part);
    }
    size += part.byteLength;
    return part;
  });
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

function corrupt(what: string, cause?: unknown): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_BLOCK_CORRUPT', `${what} is not a Native block the store reads`, { cause });
}
