import { fromHex, fromUtf8, toHex, utf8 } from '@phalanx/core';
import { parseStrictJson, type StrictJson } from '../formats/strict-json.js';
import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import { CONTENT_HASHES, type ContentHash, DIGEST_BYTES } from './content-hash.js';
import { isModelPath, MODEL_LIMITS } from './model-files.js';
import { filePathOf, type ModelManifest, type Resource, rootOf } from './model-manifest.js';

/** What a statement of OpenSSF Model Signing is known by. */
export const MODEL_SIGNATURE_TYPE = 'https://model_signing/signature/v1.0';
/** Version 0.2.0 of the reference, which put the files among the subjects. */
export const OLD_SIGNATURE_TYPE = 'https://model_signing/Digests/v0.1';

const STATEMENT_FORMAT = 'https://in-toto.io/Statement/v1';
const MAX_IGNORED = 10_000;
/** An entry of a manifest is four values of JSON, of which `parseStrictJson` takes four million. */
const MAX_RESOURCES = 500_000;

/** The statement of a manifest, ready to be signed. */
export function formatModelStatement(manifest: ModelManifest): Uint8Array {
  const { name, root, hash, shardBytes, allowSymlinks, ignorePaths, resources } = manifest;
  // The reference says the size of ranges again in the algorithm, and compares it; the specification's schema does not know that.
  const algorithm = shardBytes === null ? hash : `${hash}-sharded-${shardBytes}`;
  return utf8(
    JSON.stringify({
      _type: STATEMENT_FORMAT,
      subject: [{ name, digest: { sha256: root } }],
      predicateType: MODEL_SIGNATURE_TYPE,
      predicate: {
        serialization: {
          method: shardBytes === null ? 'files' : 'shards',
          hash_type: hash,
          ...(shardBytes !== null && { shard_size: shardBytes }),
          allow_symlinks: allowSymlinks,
          ...(ignorePaths.length > 0 && { ignore_paths: ignorePaths }),
        },
        resources: resources.map((resource) => ({
          name: resource.name,
          algorithm,
          digest: toHex(resource.digest),
        })),
      },
    }),
  );
}

/**
 * Reads a statement of OpenSSF Model Signing 1.0, or of version 0.2.0 of its reference. Stricter than that reference: names must be paths
 * in a model, none twice, digests of their hash's length, and there must be at least one file.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`
 */
export function parseModelStatement(payload: Uint8Array): ModelManifest {
  let text: string;
  try {
    text = fromUtf8(payload);
  } catch (cause) {
    return refuse('WEIGHTS_FORMAT', 'a statement that is not UTF-8', cause);
  }
  const statement = asObject(parseStrictJson(text), 'statement');
  requireFormat(statement.get('_type') === STATEMENT_FORMAT, 'no in-toto statement');
  const type = statement.get('predicateType');
  const subjects = asList(statement.get('subject'), 'subject', MAX_RESOURCES);
  if (type === OLD_SIGNATURE_TYPE) return readOld(subjects);
  requireFormat(type === MODEL_SIGNATURE_TYPE, 'a statement that is no signature of a model');
  requireFormat(subjects.length === 1, `${subjects.length} subjects, not one`);
  const subject = asObject(subjects[0], 'subject');
  const predicate = asObject(statement.get('predicate'), 'predicate');
  const layout = readLayout(asObject(predicate.get('serialization'), 'serialization'));
  const { hash, shardBytes } = layout;
  const algorithms = [hash, ...(shardBytes === null ? [] : [`${hash}-sharded-${shardBytes}`])];
  const resources = asList(predicate.get('resources'), 'resources', MAX_RESOURCES).map((value) => {
    const resource = asObject(value, 'resource');
    const algorithm = asText(resource.get('algorithm'), 'algorithm');
    requireFormat(
      algorithms.includes(algorithm),
      'a file hashed with something else than the statement says',
    );
    return readResource(resource.get('name'), resource.get('digest'), hash, shardBytes);
  });
  const manifest = {
    name: asText(subject.get('name'), 'name').slice(0, MODEL_LIMITS.pathChars),
    root: asText(asObject(subject.get('digest'), 'digest').get('sha256'), 'root digest'),
    ...layout,
    resources: checkResources(resources),
  };
  requireFormat(manifest.root === rootOf(resources), 'a root digest that is not of these files');
  return manifest;
}

/** The files are the subjects; nothing else is said. */
function readOld(subjects: readonly StrictJson[]): ModelManifest {
  const resources = subjects.map((value) => {
    const subject = asObject(value, 'subject');
    const digest = asObject(subject.get('digest'), 'digest').get('sha256');
    return readResource(subject.get('name'), digest, 'sha256', null);
  });
  return {
    name: '',
    root: rootOf(checkResources(resources)),
    hash: 'sha256',
    shardBytes: null,
    allowSymlinks: false,
    ignorePaths: [],
    resources,
  };
}

type Layout = Pick<ModelManifest, 'hash' | 'shardBytes' | 'allowSymlinks' | 'ignorePaths'>;

function readLayout(serialization: ReadonlyMap<string, StrictJson>): Layout {
  const hash = CONTENT_HASHES.find((name) => name === serialization.get('hash_type'));
  if (hash === undefined) return refuse('WEIGHTS_FORMAT', 'files hashed with something that is not known');
  const method = serialization.get('method');
  requireFormat(method === 'files' || method === 'shards', 'files put together in a way that is not known');
  const size = serialization.get('shard_size') ?? null;
  const isSize = typeof size === 'number' && Number.isSafeInteger(size) && size > 0;
  requireFormat(
    method === 'files' ? size === null : isSize,
    'ranges without a size, or a size without ranges',
  );
  const allowSymlinks = serialization.get('allow_symlinks');
  requireFormat(typeof allowSymlinks === 'boolean', 'nothing said of links');
  const ignorePaths = asList(serialization.get('ignore_paths') ?? [], 'ignore_paths', MAX_IGNORED)
    .map((path) => readIgnored(asText(path, 'ignored path')))
    .filter((path) => path !== null);
  return { hash, shardBytes: size as number | null, allowSymlinks: allowSymlinks === true, ignorePaths };
}

/** An ignored path as Python's pathlib writes it; null for one that leads out of the model, which ignores nothing. */
function readIgnored(text: string): string | null {
  const path = text
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  requireFormat(path !== '' || text.startsWith('/'), 'a statement that ignores the whole model');
  return !text.startsWith('/') && isModelPath(path) ? path : null;
}

function readResource(
  name: StrictJson | undefined,
  digest: StrictJson | undefined,
  hash: ContentHash,
  shardBytes: number | null,
): Resource {
  const text = asText(name, 'name');
  requireFormat(filePathOf(text, shardBytes) !== null, 'a name that is no path in a model');
  const hex = asText(digest, 'digest');
  requireFormat(
    /^[0-9a-f]*$/.test(hex) && hex.length === 2 * DIGEST_BYTES[hash],
    `a digest that is none of ${hash}`,
  );
  return { name: text, digest: fromHex(hex) };
}

function checkResources(resources: readonly Resource[]): readonly Resource[] {
  requireFormat(resources.length > 0, 'a statement without files');
  const names = new Set(resources.map(({ name }) => name));
  requireFormat(names.size === resources.length, 'a file listed twice');
  return resources;
}

function asObject(value: StrictJson | undefined, what: string): ReadonlyMap<string, StrictJson> {
  if (!(value instanceof Map)) return refuse('WEIGHTS_FORMAT', `${what} is no object`);
  return value;
}

function asList(value: StrictJson | undefined, what: string, limit: number): readonly StrictJson[] {
  if (!Array.isArray(value)) return refuse('WEIGHTS_FORMAT', `${what} is no list`);
  requireWithin(value.length <= limit, `${what} of ${value.length} entries`);
  return value;
}

function asText(value: StrictJson | undefined, what: string): string {
  if (typeof value !== 'string') return refuse('WEIGHTS_FORMAT', `${what} is no text`);
  return value;
}
