import { refuse } from '../weights-error.js';
import { type ChunkTrees, formatChunkStatement, makeChunkTrees } from './chunk-tree.js';
import { GIT_PATHS, isModelPath } from './model-files.js';
import { hashModel, type ManifestSettings, type ModelManifest } from './model-manifest.js';
import { formatModelStatement } from './oms-statement.js';
import { type ModelSigner, signStatement } from './signed-payload.js';

/** How a model is signed. */
export interface SigningSettings extends Partial<ManifestSettings> {
  /** Also signs a tree over the chunks of every file, so that a range of one can be verified. Default false. */
  readonly chunkTrees?: boolean;
}

/** A signature of a model. */
export interface SignedModel {
  readonly manifest: ModelManifest;
  /** The bundle, to be written beside the model as `model.sig`. */
  readonly signature: Uint8Array;
  /** The signed statement about the trees, and the hashes that it is about, where they were asked for. */
  readonly chunkTrees: { readonly trees: ChunkTrees; readonly signature: Uint8Array } | null;
}

/**
 * Signs a model, a folder or a file, as OpenSSF Model Signing 1.0 does. Files of git at its top are left out besides `ignorePaths`, and
 * the statement says so.
 *
 * BLAKE3 is not put together with ranges: `model_signing` 1.1 would read such a signature as one of whole files.
 *
 * @throws PhalanxError as `hashModel`; `WEIGHTS_ARGUMENT`; `ATTESTATION_KEY`
 */
export async function signModel(
  location: string,
  signer: ModelSigner,
  settings: SigningSettings = {},
): Promise<SignedModel> {
  const { ignorePaths = [], hash, shardBytes = null, chunkTrees = false } = settings;
  if (!ignorePaths.every(isModelPath))
    refuse('WEIGHTS_ARGUMENT', 'an ignored path that is none in the model');
  if (shardBytes !== null && !(Number.isSafeInteger(shardBytes) && shardBytes > 0))
    refuse('WEIGHTS_ARGUMENT', 'ranges of no size');
  if (shardBytes !== null && hash === 'blake3')
    refuse('WEIGHTS_ARGUMENT', 'blake3 hashes whole files: no ranges with it');
  const all = [...new Set([...ignorePaths, ...GIT_PATHS])];
  const { manifest, chunked } = await hashModel(location, { ...settings, ignorePaths: all }, chunkTrees);
  const signature = await signStatement(formatModelStatement(manifest), signer);
  if (!chunkTrees) return { manifest, signature, chunkTrees: null };
  const trees = makeChunkTrees(chunked);
  const statement = formatChunkStatement(manifest, trees);
  return { manifest, signature, chunkTrees: { trees, signature: await signStatement(statement, signer) } };
}
