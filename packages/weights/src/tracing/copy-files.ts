import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseStrictJson } from '../formats/strict-json.js';
import { listFiles, splitInnerPath } from '../formats/weight-folder.js';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';

/** The files of a model on disk. */
export interface ModelFiles {
  /** Where they lie. */
  readonly folder: string;
  /** The file that names the others; null for a model in one file. */
  readonly index: string | null;
  /** Paths of the files with tensors, relative to the folder, with `/`, in the order of their UTF-8 bytes. */
  readonly weights: readonly string[];
}

const MAX_INDEX = 100_000_000;

/**
 * The files behind a path as `openWeights` takes it: a file, an index of several, or a folder with one of either. Configurations and
 * vocabularies beside them are not part of it.
 *
 * @throws PhalanxError `WEIGHTS_SOURCE`, `WEIGHTS_FORMAT`, `WEIGHTS_ARGUMENT` for a folder with several candidates
 */
export async function findModelFiles(location: string): Promise<ModelFiles> {
  const path = (await statPath(location)).isDirectory() ? await findInFolder(location) : location;
  const folder = dirname(path);
  if (!path.endsWith('.json')) return { folder, index: null, weights: [basename(path)] };
  requireWithin((await statPath(path)).size <= MAX_INDEX, 'an index of more than 100 MB');
  const value = parseStrictJson(await readFile(path, 'utf8'));
  const map = value instanceof Map ? value.get('weight_map') : undefined;
  requireFormat(map instanceof Map, 'JSON without weight_map: no index of weights');
  const names = new Set<string>();
  for (const name of map.values()) {
    requireFormat(typeof name === 'string', 'a file that has no name');
    names.add(splitInnerPath(name).join('/'));
  }
  return { folder, index: basename(path), weights: [...names].sort(compareBytes) };
}

/** Order of UTF-8 bytes, which is that of code points and not of JavaScript's strings. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function findInFolder(folder: string): Promise<string> {
  const names = await listFiles(folder);
  const indexes = names.filter((name) => name.endsWith('.index.json'));
  const candidates =
    indexes.length > 0 ? indexes : names.filter((name) => /\.(?:safetensors|gguf)$/.test(name));
  if (candidates.length !== 1)
    return refuse('WEIGHTS_ARGUMENT', `a folder with ${candidates.length} models; name one file`);
  return join(folder, candidates[0]!);
}

async function statPath(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    return refuse('WEIGHTS_SOURCE', `cannot open ${path}`, cause);
  }
}
