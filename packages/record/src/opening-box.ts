import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { PhalanxError, seal, unseal, utf8 } from '@phalanx/core';
import { GROUPS } from './commitment.js';
import { type Observation, SALTS_BYTES } from './observation.js';
import type { RecordErrorCode } from './record-error.js';

/**
 * Openings of one account's exchanges of one day and one batch, sealed together. Text is sealed apart from the rest, because it
 * is to be destroyed earlier.
 */
export const BoxKind = { REST: 1, TEXT: 2 } as const;
export type BoxKind = (typeof BoxKind)[keyof typeof BoxKind];

/** The key of an account's day. */
export interface DayKey {
  /** Names the key without telling whose it is. */
  readonly id: bigint;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Keys of accounts' days. Destroying a key destroys what it sealed, in every copy. */
export interface AccountKeys {
  /** Keys that survive a loss of power, one an account, made where missing. `day` is yyyymmdd, UTC. */
  findOrMake(accounts: readonly bigint[], day: number): Promise<readonly DayKey[]>;
  /** Null when it was destroyed. */
  findNamed(id: bigint, day: number): Promise<{ readonly account: bigint; readonly key: Uint8Array } | null>;
  /** Destroys all keys of an account and says how many there were. */
  erase(account: bigint): Promise<number>;
}

export interface OpeningBox {
  readonly kind: BoxKind;
  readonly keyId: bigint;
  readonly day: number;
  readonly nonce: Uint8Array;
  /** Which leaves it opens, in order: places in the batch. */
  readonly places: readonly number[];
  readonly box: Uint8Array;
}

/** What a box says of one exchange. `values` has an entry for each group; those of the other kind of box are null. */
export interface OpenedExchange {
  /** 16 bytes; empty in a box of text. */
  readonly id: Uint8Array;
  /** Six of 16 bytes; empty in a box of text. */
  readonly salts: Uint8Array;
  readonly values: readonly (Uint8Array | null)[];
}

const ABSENT = 0xffff_ffff;
/** Neither on its way in nor when it swells on its way out. */
const MAX_BOX_BYTES = 1 << 26;
const COMPRESS_FROM_BYTES = 4096;
const HEADER_BYTES = 33;
const TEXT = [GROUPS.indexOf('prompt'), GROUPS.indexOf('completion')];
const REST = GROUPS.map((_, i) => i).filter((i) => !TEXT.includes(i));

/** Seals the openings of these observations, all of one account and day; null when there is nothing of this kind to seal. */
export function sealBox(
  kind: BoxKind,
  { id: keyId, key }: DayKey,
  day: number,
  observations: readonly { readonly place: number; readonly observation: Observation }[],
): OpeningBox | null {
  const groups = kind === BoxKind.TEXT ? TEXT : REST;
  const told = observations.filter(({ observation: { values } }) => groups.some((i) => values[i] !== null));
  if (told.length === 0) return null;
  const plain = packOpenings(kind, groups, told);
  if (plain.length > MAX_BOX_BYTES) throw boxError('it is larger than 64 MiB');
  const isLong = plain.length >= COMPRESS_FROM_BYTES;
  const body = isLong
    ? brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 0 } })
    : plain;
  const packed = Buffer.concat([Uint8Array.of(isLong ? 1 : 0), body]);
  return {
    kind,
    keyId,
    day,
    places: told.map(({ place }) => place),
    ...seal(key, packed, contextOf(kind, day)),
  };
}

/** For each: id and salts unless it is text, a length for each group, the values. */
function packOpenings(
  kind: BoxKind,
  groups: readonly number[],
  told: readonly { readonly observation: Observation }[],
): Buffer {
  const head = (kind === BoxKind.REST ? 16 + SALTS_BYTES : 0) + 4 * groups.length;
  let size = 0;
  for (const { observation } of told) {
    size += head;
    for (const group of groups) size += observation.values[group]?.length ?? 0;
  }
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { observation } of told) {
    const { id, salts, values } = observation;
    if (kind === BoxKind.REST) {
      bytes.set(id, at);
      bytes.set(salts, at + 16);
      at += 16 + SALTS_BYTES;
    }
    for (const group of groups) at = bytes.writeUInt32BE(values[group]?.length ?? ABSENT, at);
    for (const group of groups) {
      const value = values[group];
      if (!value) continue;
      bytes.set(value, at);
      at += value.length;
    }
  }
  return bytes;
}

/**
 * Opens a box.
 *
 * @throws PhalanxError `RECORD_CORRUPT` when the key is the right one and the bytes are not
 */
export function openBox(box: OpeningBox, key: Uint8Array): OpenedExchange[] {
  const packed = unseal(key, box, contextOf(box.kind, box.day));
  if (packed === null || packed.length === 0) throw boxError('it was altered');
  const rest = packed.subarray(1);
  const bytes = packed[0] === 1 ? brotliDecompressSync(rest, { maxOutputLength: MAX_BOX_BYTES }) : rest;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isText = box.kind === BoxKind.TEXT;
  const groups = isText ? TEXT : REST;
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw boxError('it ends inside an opening');
    at += length;
    return new Uint8Array(bytes.subarray(at - length, at));
  };
  return box.places.map(() => {
    const id = take(isText ? 0 : 16);
    const salts = take(isText ? 0 : SALTS_BYTES);
    const lengthsAt = at;
    take(4 * groups.length);
    const values: (Uint8Array | null)[] = GROUPS.map(() => null);
    groups.forEach((group, i) => {
      const length = view.getUint32(lengthsAt + 4 * i);
      if (length !== ABSENT) values[group] = take(length);
    });
    return { id, salts, values };
  });
}

/** A box as it lies in a file: header, places, ciphertext. Numbers big-endian. */
export function formatBox({ kind, keyId, day, nonce, places, box }: OpeningBox): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 4 * places.length + box.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = kind;
  view.setBigUint64(1, keyId);
  view.setUint32(9, day);
  bytes.set(nonce, 13);
  view.setUint32(25, places.length);
  view.setUint32(29, box.length);
  places.forEach((place, i) => {
    view.setUint32(HEADER_BYTES + 4 * i, place);
  });
  bytes.set(box, HEADER_BYTES + 4 * places.length);
  return bytes;
}

/** Boxes one after another, as views. @throws PhalanxError `RECORD_CORRUPT` */
export function parseBoxes(bytes: Uint8Array): OpeningBox[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: OpeningBox[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER_BYTES > bytes.length) throw boxError('the file ends inside it');
    const kind = bytes[at];
    const count = view.getUint32(at + 25);
    const length = view.getUint32(at + 29);
    const boxAt = at + HEADER_BYTES + 4 * count;
    if ((kind !== BoxKind.REST && kind !== BoxKind.TEXT) || boxAt + length > bytes.length)
      throw boxError('the file ends inside it');
    boxes.push({
      kind,
      keyId: view.getBigUint64(at + 1),
      day: view.getUint32(at + 9),
      nonce: bytes.subarray(at + 13, at + 25),
      places: Array.from({ length: count }, (_, i) => view.getUint32(at + HEADER_BYTES + 4 * i)),
      box: bytes.subarray(boxAt, boxAt + length),
    });
    at = boxAt + length;
  }
  return boxes;
}

function contextOf(kind: BoxKind, day: number): Uint8Array {
  return utf8(`phalanx-opening/1 ${kind} ${day}`);
}

function boxError(what: string): PhalanxError<RecordErrorCode> {
  return new PhalanxError('RECORD_CORRUPT', `a box of openings cannot be used: ${what}`, {
    advice: 'Restore the openings and the key folders from the same backup.',
  });
}
