/** A number as base-128 digits. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...bytes, Number(rest));
}

/** A field of a protocol buffer: a number, or content with its length. */
export function field(number: number, content: number | bigint | string | Uint8Array): Uint8Array {
  if (typeof content === 'number' || typeof content === 'bigint')
    return Buffer.concat([varint(number * 8), varint(content)]);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export const message = (...fields: readonly Uint8Array[]): Uint8Array => Buffer.concat(fields);

/** A TensorProto: name, data type and sizes, then fields. */
export function tensorProto(
  name: string,
  type: number,
  sizes: readonly (number | bigint)[],
  ...fields: readonly Uint8Array[]
): Uint8Array {
  return message(...sizes.map((size) => field(1, size)), field(2, type), field(8, name), ...fields);
}

/** A ModelProto whose graph has these fields. */
export function modelProto(...graph: readonly Uint8Array[]): Uint8Array {
  return message(field(1, 10), field(2, 'test'), field(8, field(2, 21)), field(7, message(...graph)));
}

/** A key with its value, as external data and metadata have them. */
export const entryProto = (key: string, value: string): Uint8Array => message(field(1, key), field(2, value));
