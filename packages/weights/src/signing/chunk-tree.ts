import { formatStatement, parseStatement } from '@phalanx/attestation';
import { concatBytes, fromHex, PhalanxError, toHex } from '@phalanx/core';
import { HASH_BYTES } from '@phalanx/ledger';
import { z } from 'zod';
import { type ByteSource, checkRange } from '../formats/byte-source.js';
import { refuse, requireFormat, type WeightsErrorCode } from '../weights-error.js';
import { CHUNK_BYTES, type ChunkedFile, countChunks, hashChunk, rootOfChunks } from './chunk-hashes.js';
import { isModelPath } from './model-files.js';
import type { ModelManifest } from './model-manifest.js';

/** `predicateType` of a statement about chunks, see `docs/spec/weight-statements.md`. */
export const CHUNK_TREE_TYPE = 'urn:phalanx:weights-chunk-tree:v1';

/** One file of a model and the root of the tree over its chunks. */
export interface ChunkTree {
  readonly path: string;
  readonly sizeBytes: number;
  readonly root: Uint8Array;
}

/** The trees of a model, and the hashes of all chunks in one file, `model.chunks`: 32 bytes each, file by file in the order of `files`. */
export interface ChunkTrees {
  readonly files: readonly ChunkTree[];
  readonly hashes: Uint8Array;
}

/** What is signed about the trees: of which model, and the roots. */
export interface ChunkStatement {
  /** Root digest of the manifest, see `ModelManifest`. */
  readonly model: string;
  readonly files: readonly ChunkTree[];
}

const MAX_FILES = 100_000;
/** 8 TiB in chunks, whose hashes are one read of the longest kind. */
const MAX_CHUNKS = 2 ** 23;

const Predicate = z.strictObject({
  chunkBytes: z.literal(CHUNK_BYTES),
  files: z
    .array(
      z.strictObject({
        path: z.string().refine((path) => path === '.' || isModelPath(path)),
        root: z.string().regex(/^[0-9a-f]{64}$/),
        sizeBytes: z
          .int()
          .min(0)
          .max(MAX_CHUNKS * CHUNK_BYTES),
      }),
    )
    .min(1)
    .max(MAX_FILES),
});

/** Trees over what `hashModel` read. */
export function makeChunkTrees(chunked: readonly ChunkedFile[]): ChunkTrees {
  return {
    files: chunked.map(({ path, sizeBytes, hashes }) => ({ path, sizeBytes, root: rootOfChunks(hashes) })),
    hashes: concatBytes(chunked.map(({ hashes }) => hashes)),
  };
}

/** The statement about the trees of a model, ready to be signed. */
export function formatChunkStatement({ name, root }: ModelManifest, { files }: ChunkTrees): Uint8Array {
  return formatStatement({
    subjects: [{ name, sha256: root }],
    predicateType: CHUNK_TREE_TYPE,
    predicate: {
      chunkBytes: CHUNK_BYTES,
      files: files.map((file) => ({ path: file.path, root: toHex(file.root), sizeBytes: file.sizeBytes })),
    },
  });
}

/** @throws PhalanxError `WEIGHTS_FORMAT`, `ATTESTATION_STATEMENT` */
export function parseChunkStatement(statement: Uint8Array): ChunkStatement {
  const { subjects, predicateType, predicate } = parseStatement(statement);
  requireFormat(
    predicateType === CHUNK_TREE_TYPE && subjects.length === 1,
    'no statement about the chunks of a model',
  );
  const read = Predicate.safeParse(predicate);
  if (!read.success) return refuse('WEIGHTS_FORMAT', 'chunks that are not described as they should be');
  const { files } = read.data;
  requireFormat(new Set(files.map(({ path }) => path)).size === files.length, 'a file named twice');
  return {
    model: subjects[0]!.sha256,
    files: files.map(({ path, root, sizeBytes }) => ({ path, sizeBytes, root: fromHex(root) })),
  };
}

/**
 * The hashes of one file's chunks out of `model.chunks`, read by range and checked against the file's root.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for a path that is not in the statement; `WEIGHTS_MISMATCH` when the hashes are not those that
 * were signed; `WEIGHTS_FORMAT`, and what the source throws
 */
export async function readChunkHashes(
  { files }: ChunkStatement,
  path: string,
  hashes: ByteSource,
): Promise<ChunkedFile> {
  const index = files.findIndex((file) => file.path === path);
  const file = files[index];
  if (file === undefined) return refuse('WEIGHTS_ARGUMENT', 'a file that is not in the statement');
  const before = files.slice(0, index).reduce((sum, { sizeBytes }) => sum + countChunks(sizeBytes), 0);
  const length = countChunks(file.sizeBytes) * HASH_BYTES;
  requireFormat(before * HASH_BYTES + length <= hashes.sizeBytes, 'fewer hashes than chunks');
  const bytes = await hashes.read(before * HASH_BYTES, length);
  if (Buffer.compare(rootOfChunks(bytes), file.root) !== 0)
    refuse('WEIGHTS_MISMATCH', 'hashes of chunks that are not those which were signed');
  return { path, sizeBytes: file.sizeBytes, hashes: bytes };
}

/**
 * A source whose every byte is compared with signed hashes before it is handed out: reads go to whole chunks, and a chunk that differs
 * ends in an error. For `openWeightSource` over a server that is not trusted.
 *
 * @param file from `readChunkHashes`
 * @throws PhalanxError `WEIGHTS_MISMATCH` at once when the size differs, and on reading; what `source` throws
 */
export function openVerifiedSource(source: ByteSource, file: ChunkedFile): ByteSource {
  const { sizeBytes, hashes } = file;
  const fail = (what: string) =>
    new PhalanxError<WeightsErrorCode>('WEIGHTS_MISMATCH', `${source.name}: ${what}`, {
      advice: 'Do not use it: it is not the file that was signed.',
    });
  if (source.sizeBytes !== sizeBytes) throw fail(`${source.sizeBytes} bytes where ${sizeBytes} were signed`);
  const readChunk = async (index: number): Promise<Uint8Array> => {
    const offset = index * CHUNK_BYTES;
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, sizeBytes - offset));
    const expected = hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    if (Buffer.compare(hashChunk(chunk), expected) !== 0) throw fail(`bytes from ${offset} were changed`);
    return chunk;
  };
  let last: { readonly index: number; readonly chunk: Uint8Array } | null = null;
  return {
    name: source.name,
    sizeBytes,
    get bytesRead() {
      return source.bytesRead;
    },
    async read(offset, length) {
      checkRange(sizeBytes, offset, length);
      const bytes = new Uint8Array(length);
      for (let at = offset; at < offset + length; ) {
        const index = Math.floor(at / CHUNK_BYTES);
        // Headers are read in small steps.
        if (last?.index !== index) last = { index, chunk: await readChunk(index) };
        const from = at - index * CHUNK_BYTES;
        const part = last.chunk.subarray(from, from + offset + length - at);
        bytes.set(part, at - offset);
        at += part.length;
      }
      return bytes;
    },
    close: () => source.close(),
  };
}
