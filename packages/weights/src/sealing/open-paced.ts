import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBase64 } from '@phalanx/core';
import { type ByteSource, openFileSource } from '../formats/byte-source.js';
import { refuse } from '../weights-error.js';
import { joinSources } from './joined-source.js';
import {
  MANIFEST_NAME,
  MAX_MANIFEST_BYTES,
  type PacedContainer,
  parseManifest,
  segmentName,
} from './paced-container.js';
import { openSealed } from './sealed-source.js';
import { openSealedStream } from './sealed-stream.js';
import { isThere, writeWholeFile } from './whole-file.js';

/** With what a container is opened. */
export interface PacedKeys {
  readonly identities: readonly string[];
  /** The header that was released for a segment, null for none. Without: the segments' own, which the service alone opens. */
  readonly findHeader?: (segment: number) => Promise<Uint8Array | null>;
}

/** What `openPaced` made of one file. */
export interface PacedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** `waiting`: keys of some of its segments are not there yet. */
  readonly state: 'opened' | 'there already' | 'waiting';
  /** Segments that it lies in, and those of them whose key is there. */
  readonly segments: number;
  readonly released: number;
}

const OPENED_MODE = 0o600;

/**
 * The manifest of a container.
 *
 * @param path its folder, or the manifest itself, which is all that a release service needs
 * @throws PhalanxError `WEIGHTS_SOURCE`, and what `parseManifest` throws
 */
export async function readManifest(path: string): Promise<PacedContainer> {
  const source = await openFileSource(path.endsWith('.json') ? path : join(path, MANIFEST_NAME));
  try {
    if (source.sizeBytes > MAX_MANIFEST_BYTES)
      return refuse('WEIGHTS_LIMIT', `a manifest of ${source.sizeBytes} bytes`);
    return parseManifest(await source.read(0, source.sizeBytes));
  } finally {
    await source.close();
  }
}

/**
 * Writes those files of a container whose segments are all released, mode 0600. Each segment's SHA-256 is compared with the
 * manifest's, since whoever was given its key could write another. Called again later, it goes on.
 *
 * @throws PhalanxError `WEIGHTS_SEAL`, `WEIGHTS_KEY`, `WEIGHTS_SOURCE`, `WEIGHTS_ARGUMENT` for a file of another size under a name of
 * the container's
 */
export async function* openPaced(
  folder: string,
  container: PacedContainer,
  out: string,
  keys: PacedKeys,
): AsyncGenerator<PacedFile> {
  let begin = 0;
  for (const { path, sizeBytes } of container.manifest.files) {
    const [from, to] = segmentsOf(container, begin, sizeBytes);
    const target = join(out, ...path.split('/'));
    let released = 0;
    for (let i = from; i < to; i++) if ((await headerOf(container, keys, i)) !== null) released++;
    const facts = { path, sizeBytes, segments: to - from, released };
    if (await isThere(target)) {
      if ((await stat(target)).size !== sizeBytes) refuse('WEIGHTS_ARGUMENT', `${target} is another file`);
      yield { ...facts, state: 'there already' };
    } else if (released < to - from) yield { ...facts, state: 'waiting' };
    else {
      await writeWholeFile(target, readVerified(folder, container, keys, begin, sizeBytes), OPENED_MODE);
      yield { ...facts, state: 'opened' };
    }
    begin += sizeBytes;
  }
}

/**
 * A file of a container as a source, for reading what is released of it: headers and single tensors. A read that touches a segment
 * without a key is refused. Segments are verified by their keys, not by the manifest's digests.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a path that the container does not have; reads throw `WEIGHTS_LEASE` for a segment
 * without a key, and what `openSealed` throws
 */
export function openPacedFile(
  folder: string,
  container: PacedContainer,
  path: string,
  keys: PacedKeys,
): ByteSource {
  const { files, segments, segmentBytes } = container.manifest;
  const place = files.findIndex((file) => file.path === path);
  if (place < 0) return refuse('WEIGHTS_ARGUMENT', `no file ${path} in the container`);
  const begin = files.slice(0, place).reduce((sum, file) => sum + file.sizeBytes, 0);
  const { sizeBytes } = files[place]!;
  const joined = joinSources(
    path,
    segments.map((_, i) => ({
      sizeBytes: Math.min(segmentBytes, container.sizeBytes - i * segmentBytes),
      open: () => openSegment(folder, container, keys, i),
    })),
  );
  return {
    name: path,
    sizeBytes,
    get bytesRead() {
      return joined.bytesRead;
    },
    read: (offset, length) =>
      offset + length > sizeBytes
        ? refuse('WEIGHTS_ARGUMENT', `bytes ${offset} to ${offset + length} of ${sizeBytes}`)
        : joined.read(begin + offset, length),
    close: () => joined.close(),
  };
}

async function openSegment(
  folder: string,
  container: PacedContainer,
  keys: PacedKeys,
  index: number,
): Promise<ByteSource> {
  const header = await headerOf(container, keys, index);
  if (header === null) return refuse('WEIGHTS_LEASE', `the key of segment ${index} is not released`);
  const source = await openFileSource(join(folder, segmentName(index)));
  try {
    const opened = await openSealed(source, keys.identities, header);
    if (opened.sizeBytes !== segmentSize(container, index))
      refuse('WEIGHTS_SEAL', `segment ${index} has another length than the manifest says`);
    return opened;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The plaintext of a file, out of segments that are read whole, so that their digests are known. */
async function* readVerified(
  folder: string,
  container: PacedContainer,
  keys: PacedKeys,
  begin: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const { segments, segmentBytes } = container.manifest;
  const [from, to] = segmentsOf(container, begin, length);
  for (let i = from; i < to; i++) {
    const header = await headerOf(container, keys, i);
    if (header === null) return refuse('WEIGHTS_LEASE', `the key of segment ${i} is not released`);
    const source = await openFileSource(join(folder, segmentName(i)));
    try {
      let at = i * segmentBytes;
      for await (const block of openSealedStream(source, keys.identities, {
        header,
        sha256: segments[i]!.sha256,
      })) {
        const cutFrom = Math.max(0, begin - at);
        const cutTo = Math.min(block.length, begin + length - at);
        if (cutTo > cutFrom) yield block.subarray(cutFrom, cutTo);
        at += block.length;
      }
      if (at - i * segmentBytes !== segmentSize(container, i))
        refuse('WEIGHTS_SEAL', `segment ${i} has another length than the manifest says`);
    } finally {
      await source.close();
    }
  }
}

function headerOf(container: PacedContainer, keys: PacedKeys, index: number): Promise<Uint8Array | null> {
  if (keys.findHeader !== undefined) return keys.findHeader(index);
  return Promise.resolve(fromBase64(container.manifest.segments[index]!.header));
}

/** First segment of a file and the one after its last. An empty file lies in none. */
function segmentsOf({ manifest }: PacedContainer, begin: number, length: number): [number, number] {
  const from = Math.floor(begin / manifest.segmentBytes);
  return [from, length === 0 ? from : Math.floor((begin + length - 1) / manifest.segmentBytes) + 1];
}

function segmentSize({ manifest, sizeBytes }: PacedContainer, index: number): number {
  return Math.min(manifest.segmentBytes, sizeBytes - index * manifest.segmentBytes);
}
