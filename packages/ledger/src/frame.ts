import { createHash } from 'node:crypto';

/**
 * One batch of entries in a segment file:
 *
 * | bytes | what, numbers big-endian |
 * |---|---|
 * | 4 | "PXF1" |
 * | 8 | index of the first entry |
 * | 4 | entries |
 * | 4 | bytes of the payload |
 * | 32 | SHA-256 of the 20 bytes above and the payload |
 * | | payload: entries as in an entry bundle, each behind its length as a uint16 |
 */
export interface Frame {
  readonly first: number;
  readonly count: number;
  /** Where its header begins. */
  readonly at: number;
  readonly payloadBytes: number;
}

export const FRAME_HEADER_BYTES = 52;
export const MAX_PAYLOAD_BYTES = 2 ** 24;
const MAGIC = 0x50584631;
const HASHED_BYTES = 20;

/** A whole frame. */
export function formatFrame(first: number, count: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setBigUint64(4, BigInt(first));
  view.setUint32(12, count);
  view.setUint32(16, payload.length);
  bytes.set(payload, FRAME_HEADER_BYTES);
  bytes.set(digest(bytes.subarray(0, HASHED_BYTES), payload), HASHED_BYTES);
  return bytes;
}

/** Reads `length` bytes from `at` on, fewer at the end. */
export type ByteReader = (at: number, length: number) => Uint8Array;

/** What the header at `at` says, unverified; null when there is none. For passing over a frame. */
export function readFrameHeader(
  read: ByteReader,
  at: number,
  maxPayloadBytes = MAX_PAYLOAD_BYTES,
): Frame | null {
  const header = read(at, FRAME_HEADER_BYTES);
  if (header.length < FRAME_HEADER_BYTES) return null;
  const view = new DataView(header.buffer, header.byteOffset);
  const payloadBytes = view.getUint32(16);
  if (view.getUint32(0) !== MAGIC || payloadBytes > maxPayloadBytes) return null;
  return { first: Number(view.getBigUint64(4)), count: view.getUint32(12), at, payloadBytes };
}

/** The frame at `at` with its payload, the checksum verified; null when there is no whole one. */
export function readFrame(
  read: ByteReader,
  at: number,
  maxPayloadBytes = MAX_PAYLOAD_BYTES,
): { frame: Frame; payload: Uint8Array } | null {
  const frame = readFrameHeader(read, at, maxPayloadBytes);
  if (frame === null) return null;
  const header = read(at, FRAME_HEADER_BYTES);
  const payload = read(at + FRAME_HEADER_BYTES, frame.payloadBytes);
  if (payload.length < frame.payloadBytes) return null;
  return digest(header.subarray(0, HASHED_BYTES), payload).equals(header.subarray(HASHED_BYTES))
    ? { frame, payload }
    : null;
}

/** Where a whole frame begins in these bytes, or null. */
export function findFrame(bytes: Uint8Array): number | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: ByteReader = (at, length) => bytes.subarray(at, at + length);
  for (let at = buffer.indexOf('PXF1'); at >= 0; at = buffer.indexOf('PXF1', at + 1))
    if (readFrame(read, at) !== null) return at;
  return null;
}

function digest(header: Uint8Array, payload: Uint8Array): Buffer {
  return createHash('sha256').update(header).update(payload).digest();
}
