import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toBase64 } from '@phalanx/core';
import { openFileSource } from '../formats/byte-source.js';
import { refuse, requireWithin } from '../weights-error.js';
import { makeHeader } from './age-header.js';
import { kindOfRecipient } from './age-key.js';
import { CHUNK_BYTES } from './age-payload.js';
import { listTree, type TreeFile } from './file-tree.js';
import { joinSources } from './joined-source.js';
import {
  countSegments,
  formatManifest,
  MANIFEST_NAME,
  MAX_SEGMENTS,
  type PacedContainer,
  parseManifest,
  segmentName,
} from './paced-container.js';
import { sealPayload } from './sealed-stream.js';
import { writeWholeFile } from './whole-file.js';

/** How a container is made. */
export interface PacedSettings {
  /** Recipient of the release service, which alone reads the segments. Best one of post-quantum kind. */
  readonly service: string;
  /** Plaintext of a segment, a multiple of 65,536 bytes. */
  readonly segmentBytes: number;
  /** Keys that the service hands out in any hour, over all leases together. */
  readonly keysPerHour: number;
  /** Told of each segment that is on the disk. */
  readonly onSegment?: (done: number, of: number) => void;
}

/**
 * Seals a file or a folder as segments with keys of their own, for a release service alone (docs/spec/sealed-weights.md). Whoever
 * copies the container has nothing; what the service has handed out in an hour is `keysPerHour` segments at most.
 *
 * @param out a new folder: `manifest.json` is written last
 * @throws PhalanxError `WEIGHTS_KEY`, `WEIGHTS_ARGUMENT`, `WEIGHTS_LIMIT` above 16,384 segments, `WEIGHTS_SOURCE`
 */
export async function sealPaced(path: string, out: string, settings: PacedSettings): Promise<PacedContainer> {
  const { service, segmentBytes, keysPerHour, onSegment } = settings;
  kindOfRecipient(service);
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes < CHUNK_BYTES || segmentBytes % CHUNK_BYTES !== 0)
    refuse('WEIGHTS_ARGUMENT', 'segments must be a multiple of 65,536 bytes');
  const { root, files } = await findFiles(path);
  if (files.length === 0) refuse('WEIGHTS_ARGUMENT', `${path} has no files`);
  const source = joinSources(
    path,
    files.map((file) => ({
      sizeBytes: file.sizeBytes,
      open: () => openFileSource(join(root, ...file.path.split('/'))),
    })),
  );
  try {
    const count = countSegments(source.sizeBytes, segmentBytes);
    requireWithin(count <= MAX_SEGMENTS, `${count} segments; make them larger`);
    const segments = [];
    for (let i = 0; i < count; i++) {
      const { bytes: header, fileKey } = await makeHeader([service]);
      const offset = i * segmentBytes;
      const length = Math.min(segmentBytes, source.sizeBytes - offset);
      const digest = createHash('sha256');
      const blocks = hashBlocks(header, sealPayload({ source, offset, length }, fileKey), digest);
      await writeWholeFile(join(out, segmentName(i)), blocks);
      segments.push({ header: toBase64(header), sha256: digest.digest('hex') });
      onSegment?.(i + 1, count);
    }
    const manifest = formatManifest({
      schema: 'phalanx.sealed-weights.v1',
      service,
      keysPerHour,
      segmentBytes,
      files: files.map(({ path, sizeBytes }) => ({ path, sizeBytes })),
      segments,
    });
    await writeWholeFile(join(out, MANIFEST_NAME), once(manifest));
    return parseManifest(manifest);
  } finally {
    await source.close();
  }
}

async function findFiles(path: string): Promise<{ root: string; files: readonly TreeFile[] }> {
  let found: Awaited<ReturnType<typeof stat>>;
  try {
    found = await stat(path);
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
  if (found.isDirectory()) return { root: path, files: await listTree(path) };
  return { root: join(path, '..'), files: [{ path: basename(path), sizeBytes: found.size }] };
}

async function* hashBlocks(
  header: Uint8Array,
  payload: AsyncIterable<Uint8Array>,
  digest: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  digest.update(header);
  yield header;
  for await (const block of payload) {
    digest.update(block);
    yield block;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
