import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import { parseStrictJson, type StrictJson } from './strict-json.js';
import type { Tensor, WeightFile } from './weight-file.js';
import { splitInnerPath, type WeightFolder } from './weight-folder.js';

/** What an index may ask for. */
export const INDEX_LIMITS = { bytes: 100_000_000, shards: 10_000 } as const;

/**
 * Opens the files that an index names (`model.safetensors.index.json`, as transformers and the hub write it: `weight_map` from tensor
 * to file) as one. Every tensor must lie in the file that the index says, no file may hold another, and `total_size`, where
 * it stands in `metadata`, must be the bytes of all tensors.
 *
 * @param openShard opens one file by its content
 * @throws PhalanxError `WEIGHTS_FORMAT`, also for a path out of the folder; `WEIGHTS_LIMIT`, and what the sources throw
 */
export async function openShards(
  index: ByteSource,
  folder: WeightFolder,
  openShard: (source: ByteSource) => Promise<WeightFile>,
): Promise<WeightFile> {
  const { places, metadata, totalSize } = await readIndex(index);
  const paths = [...new Set(places.values())];
  requireWithin(paths.length <= INDEX_LIMITS.shards, `${paths.length} files`);
  for (const path of paths) splitInnerPath(path);
  const shards = new Map<string, WeightFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
    await index.close();
  };
  try {
    for (const path of paths) shards.set(path, await openFrom(folder, path, openShard));
    const tensors = gather(places, shards);
    const sizeBytes = [...tensors.values()].reduce((sum, tensor) => sum + tensor.sizeBytes, 0);
    requireFormat(
      totalSize === null || totalSize === sizeBytes,
      `tensors of ${sizeBytes} bytes where the index says ${totalSize}`,
    );
    return join(index, [...shards.values()], tensors, metadata, close);
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

async function openFrom(
  folder: WeightFolder,
  path: string,
  openShard: (source: ByteSource) => Promise<WeightFile>,
): Promise<WeightFile> {
  const source = await folder.open(path);
  try {
    return await openShard(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readIndex(index: ByteSource): Promise<{
  places: ReadonlyMap<string, string>;
  metadata: Map<string, string>;
  totalSize: number | null;
}> {
  requireWithin(index.sizeBytes <= INDEX_LIMITS.bytes, `an index of ${index.sizeBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await index.read(0, index.sizeBytes));
  } catch (cause) {
    if (cause instanceof TypeError) return refuse('WEIGHTS_FORMAT', 'an index that is not UTF-8', cause);
    throw cause;
  }
  const value = parseStrictJson(text);
  const map = value instanceof Map ? value.get('weight_map') : undefined;
  if (!(value instanceof Map) || !(map instanceof Map))
    return refuse('WEIGHTS_FORMAT', 'JSON without weight_map: no index of weights');
  for (const path of map.values()) requireFormat(typeof path === 'string', 'a file that has no name');
  const about = (value as ReadonlyMap<string, StrictJson>).get('metadata');
  const metadata = new Map<string, string>();
  if (about instanceof Map)
    for (const [key, member] of about as ReadonlyMap<string, StrictJson>)
      if (typeof member !== 'object') metadata.set(key, String(member).slice(0, 1_000));
  const total = about instanceof Map ? (about.get('total_size') ?? null) : null;
  // transformers has written it as a float.
  if (total !== null && !(typeof total === 'number' && Number.isSafeInteger(total) && total >= 0))
    return refuse('WEIGHTS_FORMAT', 'a total size that is no count');
  return { places: map as ReadonlyMap<string, string>, metadata, totalSize: total };
}

function gather(
  places: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, WeightFile>,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, path] of places) {
    const tensor = shards.get(path)!.tensors.get(name);
    if (tensor === undefined)
      return refuse('WEIGHTS_FORMAT', 'a tensor that is not in the file which the index says');
    tensors.set(name, tensor);
  }
  for (const [path, shard] of shards)
    for (const name of shard.tensors.keys())
      requireFormat(places.get(name) === path, 'a file with a tensor that the index does not have');
  return tensors;
}

function join(
  index: ByteSource,
  shards: readonly WeightFile[],
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Map<string, string>,
  close: () => Promise<void>,
): WeightFile {
  const [first] = shards;
  if (first === undefined) return refuse('WEIGHTS_FORMAT', 'an index without files');
  for (const shard of shards) {
    requireFormat(shard.container === first.container, 'files of several formats');
    for (const [key, value] of shard.metadata) if (!metadata.has(key)) metadata.set(key, value);
  }
  const owners = new Map(shards.flatMap((shard) => [...shard.tensors.values()].map((t) => [t, shard])));
  return {
    container: first.container,
    tensors,
    metadata,
    get bytesRead() {
      return shards.reduce((sum, shard) => sum + shard.bytesRead, index.bytesRead);
    },
    readNumbers: async (tensor, from, count) => {
      const owner = owners.get(tensor);
      if (owner === undefined) return refuse('WEIGHTS_ARGUMENT', 'a tensor of another file');
      return owner.readNumbers(tensor, from, count);
    },
    close,
  };
}
