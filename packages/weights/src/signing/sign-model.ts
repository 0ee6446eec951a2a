import { refuse } from '../weights-error.js';
import { GIT_PATHS, isModelPath } from './model-files.js';
import { type ManifestSettings, type ModelManifest, makeManifest } from './model-manifest.js';
import { formatModelStatement } from './oms-statement.js';
import { type ModelSigner, signStatement } from './signed-payload.js';

/** A signature of a model. */
export interface SignedModel {
  readonly manifest: ModelManifest;
  /** The bundle, to be written beside the model as `model.sig`. */
  readonly signature: Uint8Array;
}

/**
 * Signs a model, a folder or a file, as OpenSSF Model Signing 1.0 does. Files of git at its top are left out besides `ignorePaths`, and
 * the statement says so.
 *
 * BLAKE3 is not put together with ranges: `model_signing` 1.1 would read such a signature as one of whole files.
 *
 * @throws PhalanxError as `makeManifest`; `WEIGHTS_ARGUMENT`; `ATTESTATION_KEY`
 */
export async function signModel(
  location: string,
  signer: ModelSigner,
  settings: Partial<ManifestSettings> = {},
): Promise<SignedModel> {
  const { ignorePaths = [], hash, shardBytes = null } = settings;
  if (!ignorePaths.every(isModelPath))
    refuse('WEIGHTS_ARGUMENT', 'an ignored path that is none in the model');
  if (shardBytes !== null && !(Number.isSafeInteger(shardBytes) && shardBytes > 0))
    refuse('WEIGHTS_ARGUMENT', 'ranges of no size');
  if (shardBytes !== null && hash === 'blake3')
    refuse('WEIGHTS_ARGUMENT', 'blake3 hashes whole files: no ranges with it');
  const all = [...new Set([...ignorePaths, ...GIT_PATHS])];
  const manifest = await makeManifest(location, { ...settings, ignorePaths: all });
  return { manifest, signature: await signStatement(formatModelStatement(manifest), signer) };
}
