import { createHash } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { splitInnerPath } from '../formats/weight-folder.js';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { MAX_HEADER_BYTES } from './age-header.js';
import { kindOfRecipient } from './age-key.js';
import { CHUNK_BYTES } from './age-payload.js';
import { MAX_TREE_FILES } from './file-tree.js';

/** Name of the manifest in a container's folder. */
export const MANIFEST_NAME = 'manifest.json';
export const MAX_SEGMENTS = 16_384;
export const MAX_KEYS_PER_HOUR = 1_000_000;
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
const MAX_SEGMENT_BYTES = 2 ** 40;

const Header = z.base64().max(Math.ceil((MAX_HEADER_BYTES * 4) / 3));

/** docs/spec/sealed-weights.md, section 2. */
export const PacedManifest = z.strictObject({
  schema: z.literal('phalanx.sealed-weights.v1'),
  service: z.string().max(2048),
  keysPerHour: z.int().min(1).max(MAX_KEYS_PER_HOUR),
  segmentBytes: z.int().min(CHUNK_BYTES).max(MAX_SEGMENT_BYTES),
  files: z
    .array(z.strictObject({ path: z.string(), sizeBytes: z.int().min(0) }))
    .min(1)
    .max(MAX_TREE_FILES),
  segments: z
    .array(z.strictObject({ header: Header, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(MAX_SEGMENTS),
});
/** What lies beside the segments, for everybody to read. */
export type PacedManifest = z.infer<typeof PacedManifest>;

/** A manifest that was checked, with its digest. */
export interface PacedContainer {
  readonly manifest: PacedManifest;
  /** SHA-256 of the manifest's bytes, hex: what `sha256sum manifest.json` prints, and leases name. */
  readonly artifactSha256: string;
  /** Of all files together. */
  readonly sizeBytes: number;
}

/** The bytes of a manifest: RFC 8785 JSON. @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT` */
export function formatManifest(manifest: PacedManifest): Uint8Array {
  const bytes = utf8(canonicalJson(manifest as unknown as Json));
  parseManifest(bytes);
  return bytes;
}

/**
 * Reads a manifest that a stranger may have written.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT` for anything but canonical JSON of the schema whose sizes agree, `WEIGHTS_LIMIT` above 64 MiB,
 * `WEIGHTS_KEY`
 */
export function parseManifest(bytes: Uint8Array): PacedContainer {
  requireWithin(bytes.length <= MAX_MANIFEST_BYTES, `a manifest of ${bytes.length} bytes`);
  const manifest = parseCanonical(bytes, PacedManifest, 'a manifest of sealed weights');
  kindOfRecipient(manifest.service);
  requireFormat(manifest.segmentBytes % CHUNK_BYTES === 0, 'segments are no multiple of 65,536 bytes');
  const paths = manifest.files.map(({ path }) => path);
  paths.forEach(splitInnerPath);
  requireFormat(new Set(paths).size === paths.length, 'a path stands twice in a manifest');
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  requireFormat(Number.isSafeInteger(sizeBytes), 'files of more than 2^53 bytes');
  requireFormat(
    manifest.segments.length === countSegments(sizeBytes, manifest.segmentBytes),
    'the number of segments does not fit the files',
  );
  return { manifest, artifactSha256: toHex(createHash('sha256').update(bytes).digest()), sizeBytes };
}

/** Of files of so many bytes together; at least one. */
export function countSegments(sizeBytes: number, segmentBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / segmentBytes));
}

/** `000012.age`: where segment 12 lies in a container's folder. */
export function segmentName(index: number): string {
  return `${String(index).padStart(6, '0')}.age`;
}

/** @throws PhalanxError `WEIGHTS_FORMAT` for what is not the schema's, and for the same written otherwise */
export function parseCanonical<T>(bytes: Uint8Array, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    return refuse('WEIGHTS_FORMAT', `not ${what}: no JSON`, cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(
      'WEIGHTS_FORMAT',
      `not ${what}: ${issue?.path.join('.') || 'its members'} ${issue?.message ?? ''}`.slice(0, 200),
    );
  }
  requireFormat(
    Buffer.from(canonicalJson(parsed.data as Json)).equals(bytes),
    `not ${what}: it is not canonical JSON`,
  );
  return parsed.data;
}
