import { toHex, utf8 } from '@phalanx/core';
import { countNumbers, type WeightFile } from '../formats/weight-file.js';
import type { ContentHash } from './content-hash.js';
import type { ModelManifest } from './model-manifest.js';

/** What a bill of materials says besides the files. */
export interface BomSettings {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** A random UUID; two bills with one are versions of one. */
  readonly serial: string;
  /** Release of the model. */
  readonly version?: string;
  /** Models that it was made of, by their root digests. */
  readonly parents?: readonly { readonly name?: string | undefined; readonly root: string }[];
  /** The weights, for facts out of their headers. */
  readonly weights?: WeightFile;
}

const ALGORITHMS: Readonly<Record<ContentHash, string>> = {
  sha256: 'SHA-256',
  blake2b: 'BLAKE2b-512',
  blake3: 'BLAKE3',
};
const ROOT_PROPERTY = 'phalanx:oms-root-sha256';

/**
 * A CycloneDX 1.6 bill of materials with one component, the model: its files with their hashes (ranges have none), its root digest of OpenSSF Model
 * Signing as a property, parents as pedigree, and container, formats and parameters of its weights.
 *
 * `npm run conformance -- weight-signing` validates it against the published schema.
 */
export function formatMlBom(manifest: ModelManifest, settings: BomSettings): Uint8Array {
  const { timeMs, serial, version, parents = [], weights } = settings;
  const { name, root, hash, shardBytes, resources } = manifest;
  const files = shardBytes === null ? resources : [];
  return utf8(
    JSON.stringify({
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: `urn:uuid:${serial}`,
      version: 1,
      metadata: {
        timestamp: new Date(timeMs).toISOString(),
        tools: { components: [{ type: 'application', name: 'phalanx' }] },
        component: {
          type: 'machine-learning-model',
          'bom-ref': `model:${root}`,
          name: name || 'model',
          ...(version !== undefined && { version }),
          ...(parents.length > 0 && { pedigree: { ancestors: parents.map(describeParent) } }),
          ...(weights !== undefined && { modelCard: describeModel(weights) }),
          properties: [
            { name: ROOT_PROPERTY, value: root },
            ...(weights === undefined ? [] : describeWeights(weights)),
          ],
          components: files.map(({ name: path, digest }) => ({
            type: 'file',
            'bom-ref': `file:${root}:${path}`,
            name: path === '.' ? name : path,
            hashes: [{ alg: ALGORITHMS[hash], content: toHex(digest) }],
          })),
        },
      },
    }),
  );
}

function describeParent({ name, root }: { readonly name?: string | undefined; readonly root: string }) {
  return {
    type: 'machine-learning-model',
    'bom-ref': `model:${root}`,
    name: name ?? root,
    properties: [{ name: ROOT_PROPERTY, value: root }],
  };
}

function describeModel({ metadata }: WeightFile) {
  const architecture = metadata.get('general.architecture');
  return architecture === undefined ? {} : { modelParameters: { architectureFamily: architecture } };
}

function describeWeights({ container, tensors }: WeightFile): { name: string; value: string }[] {
  const formats = [...new Set([...tensors.values()].map(({ format }) => format))].sort();
  const numbers = [...tensors.values()].reduce((sum, tensor) => sum + countNumbers(tensor), 0);
  return [
    { name: 'phalanx:container', value: container },
    { name: 'phalanx:tensors', value: String(tensors.size) },
    { name: 'phalanx:numbers', value: String(numbers) },
    { name: 'phalanx:formats', value: formats.join(' ') },
  ];
}
