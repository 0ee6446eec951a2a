import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toHex } from '@phalanx/core';
import { type ByteSource, openFileSource } from '../formats/byte-source.js';
import { openWeightSource } from '../formats/open-weights.js';
import type { Tensor, WeightFile } from '../formats/weight-file.js';
import { openFolderOf } from '../formats/weight-folder.js';
import { refuse } from '../weights-error.js';
import { type CarrierStream, findCarrierRange, isCarrierFormat, openCarriers, RUN } from './carriers.js';
import { compareBytes, findModelFiles } from './copy-files.js';
import { type CopyHolder, drawCodeWord, openFingerprintCode } from './fingerprint-code.js';
import type { MarkKey } from './mark-key.js';
import { markNumbers } from './marking.js';

/** SHA-256 of a file, hex. */
export interface FileDigest {
  readonly name: string;
  readonly sha256: string;
}

/** A copy that was made. */
export interface MarkedCopy {
  readonly holder: CopyHolder;
  /** Of the copy, by name. */
  readonly files: readonly FileDigest[];
  /** Root of the copy: `digestFiles`. */
  readonly copySha256: string;
  /** Root of what it was made from. */
  readonly artifactSha256: string;
  /** Numbers that were marked. */
  readonly marks: number;
  readonly sizeBytes: number;
}

/** Bytes of a piece: whole runs in every format. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes the copy of a holder: byte for byte the model but for the marks, index and headers included. One pass, a few pieces of 8 MiB in
 * memory whatever the size; base and copy are hashed on the way.
 *
 * @param location a safetensors or GGUF file, an index of several, or a folder with one of either
 * @param out a file to make; for an index a folder to make
 * @throws PhalanxError `WEIGHTS_ARGUMENT` when a tensor of the key is missing or of another format, or `out` is there already;
 * `WEIGHTS_SOURCE`, what readers throw. Nothing is left of a copy that could not be finished.
 */
export async function markCopy(
  location: string,
  out: string,
  key: MarkKey,
  holder: CopyHolder,
): Promise<MarkedCopy> {
  const word = drawCodeWord(openFingerprintCode(key), key.secret, holder);
  const { folder, index, weights } = await findModelFiles(location);
  const made: string[] = [];
  const base: FileDigest[] = [];
  const files: FileDigest[] = [];
  const wanted = new Set(key.tensors.map(({ name }) => name));
  let [marks, sizeBytes] = [0, 0];
  try {
    if (index !== null) await makeFolder(out, made);
    for (const name of weights) {
      const target = index === null ? out : join(out, ...name.split('/'));
      if (index !== null) await mkdir(dirname(target), { recursive: true });
      const result = await markFile(join(folder, ...name.split('/')), target, made, { key, word, wanted });
      base.push({ name, sha256: result.baseSha256 });
      files.push({ name: index === null ? basename(out) : name, sha256: result.copySha256 });
      marks += result.marks;
      sizeBytes += result.sizeBytes;
    }
    if (wanted.size > 0)
      refuse('WEIGHTS_ARGUMENT', `${wanted.size} tensors of the key are not in this model; another model?`);
    if (index !== null) {
      const bytes = await readFile(join(folder, index));
      await writeWhole(join(out, index), bytes);
      const sha256 = toHex(createHash('sha256').update(bytes).digest());
      for (const list of [base, files]) list.push({ name: index, sha256 });
      sizeBytes += bytes.length;
    }
  } catch (error) {
    for (const path of made) await rm(path, { recursive: true, force: true });
    throw error;
  }
  files.sort((a, b) => compareBytes(a.name, b.name));
  return {
    holder,
    files,
    copySha256: digestFiles(files),
    artifactSha256: digestFiles(base),
    marks,
    sizeBytes,
  };
}

/**
 * SHA-256, hex, over the concatenated raw digests of files in the order of their names' UTF-8 bytes: the root that OpenSSF Model Signing puts
 * in `subject` when every file is one resource (specification v1.0).
 */
export function digestFiles(files: readonly FileDigest[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of [...files].sort((a, b) => compareBytes(a.name, b.name)))
    hash.update(Buffer.from(sha256, 'hex'));
  return toHex(hash.digest());
}

interface FileTask {
  readonly key: MarkKey;
  readonly word: Uint8Array;
  /** Tensors not yet seen. */
  readonly wanted: Set<string>;
}

async function markFile(path: string, target: string, made: string[], task: FileTask) {
  const source = await openFileSource(path);
  let file: WeightFile | null = null;
  try {
    file = await openWeightSource(source, await openFolderOf(path));
    if (file.container !== 'safetensors' && file.container !== 'gguf')
      return refuse('WEIGHTS_ARGUMENT', `${file.container} is not marked; convert it to safetensors`);
    const handle = await openNew(target);
    made.push(target);
    const [baseHash, copyHash] = [createHash('sha256'), createHash('sha256')];
    let marks = 0;
    try {
      let writing: Promise<void> = Promise.resolve();
      for await (const piece of markPieces(file, source, task, (bytes) => baseHash.update(bytes))) {
        copyHash.update(piece.bytes);
        marks += piece.marks;
        // The next piece is read and marked while this one is written.
        await writing;
        writing = writeAll(handle, piece.bytes);
        writing.catch(() => undefined);
      }
      await writing;
      await handle.sync();
    } finally {
      await handle.close();
    }
    return {
      marks,
      sizeBytes: source.sizeBytes,
      baseSha256: toHex(baseHash.digest()),
      copySha256: toHex(copyHash.digest()),
    };
  } catch (error) {
    await source.close().catch(() => undefined);
    throw error;
  } finally {
    await file?.close().catch(() => undefined);
  }
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly marks: number;
}

/** The file from front to back, tensors of the key marked. */
async function* markPieces(
  file: WeightFile,
  source: ByteSource,
  { key, word, wanted }: FileTask,
  see: (bytes: Uint8Array) => void,
): AsyncGenerator<Piece> {
  const marked = [...file.tensors.values()].filter(({ name }) => wanted.has(name));
  marked.sort((a, b) => a.offset - b.offset);
  let at = 0;
  for (const tensor of [...marked, null]) {
    const until = tensor?.offset ?? source.sizeBytes;
    if (until < at) refuse('WEIGHTS_ARGUMENT', 'tensors that share bytes cannot carry marks of their own');
    for (; at < until; at += Math.min(PIECE_BYTES, until - at)) {
      const bytes = await source.read(at, Math.min(PIECE_BYTES, until - at));
      see(bytes);
      yield { bytes, marks: 0 };
    }
    if (tensor === null) break;
    wanted.delete(tensor.name);
    yield* markTensor(tensor, openCarriers(key, tensor.name), { key, word }, see);
    at += tensor.sizeBytes;
  }
}

async function* markTensor(
  { name, format, source, offset, sizeBytes, strides }: Tensor,
  carriers: CarrierStream,
  { key, word }: Pick<FileTask, 'key' | 'word'>,
  see: (bytes: Uint8Array) => void,
): AsyncGenerator<Piece> {
  if (!isCarrierFormat(format) || strides !== undefined)
    return refuse(
      'WEIGHTS_ARGUMENT',
      `tensor ${JSON.stringify(name.slice(0, 80))} is not of numbers that are marked`,
    );
  const { parameters } = key;
  const range = findCarrierRange(format, carriers.tensor.threshold, parameters.amplitude);
  const width = format === 'F32' ? 4 : 2;
  for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
    const bytes = ownBytes(await source.read(offset + at, Math.min(PIECE_BYTES, sizeBytes - at)));
    see(bytes);
    const runs = carriers.read(at / (width * RUN), Math.ceil(bytes.length / (width * RUN)));
    yield { bytes, marks: markNumbers(format, bytes, range, runs, word, parameters) };
  }
}

/** Bytes that begin where a number may. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isAligned = bytes.byteOffset % 4 === 0 && bytes.buffer instanceof ArrayBuffer;
  return isAligned ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

async function makeFolder(out: string, made: string[]): Promise<void> {
  try {
    await mkdir(out);
  } catch (cause) {
    refuse('WEIGHTS_ARGUMENT', `cannot make the folder ${out}`, cause);
  }
  made.push(out);
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    return refuse('WEIGHTS_ARGUMENT', `cannot make the file ${path}`, cause);
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done);
    done += bytesWritten;
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await openNew(path);
  try {
    await writeAll(handle, bytes);
  } finally {
    await handle.close();
  }
}
