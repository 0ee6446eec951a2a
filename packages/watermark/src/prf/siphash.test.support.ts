/** SipHash-2-4 as its paper has it, in big integers, and the message of docs/spec/mark-profile.md: slow and independent of the kernel. */

const MASK = (1n << 64n) - 1n;
const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & MASK;

export function hashPlainly(key: Uint8Array, message: Uint8Array): bigint {
  const k0 = Buffer.from(key).readBigUInt64LE(0);
  const k1 = Buffer.from(key).readBigUInt64LE(8);
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = () => {
    v0 = (v0 + v1) & MASK;
    v1 = rotate(v1, 13n) ^ v0;
    v0 = rotate(v0, 32n);
    v2 = (v2 + v3) & MASK;
    v3 = rotate(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotate(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotate(v1, 17n) ^ v2;
    v2 = rotate(v2, 32n);
  };
  const padded = Buffer.alloc((message.length >> 3) * 8 + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const m = padded.readBigUInt64LE(at);
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

export function writeMessage(
  scheme: number,
  context: readonly number[],
  token: number,
  stream: number,
): Uint8Array {
  const words = context.length + (context.length % 2);
  const message = Buffer.alloc(8 + words * 4 + 7);
  message.set([0x4d, 1, scheme, context.length]);
  context.forEach((value, i) => {
    message.writeUInt32LE(value, 8 + 4 * i);
  });
  message.writeUInt32LE(token, 8 + words * 4);
  message.writeUIntLE(stream, 12 + words * 4, 3);
  return message;
}
