import type { Random } from '@phalanx/stats';

/** Where readers of sizes go wrong. */
const INTEGERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  31n,
  32n,
  127n,
  128n,
  255n,
  256n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 2n,
  2n ** 64n - 1n,
] as const;
/** What begins something inside something, by format: JSON, pickle, protocol buffers, GGUF. */
const NESTS = [
  '[',
  '{"a":',
  '{"weight_map":',
  '(',
  ']',
  '}',
  '(l',
  '\x85',
  '\x3a\x7f',
  '\x0a\x7f',
  '\x32\x7f',
  '\x09\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00',
];
/** Two lead to a file that is there, and are as long as the name that they replace: lengths around it stay right. */
const NAMES = [
  '../outside',
  'model.link',
  'a/../../outside',
  '/etc/passwd',
  '..\\x',
  'C:/x',
  '__proto__',
  './model.data',
  'model.data/x',
  '\x00',
  '//host/x',
  'file:///etc/passwd',
  '%2e%2e/x',
  '..',
  '.',
  '',
];
const MAX_NEST = 4_000;

type Mutator = (bytes: Uint8Array, random: Random) => Uint8Array;

/** A file with one thing changed, or two, or more by halves; the same random words give the same file. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let out = bytes;
  do out = pick(MUTATORS, random)(out, random);
  while (random.uniform() < 0.5);
  return out;
}

const MUTATORS: readonly Mutator[] = [
  changeBytes,
  changeBytes,
  writeInteger,
  writeInteger,
  writeDigits,
  writeDigits,
  (bytes, random) => bytes.subarray(0, below(random, bytes.length + 1)),
  (bytes, random) => splice(bytes, bytes.length, 0, new Uint8Array(below(random, 64))),
  copySlice,
  copySlice,
  (bytes, random) => splice(bytes, place(bytes, random), 1 + below(random, 16), new Uint8Array(0)),
  nest,
  writeName,
  writeVarint,
];

function changeBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let n = 1 + below(random, 4); n > 0 && out.length > 0; n--) {
    const at = place(out, random);
    out[at] = random.uniform() < 0.5 ? below(random, 256) : out[at]! ^ (1 << below(random, 8));
  }
  return out;
}

function writeInteger(bytes: Uint8Array, random: Random): Uint8Array {
  const width = [1, 2, 4, 8][below(random, 4)]!;
  const value = Buffer.alloc(8);
  const wanted =
    random.uniform() < 0.8 ? pick(INTEGERS, random) : BigInt(bytes.length + below(random, 9) - 4);
  value.writeBigUInt64LE(BigInt.asUintN(64, wanted));
  const piece = value.subarray(0, width);
  return splice(
    bytes,
    place(bytes, random),
    width,
    random.uniform() < 0.2 ? Buffer.from(piece).reverse() : piece,
  );
}

/** A number in text, at a run of digits near a random place. */
function writeDigits(bytes: Uint8Array, random: Random): Uint8Array {
  let from = place(bytes, random);
  while (from < bytes.length && !isDigit(bytes[from]!)) from++;
  let to = from;
  while (to < bytes.length && isDigit(bytes[to]!)) to++;
  const sign = random.uniform() < 0.1 ? '-' : '';
  const tail = ['', '', '', '.5', 'e3', 'e400'][below(random, 6)]!;
  return splice(bytes, from, to - from, Buffer.from(`${sign}${pick(INTEGERS, random)}${tail}`));
}

/** A stretch of the file once more, before, behind or inside itself: the same name twice, a header in a header. */
function copySlice(bytes: Uint8Array, random: Random): Uint8Array {
  const from = place(bytes, random);
  const slice = bytes.slice(from, from + 1 + below(random, 128));
  const isOver = random.uniform() < 0.3;
  return splice(bytes, place(bytes, random), isOver ? slice.length : 0, slice);
}

function nest(bytes: Uint8Array, random: Random): Uint8Array {
  const depth = 2 ** below(random, 12);
  return splice(
    bytes,
    place(bytes, random),
    0,
    Buffer.from(pick(NESTS, random).repeat(Math.min(depth, MAX_NEST)), 'latin1'),
  );
}

/** Another name, with its length where a length of one byte or a quote stands before. */
function writeName(bytes: Uint8Array, random: Random): Uint8Array {
  const name = Buffer.from(pick(NAMES, random), 'latin1');
  const text = Buffer.from(bytes).toString('latin1');
  const names = [...text.matchAll(/[A-Za-z0-9_.-]{4,}/g)];
  if (names.length === 0) return splice(bytes, place(bytes, random), 0, name);
  const { index, 0: old } = names[below(random, names.length)]!;
  // As long as it is, over what stands there.
  if (random.uniform() < 0.5) return splice(bytes, index, name.length, name);
  const out = splice(bytes, index, old.length, name);
  for (const width of [1, 4, 8])
    if (index >= width && bytes[index - width] === old.length) {
      out[index - width] = name.length;
      break;
    }
  return out;
}

function writeVarint(bytes: Uint8Array, random: Random): Uint8Array {
  const out: number[] = [];
  let rest = pick(INTEGERS, random);
  for (; rest > 127n && out.length < 11; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return splice(bytes, place(bytes, random), below(random, 3), Uint8Array.from(out));
}

/** Mostly where headers are: near the beginning, or near the end. */
function place(bytes: Uint8Array, random: Random): number {
  const at = below(random, Math.max(1, bytes.length));
  const chance = random.uniform();
  if (chance < 0.3) return Math.min(at, below(random, 32));
  return chance < 0.4 ? Math.max(0, bytes.length - 1 - below(random, 64)) : at;
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const out = new Uint8Array(at + insert.length + Math.max(0, bytes.length - at - remove));
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(bytes.subarray(at + remove), at + insert.length);
  return out;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function below(random: Random, limit: number): number {
  return Math.floor(random.uniform() * limit);
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[below(random, values.length)]!;
}
