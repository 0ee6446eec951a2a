import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PhalanxError } from '@phalanx/core';
import { refuse, requireFormat } from '../weights-error.js';
import { type ByteSource, openFileSource } from './byte-source.js';
import { openGguf } from './gguf.js';
import { type HttpSourceSettings, openHttpSource } from './http-source.js';
import { looksLikeLlama2c, openLlama2c } from './llama2c.js';
import { openOnnx } from './onnx.js';
import { walkPickle } from './pickle.js';
import { openSafetensors } from './safetensors.js';
import { isLegacyTorch, openTorch, TORCH_RULES } from './torch.js';
import type { WeightFile } from './weight-file.js';
import { listFiles, openFolderOf, openFolderOfUrl, type WeightFolder } from './weight-folder.js';
import { openShards } from './weight-shards.js';

const HEAD_BYTES = 512;
/** Enough of a pickle to meet its imports, which stand where they are used first. */
const PICKLE_HEAD = 16 * 1024 * 1024;
const WEIGHT_NAME = /\.(?:safetensors|gguf|onnx|pt|pth|ckpt|bin)$/;

/**
 * Opens weights by what their bytes are, whatever their name: a file, an index of several, a folder with one index or one
 * file, or an http(s) address of a file or index that answers ranges.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT` for what no reader knows, `WEIGHTS_EXECUTABLE` also for pickles of other kinds than are
 * read here, `WEIGHTS_ARGUMENT` for a folder with several candidates, and what readers and sources throw
 */
export async function openWeights(location: string, settings: HttpSourceSettings = {}): Promise<WeightFile> {
  if (/^https?:\/\//i.test(location))
    return openOrClose(await openHttpSource(location, settings), openFolderOfUrl(location, settings));
  const path = (await isFolder(location)) ? await findWeights(location) : location;
  const source = await openFileSource(path);
  return openOrClose(source, await openFolderOf(path));
}

/**
 * Opens weights out of a source by what its bytes are.
 *
 * @param folder where the files that it names lie; without it an index is refused, and a model with tensors in other files
 */
export async function openWeightSource(
  source: ByteSource,
  folder: WeightFolder | null = null,
): Promise<WeightFile> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.sizeBytes));
  if (looksLikeIndex(head)) {
    if (folder === null) return refuse('WEIGHTS_ARGUMENT', 'an index of files, and no folder for them');
    return openShards(source, folder, (shard) => openSingle(shard, folder));
  }
  return openSingle(source, folder, head);
}

async function openOrClose(source: ByteSource, folder: WeightFolder): Promise<WeightFile> {
  try {
    return await openWeightSource(source, folder);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openSingle(
  source: ByteSource,
  folder: WeightFolder | null,
  known?: Uint8Array,
): Promise<WeightFile> {
  const head = known ?? (await source.read(0, Math.min(HEAD_BYTES, source.sizeBytes)));
  const begins = (text: string, at = 0) =>
    Buffer.from(head.subarray(at, at + text.length)).toString('latin1') === text;
  if (begins('GGUF')) return openGguf(source);
  if (begins('PK\x03\x04')) return openTorch(source);
  if (looksLikeSafetensors(head)) return openSafetensors(source);
  if (looksLikeLlama2c(head)) return openLlama2c(source);
  if (looksLikePickle(head)) return refusePickle(source, head);
  if (begins('ustar', 257)) return refuse('WEIGHTS_FORMAT', 'a tar archive, as PyTorch wrote before 0.1.10');
  if (looksLikeOnnx(head)) return openOnnx(source, folder);
  return refuse('WEIGHTS_FORMAT', 'no format of weights that is known');
}

/** JSON has no zero bytes; a length or a size of llama2.c may look like a brace, and has some after it. */
function looksLikeIndex(head: Uint8Array): boolean {
  return beginsAsObject(head) && !head.includes(0);
}

function beginsAsObject(bytes: Uint8Array): boolean {
  return /^[ \t\r\n]*\{/.test(Buffer.from(bytes).toString('latin1'));
}

/** A length of less than 2^32 whose header begins as JSON does. */
function looksLikeSafetensors(head: Uint8Array): boolean {
  return (
    head.length >= 10 && head.subarray(4, 8).every((byte) => byte === 0) && beginsAsObject(head.subarray(8))
  );
}

/** The mark of protocol 2 and later, or the first opcodes that protocols 0 and 1 begin with. */
function looksLikePickle(head: Uint8Array): boolean {
  if (head[0] === 0x80) return head[1]! >= 2 && head[1]! <= 5;
  return head[0] !== undefined && '(c]}i'.includes(String.fromCharCode(head[0]));
}

/** The first field is one that a model has: a version, a name, operator sets or a graph. */
function looksLikeOnnx(head: Uint8Array): boolean {
  return head.length >= 2 && [0x08, 0x12, 0x1a, 0x22, 0x32, 0x3a, 0x42, 0x72].includes(head[0]!);
}

/**
 * A pickle outside an archive is not read; but it is said whether loading it would execute something. PyTorch before 1.6 wrote
 * several, one after another.
 */
async function refusePickle(source: ByteSource, head: Uint8Array): Promise<never> {
  const bytes = await source.read(0, Math.min(PICKLE_HEAD, source.sizeBytes));
  try {
    for (let at = 0, i = 0; i < 5 && at < bytes.length; i++)
      at += walkPickle(bytes.subarray(at), TORCH_RULES).end;
  } catch (error) {
    if (PhalanxError.is(error, 'WEIGHTS_EXECUTABLE')) throw error;
  }
  return refuse(
    'WEIGHTS_FORMAT',
    isLegacyTorch(head)
      ? 'a checkpoint as PyTorch wrote before 1.6: load it with weights_only=True and save it again'
      : 'a pickle, or no format of weights that is known',
  );
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
}

async function findWeights(folder: string): Promise<string> {
  const names = await listFiles(folder);
  const indexes = names.filter((name) => name.endsWith('.index.json'));
  const candidates = indexes.length > 0 ? indexes : names.filter((name) => WEIGHT_NAME.test(name));
  requireFormat(candidates.length > 0, 'a folder without weights');
  if (candidates.length > 1)
    refuse(
      'WEIGHTS_ARGUMENT',
      `a folder with several weights; name one: ${candidates.slice(0, 10).join(', ')}`,
    );
  return join(folder, candidates[0]!);
}
