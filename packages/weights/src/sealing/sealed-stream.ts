import { createHash, randomBytes } from 'node:crypto';
import type { ByteSource } from '../formats/byte-source.js';
import { refuse } from '../weights-error.js';
import { makeHeader, openHeader, readHeader } from './age-header.js';
import {
  CHUNK_BYTES,
  countChunks,
  derivePayloadKey,
  openChunk,
  PAYLOAD_NONCE_BYTES,
  plainBytes,
  SEALED_CHUNK_BYTES,
  sealChunk,
  sealedBytes,
} from './age-payload.js';
import { readBlocks } from './block-reader.js';

/** Chunks of one block: 1 MiB is read, worked on and written at a time. */
const BLOCK_CHUNKS = 16;

/** A part of a source that becomes, or was, one age file. */
export interface SealedRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}

/**
 * The bytes of an age file for some recipients, in memory that does not grow with it. `age -d` opens it.
 *
 * @throws PhalanxError `WEIGHTS_KEY`, and what the source throws
 */
export async function* sealSource(
  source: ByteSource,
  recipients: readonly string[],
): AsyncGenerator<Uint8Array> {
  const { bytes, fileKey } = await makeHeader(recipients);
  yield bytes;
  yield* sealPayload({ source, offset: 0, length: source.sizeBytes }, fileKey);
}

/** What follows the header: nonce and chunks. */
export async function* sealPayload(
  { source, offset, length }: SealedRange,
  fileKey: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  const key = derivePayloadKey(fileKey, nonce);
  yield nonce;
  const last = countChunks(length) - 1;
  if (length === 0) {
    const out = new Uint8Array(sealedBytes(0));
    sealChunk(key, 0, true, new Uint8Array(0), out, 0);
    yield out;
  }
  let index = 0;
  for await (const block of readBlocks(source, offset, length, BLOCK_CHUNKS * CHUNK_BYTES)) {
    const out = Buffer.allocUnsafeSlow(sealedBytes(block.length));
    for (let from = 0, to = 0; from < block.length; from += CHUNK_BYTES, index++)
      to = sealChunk(key, index, index === last, block.subarray(from, from + CHUNK_BYTES), out, to);
    yield out;
  }
}

/** What `openSealedStream` compares besides. */
export interface SealedStreamSettings {
  /** Takes the place of the header that the file has: from a key release. */
  readonly header?: Uint8Array;
  /** SHA-256 that the whole age file must have, hex. It is known only after the last block. */
  readonly sha256?: string;
}

/**
 * The plaintext of an age file from front to back. Each block was verified before it is given, and that the file is whole only
 * when the last one was: whoever stops at an error must throw away what came before.
 *
 * @throws PhalanxError `WEIGHTS_SEAL`, `WEIGHTS_KEY`, `WEIGHTS_LIMIT`, and what the source throws
 */
export async function* openSealedStream(
  source: ByteSource,
  identities: readonly string[],
  settings: SealedStreamSettings = {},
): AsyncGenerator<Uint8Array> {
  const own = await readHeader(source);
  const fileKey = await openHeader(settings.header ?? own, identities);
  const { nonce, start, size } = await readPayloadStart(source, own.length);
  const key = derivePayloadKey(fileKey, nonce);
  const digest = settings.sha256 === undefined ? null : createHash('sha256').update(own).update(nonce);
  const last = countChunks(size) - 1;
  let index = 0;
  const length = source.sizeBytes - start;
  for await (const block of readBlocks(source, start, length, BLOCK_CHUNKS * SEALED_CHUNK_BYTES)) {
    digest?.update(block);
    const out = Buffer.allocUnsafeSlow(block.length);
    let filled = 0;
    for (let from = 0; from < block.length; from += SEALED_CHUNK_BYTES, index++) {
      const plain = openChunk(key, index, index === last, block.subarray(from, from + SEALED_CHUNK_BYTES));
      out.set(plain, filled);
      filled += plain.length;
    }
    if (index > last && digest !== null && digest.digest('hex') !== settings.sha256)
      refuse('WEIGHTS_SEAL', `${source.name} is another file than its container names`);
    yield out.subarray(0, filled);
  }
}

/** Where the chunks begin, and how many bytes they hold. */
export async function readPayloadStart(source: ByteSource, headerBytes: number) {
  const start = headerBytes + PAYLOAD_NONCE_BYTES;
  if (start > source.sizeBytes) return refuse('WEIGHTS_SEAL', `${source.name} ends in its nonce`);
  return {
    nonce: await source.read(headerBytes, PAYLOAD_NONCE_BYTES),
    start,
    size: plainBytes(source.sizeBytes - start),
  };
}
