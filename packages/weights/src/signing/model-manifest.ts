import { createHash } from 'node:crypto';
import { toHex } from '@phalanx/core';
import { requireFormat, requireWithin } from '../weights-error.js';
import type { ChunkedFile } from './chunk-hashes.js';
import type { ContentHash } from './content-hash.js';
import { hashFiles } from './hashing-threads.js';
import {
  comparePaths,
  type FileRules,
  isModelPath,
  listModelFiles,
  MODEL_LIMITS,
  type ModelFile,
  readModelName,
} from './model-files.js';

/** One file of a model, or one range of one, with its digest. */
export interface Resource {
  /** Path in the model, `path:start:end` for a range. */
  readonly name: string;
  readonly digest: Uint8Array;
}

/** What a signature of a model is about (OpenSSF Model Signing 1.0, predicate). */
export interface ModelManifest {
  /** For people. */
  readonly name: string;
  /** SHA-256 over all digests in the order of `resources`: what other statements call the model by. 64 hexadecimal digits. */
  readonly root: string;
  readonly hash: ContentHash;
  /** Bytes of a range where files are hashed in ranges; null: whole. */
  readonly shardBytes: number | null;
  readonly allowSymlinks: boolean;
  readonly ignorePaths: readonly string[];
  readonly resources: readonly Resource[];
}

/** How a manifest is made. */
export interface ManifestSettings extends FileRules {
  /** Default sha256. */
  readonly hash?: ContentHash;
  /** Default null: whole files. */
  readonly shardBytes?: number | null;
  /** Called after each file. */
  readonly onFile?: (file: ModelFile) => void;
}

/** What `model_signing` takes by default. */
export const SHARD_BYTES = 1_000_000_000;

/** What one pass over a model gives. */
export interface HashedModel {
  readonly manifest: ModelManifest;
  /** Hashes of the chunks of each file, where they were asked for; see `ChunkTrees`. */
  readonly chunked: readonly ChunkedFile[];
}

/**
 * Hashes a model, a folder or a file, into its manifest. Names are in the order of code points. In ranges, empty files have no resource,
 * as in the reference.
 *
 * @param withChunks also hashes the chunks of every file, in the same pass
 * @throws PhalanxError `WEIGHTS_FORMAT` for a model without bytes to sign, or `listModelFiles`; `WEIGHTS_LIMIT`, `WEIGHTS_SOURCE`
 */
export async function hashModel(
  location: string,
  settings: ManifestSettings,
  withChunks = false,
): Promise<HashedModel> {
  const { hash = 'sha256', shardBytes = null, allowSymlinks = false, ignorePaths } = settings;
  const files = await listModelFiles(location, settings);
  const count = files.reduce((sum, { sizeBytes }) => sum + countRanges(sizeBytes, shardBytes), 0);
  requireWithin(count <= MODEL_LIMITS.files, `${count} ranges; larger ones make fewer`);
  const hashes = await hashFiles(files, { hash, rangeBytes: shardBytes, withChunks }, settings.onFile);
  const resources: Resource[] = [];
  const chunked: ChunkedFile[] = [];
  for (const [i, { sizeBytes, digests, chunks }] of hashes.entries()) {
    const { path } = files[i]!;
    resources.push(...nameResources(path, sizeBytes, digests, shardBytes));
    if (chunks !== null) chunked.push({ path, sizeBytes, hashes: chunks });
  }
  requireFormat(resources.length > 0, 'a model without files to sign');
  resources.sort((a, b) => comparePaths(a.name, b.name));
  const manifest = {
    name: await readModelName(location),
    root: rootOf(resources),
    hash,
    shardBytes,
    allowSymlinks,
    ignorePaths,
    resources,
  };
  return { manifest, chunked };
}

/** Resources of a file of so many bytes. */
export function countRanges(sizeBytes: number, shardBytes: number | null): number {
  return shardBytes === null ? 1 : Math.ceil(sizeBytes / shardBytes);
}

/** The resources of a file. */
export function nameResources(
  path: string,
  sizeBytes: number,
  digests: readonly Uint8Array[],
  shardBytes: number | null,
): Resource[] {
  return digests.map((digest, i) => ({
    name:
      shardBytes === null ? path : `${path}:${i * shardBytes}:${Math.min(sizeBytes, (i + 1) * shardBytes)}`,
    digest,
  }));
}

/** Path of the file that a resource is of. Null when the name cannot be one of a file in a model. */
export function filePathOf(name: string, shardBytes: number | null): string | null {
  const path = shardBytes === null ? name : (/^(.+):(?:0|[1-9][0-9]*):[1-9][0-9]*$/s.exec(name)?.[1] ?? '');
  return path === '.' || isModelPath(path) ? path : null;
}

/** The root digest (OpenSSF Model Signing 1.0 section 6.5.1): SHA-256 whatever the files are hashed with. */
export function rootOf(resources: readonly Resource[]): string {
  const hash = createHash('sha256');
  for (const { digest } of resources) hash.update(digest);
  return toHex(hash.digest());
}
