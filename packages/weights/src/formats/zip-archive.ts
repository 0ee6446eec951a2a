import { inflateRawSync } from 'node:zlib';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { openKeptSource } from './kept-source.js';

/** What an archive may ask for. */
export const ZIP_LIMITS = {
  directoryBytes: 64 * 1024 * 1024,
  entries: 500_000,
  nameBytes: 4_096,
  /** Of all compressed entries together, when inflated; stored ones are read where they lie. */
  inflatedBytes: 256 * 1024 * 1024,
} as const;

const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const LOCATOR_BYTES = 20;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const NOT_KNOWN_32 = 0xffff_ffff;

/**
 * Entries of a ZIP archive by name, out of its central directory (APPNOTE.TXT 6.3.10, 4.3), in its order. Each is a source of its
 * own, whose local header is compared with the directory on first use: a reader that believes local headers must not see
 * another archive. Checksums are not compared, since parts of entries are read.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT` for what no writer of weights does (encryption, several disks, entries that lie over another
 * or have one name), `WEIGHTS_LIMIT`, and what the source throws
 */
export async function openZip(source: ByteSource): Promise<ReadonlyMap<string, ByteSource>> {
  const { offset, sizeBytes, count } = await findDirectory(source);
  requireWithin(sizeBytes <= ZIP_LIMITS.directoryBytes, `a directory of ${sizeBytes} bytes`);
  requireWithin(count <= ZIP_LIMITS.entries, `${count} entries`);
  const bytes = await source.read(offset, sizeBytes);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { entry, next } = readEntry(bytes, at);
    requireFormat(!entries.has(entry.name), 'two entries of one name');
    entries.set(entry.name, entry);
    at = next;
  }
  requireFormat(at === bytes.length, 'a directory that is longer than its entries');
  checkPlaces([...entries.values()], offset);
  return new Map([...entries.values()].map((entry) => [entry.name, openEntry(source, entry)]));
}

interface Entry {
  readonly name: string;
  readonly nameBytes: number;
  readonly method: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

async function findDirectory(
  source: ByteSource,
): Promise<{ offset: number; sizeBytes: number; count: number }> {
  const length = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT);
  const from = source.sizeBytes - length;
  const tail = viewOf(await source.read(from, length));
  let at = length - END_BYTES;
  while (at >= 0 && !(tail.getUint32(at, true) === 0x06054b50 && endsHere(tail, at))) at--;
  requireFormat(at >= 0, 'no ZIP archive, or cut off');
  requireFormat(tail.getUint32(at + 4, true) === 0, 'an archive on several disks');
  const [count, sizeBytes, offset] = [
    tail.getUint16(at + 10, true),
    tail.getUint32(at + 12, true),
    tail.getUint32(at + 16, true),
  ];
  const needs64 = count === 0xffff || sizeBytes === NOT_KNOWN_32 || offset === NOT_KNOWN_32;
  const end = from + at;
  const hasLocator = at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === 0x07064b50;
  if (!needs64 && !hasLocator) {
    requireFormat(offset + sizeBytes === end, 'a directory that does not end where the archive does');
    return { offset, sizeBytes, count };
  }
  requireFormat(hasLocator, 'an archive without its 64-bit end');
  const at64 = readUint64(tail, at - LOCATOR_BYTES + 8);
  requireFormat(at64 + 56 <= end - LOCATOR_BYTES, 'an archive without its 64-bit end');
  const end64 = viewOf(await source.read(at64, 56));
  requireFormat(end64.getUint32(0, true) === 0x06064b50, 'an archive without its 64-bit end');
  const wide = {
    count: readUint64(end64, 32),
    sizeBytes: readUint64(end64, 40),
    offset: readUint64(end64, 48),
  };
  requireFormat(
    wide.offset + wide.sizeBytes === at64,
    'a directory that does not end where the archive does',
  );
  // Writers that put both ends down must mean one directory by them: a reader of the old end would see another.
  requireFormat(
    (count === 0xffff || count === wide.count) &&
      (sizeBytes === NOT_KNOWN_32 || sizeBytes === wide.sizeBytes) &&
      (offset === NOT_KNOWN_32 || offset === wide.offset),
    'two ends that disagree',
  );
  return wide;
}

function endsHere(tail: DataView, at: number): boolean {
  return at + END_BYTES + tail.getUint16(at + 20, true) === tail.byteLength;
}

function readEntry(bytes: Uint8Array, at: number): { entry: Entry; next: number } {
  requireFormat(at + 46 <= bytes.length, 'a directory that is shorter than its entries');
  const view = viewOf(bytes);
  requireFormat(view.getUint32(at, true) === 0x02014b50, 'an entry without its mark');
  const flags = view.getUint16(at + 8, true);
  requireFormat((flags & 0x2041) === 0, 'an entry that is encrypted');
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((i) => view.getUint16(at + i, true)) as [
    number,
    number,
    number,
  ];
  requireWithin(nameBytes <= ZIP_LIMITS.nameBytes, `a name of ${nameBytes} bytes`);
  const next = at + 46 + nameBytes + extraBytes + commentBytes;
  requireFormat(next <= bytes.length, 'a directory that is shorter than its entries');
  const name = decodeName(bytes.subarray(at + 46, at + 46 + nameBytes));
  const [packedBytes, sizeBytes, offset] = readPlaces(view, at, at + 46 + nameBytes, extraBytes);
  const method = view.getUint16(at + 10, true);
  requireFormat(method === STORED || method === DEFLATED, `an entry packed by method ${method}`);
  requireFormat(method !== STORED || packedBytes === sizeBytes, 'a stored entry of two sizes');
  return { entry: { name, nameBytes, method, packedBytes, sizeBytes, offset }, next };
}

/** Packed size, size and offset; the 64-bit extra field (4.5.3) holds those that are all ones, in this order: size, packed, offset. */
function readPlaces(
  view: DataView,
  at: number,
  extraAt: number,
  extraBytes: number,
): [packed: number, size: number, offset: number] {
  const places = { size: 24, packed: 20, offset: 42 };
  const values = { size: 0, packed: 0, offset: 0 };
  const missing: (keyof typeof values)[] = [];
  for (const key of ['size', 'packed', 'offset'] as const) {
    values[key] = view.getUint32(at + places[key], true);
    if (values[key] === NOT_KNOWN_32) missing.push(key);
  }
  for (let i = extraAt; missing.length > 0 && i + 4 <= extraAt + extraBytes; ) {
    const length = view.getUint16(i + 2, true);
    if (view.getUint16(i, true) === 1) {
      requireFormat(
        length >= missing.length * 8 && i + 4 + length <= extraAt + extraBytes,
        'an entry without its sizes',
      );
      for (const [n, key] of missing.splice(0).entries()) values[key] = readUint64(view, i + 4 + n * 8);
    }
    i += 4 + length;
  }
  requireFormat(missing.length === 0, 'an entry without its sizes');
  return [values.packed, values.size, values.offset];
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    return refuse('WEIGHTS_FORMAT', 'a name that is not UTF-8', cause);
  }
}

function checkPlaces(entries: readonly Entry[], end: number): void {
  let inflated = 0;
  let free = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    requireFormat(entry.offset >= free, 'an entry that lies over another');
    free = entry.offset + LOCAL_BYTES + entry.nameBytes + entry.packedBytes;
    if (entry.method === DEFLATED) inflated += entry.sizeBytes;
  }
  requireFormat(free <= end, 'an entry beyond the directory');
  requireWithin(inflated <= ZIP_LIMITS.inflatedBytes, `compressed entries of ${inflated} bytes`);
}

function openEntry(source: ByteSource, entry: Entry): ByteSource {
  let start: Promise<number> | undefined;
  const findStart = () => {
    start ??= checkLocalHeader(source, entry);
    return start;
  };
  if (entry.method === STORED)
    return {
      name: `${source.name}:${entry.name}`,
      sizeBytes: entry.sizeBytes,
      bytesRead: 0,
      read: async (offset, length) => {
        if (!(offset >= 0 && length >= 0 && offset + length <= entry.sizeBytes))
          refuse('WEIGHTS_ARGUMENT', `bytes ${offset} to ${offset + length} of ${entry.sizeBytes}`);
        return source.read((await findStart()) + offset, length);
      },
      close: async () => {},
    };
  return openKeptSource(`${source.name}:${entry.name}`, entry.sizeBytes, async () => {
    const packed = await source.read(await findStart(), entry.packedBytes);
    try {
      return Uint8Array.from(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.sizeBytes) }));
    } catch (cause) {
      return refuse('WEIGHTS_FORMAT', 'an entry that does not inflate to its size', cause);
    }
  });
}

/** Where the entry's bytes begin. */
async function checkLocalHeader(source: ByteSource, entry: Entry): Promise<number> {
  const bytes = await source.read(entry.offset, LOCAL_BYTES + entry.nameBytes);
  const view = viewOf(bytes);
  requireFormat(view.getUint32(0, true) === 0x04034b50, 'an entry without its local header');
  const isSame =
    view.getUint16(8, true) === entry.method &&
    view.getUint16(26, true) === entry.nameBytes &&
    decodeName(bytes.subarray(LOCAL_BYTES)) === entry.name;
  requireFormat(isSame, 'a local header that is not as the directory says');
  const start = entry.offset + LOCAL_BYTES + entry.nameBytes + view.getUint16(28, true);
  requireFormat(start + entry.packedBytes <= source.sizeBytes, 'an entry beyond the end of the file');
  return start;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readUint64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  requireFormat(value <= BigInt(Number.MAX_SAFE_INTEGER), 'a size that is not exact');
  return Number(value);
}
