import { deflateRawSync } from 'node:zlib';
import { openBytesSource } from './byte-source.js';
import { openZip } from './zip-archive.js';

export interface ZipPlan {
  readonly deflate?: boolean;
  /** Sizes that the directory claims, by name. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** What lies there instead. */
  readonly contents?: Readonly<Record<string, Uint8Array>>;
  /** Places and counts in 64 bits alone, as in archives of more than 4 GiB. */
  readonly wide?: boolean;
  /** Changes the archive's end before it is written. */
  readonly changeEnd?: (end: Buffer) => void;
  /** Name in the local header of the pickle. */
  readonly localName?: string;
}

/** Entries of an archive by name. */
export async function readZip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const entries = new Map<string, Uint8Array>();
  for (const [name, source] of await openZip(openBytesSource(bytes)))
    entries.set(name, await source.read(0, source.sizeBytes));
  return entries;
}

/** An archive without checksums, honest or not. */
export function makeZip(entries: ReadonlyMap<string, Uint8Array>, plan: ZipPlan = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, given] of entries) {
    const bytes = plan.contents?.[name] ?? given;
    const packed = plan.deflate ? deflateRawSync(bytes) : bytes;
    const local = Buffer.alloc(30);
    const central = Buffer.alloc(46);
    for (const [header, mark, shift] of [
      [local, 0x04034b50, 0],
      [central, 0x02014b50, 2],
    ] as const) {
      header.writeUInt32LE(mark, 0);
      header.writeUInt16LE(plan.deflate ? 8 : 0, 8 + shift);
      header.writeUInt32LE(packed.length, 18 + shift);
      header.writeUInt32LE(plan.sizes?.[name] ?? bytes.length, 22 + shift);
      header.writeUInt16LE(name.length, 26 + shift);
    }
    central.writeUInt32LE(at, 42);
    const extra = plan.wide
      ? makeWideExtra(plan.sizes?.[name] ?? bytes.length, packed.length, at)
      : Buffer.alloc(0);
    if (plan.wide) {
      for (const place of [20, 24, 42]) central.writeUInt32LE(0xffff_ffff, place);
      central.writeUInt16LE(extra.length, 30);
    }
    const localName = name.endsWith('data.pkl') ? (plan.localName ?? name) : name;
    parts.push(local, Buffer.from(localName), packed);
    directory.push(central, Buffer.from(name), extra);
    at += 30 + name.length + packed.length;
  }
  const directoryBytes = Buffer.concat(directory).length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  if (plan.wide) {
    end.fill(0xff, 8, 20);
    directory.push(makeWideEnd(entries.size, directoryBytes, at));
  } else {
    end.writeUInt16LE(entries.size, 8);
    end.writeUInt16LE(entries.size, 10);
    end.writeUInt32LE(directoryBytes, 12);
    end.writeUInt32LE(at, 16);
  }
  plan.changeEnd?.(end);
  return Uint8Array.from(Buffer.concat([...parts, ...directory, end]));
}

function makeWideExtra(sizeBytes: number, packedBytes: number, offset: number): Buffer {
  // A field of another kind first, which is skipped.
  const extra = Buffer.from(`feca0200ffff0100${'00'.repeat(26)}`, 'hex');
  extra.writeUInt16LE(24, 8);
  for (const [i, value] of [sizeBytes, packedBytes, offset].entries())
    extra.writeBigUInt64LE(BigInt(value), 10 + i * 8);
  return extra;
}

function makeWideEnd(count: number, sizeBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  for (const [i, value] of [count, count, sizeBytes, offset].entries())
    end.writeBigUInt64LE(BigInt(value), 24 + i * 8);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + sizeBytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}
