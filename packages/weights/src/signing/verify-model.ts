import { readEnvelopeBundle } from '@phalanx/attestation';
import { PhalanxError, toHex } from '@phalanx/core';
import type { WeightsErrorCode } from '../weights-error.js';
import { hashFiles } from './hashing-threads.js';
import { comparePaths, GIT_PATHS, isBelow, listModelFiles, type ModelFile } from './model-files.js';
import { countRanges, filePathOf, type ModelManifest, nameResources } from './model-manifest.js';
import { parseModelStatement } from './oms-statement.js';
import { type SignerTrust, type VerifiedSigner, verifySignedStatement } from './signed-payload.js';

/** How a model on disk is compared with its manifest. */
export interface CompareSettings {
  /** Paths in the model that are no part of it, besides those which the manifest ignores: the signature itself. */
  readonly ignorePaths?: readonly string[];
  /** Reads links to files. Whatever the manifest says of links, this decides. Default false: a link is refused. */
  readonly allowSymlinks?: boolean;
  /** Passes over files that the manifest does not list. Default false. */
  readonly allowUnlisted?: boolean;
  /** Called after each file that was hashed. */
  readonly onFile?: (file: ModelFile) => void;
}

/** How a model differs from its manifest; all empty when it does not. Paths in the order of code points. */
export interface ModelDifferences {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** There, and not signed. */
  readonly unlisted: readonly string[];
  /** Missing under one name and there, byte for byte, under another that is not listed; named here alone. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

/** A signature that was verified, about files that were not looked at yet. */
export interface VerifiedSignature {
  readonly manifest: ModelManifest;
  readonly signer: VerifiedSigner;
}

/**
 * Verifies the signature of a model, and not the model.
 *
 * @throws PhalanxError `WEIGHTS_SIGNATURE`, `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, `ATTESTATION_*`
 */
export function verifyModelSignature(signature: Uint8Array, trust: SignerTrust): VerifiedSignature {
  const { statement, signer } = verifySignedStatement(signature, trust);
  return { manifest: parseModelStatement(statement), signer };
}

/**
 * What a signature calls its model, without asking who signed: for naming a parent, never for believing anything.
 *
 * @throws PhalanxError `ATTESTATION_BUNDLE`, `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`
 */
export function readModelReference(signature: Uint8Array): Pick<ModelManifest, 'name' | 'root'> {
  const { name, root } = parseModelStatement(readEnvelopeBundle(signature).envelope.payload);
  return { name, root };
}

/**
 * Verifies a model, a folder or a file, by its signature.
 *
 * @throws PhalanxError `WEIGHTS_MISMATCH` when the files differ, the first one named; what `verifyModelSignature` and `compareModel` throw
 */
export async function verifyModel(
  location: string,
  signature: Uint8Array,
  trust: SignerTrust,
  settings: CompareSettings = {},
): Promise<VerifiedSignature> {
  const verified = verifyModelSignature(signature, trust);
  const difference = describeDifferences(await compareModel(location, verified.manifest, settings));
  if (difference !== null)
    throw new PhalanxError<WeightsErrorCode>(
      'WEIGHTS_MISMATCH',
      `not the model that was signed: ${difference}`,
    );
  return verified;
}

/** The first difference, and how many more there are; null when there is none. */
export function describeDifferences({
  changed,
  missing,
  unlisted,
  renamed,
}: ModelDifferences): string | null {
  const all = [
    ...changed.map((path) => `${JSON.stringify(path)} was changed`),
    ...missing.map((path) => `${JSON.stringify(path)} is missing`),
    ...renamed.map(({ from, to }) => `${JSON.stringify(from)} is called ${JSON.stringify(to)}`),
    ...unlisted.map((path) => `${JSON.stringify(path)} was not signed`),
  ];
  if (all.length < 2) return all[0] ?? null;
  return `${all[0]}, and ${all.length - 1} more`;
}

/**
 * Compares a model on disk with a manifest. Every file that is found is looked up in the manifest and never the other way, so no name in
 * it is ever opened. In ranges, empty files are not listed and not missed, as in the reference.
 *
 * @throws PhalanxError as `listModelFiles` and `hashFiles`
 */
export async function compareModel(
  location: string,
  manifest: ModelManifest,
  settings: CompareSettings = {},
): Promise<ModelDifferences> {
  const { shardBytes } = manifest;
  const listed = groupByFile(manifest);
  const ignorePaths = ignoredPaths(manifest, listed, settings);
  const files = await listModelFiles(location, {
    ignorePaths,
    allowSymlinks: settings.allowSymlinks ?? false,
  });
  const plan = { hash: manifest.hash, rangeBytes: shardBytes, withChunks: false };
  const hash = async (some: readonly ModelFile[]) => {
    const hashes = await hashFiles(some, plan, settings.onFile);
    return hashes.map(({ sizeBytes, digests }, i) =>
      nameResources(nameOf(some[i]!, manifest, listed), sizeBytes, digests, shardBytes),
    );
  };

  const isListed = (file: ModelFile) => listed.has(nameOf(file, manifest, listed));
  const changed: string[] = [];
  const missing = new Map(listed);
  // A file of another size is another; with small ranges it could have more digests than there is memory for.
  const present = files.filter(isListed).filter((file) => {
    const path = nameOf(file, manifest, listed);
    if (countRanges(file.sizeBytes, shardBytes) === listed.get(path)!.size) return true;
    missing.delete(path);
    changed.push(path);
    return false;
  });
  for (const [i, found] of (await hash(present)).entries()) {
    const path = nameOf(present[i]!, manifest, listed);
    const expected = listed.get(path)!;
    missing.delete(path);
    const isSame =
      found.length === expected.size &&
      found.every(({ name, digest }) => expected.get(name) === toHex(digest));
    if (!isSame) changed.push(path);
  }

  const others = files.filter((file) => !isListed(file) && (shardBytes === null || file.sizeBytes > 0));
  const unlisted = new Set(others.map(({ path }) => path));
  const renamed: { from: string; to: string }[] = [];
  if (missing.size > 0 && others.length > 0) {
    const names = new Map<string, string>();
    for (const [path, expected] of missing) names.set([...expected.values()].join(), path);
    const counts = new Set([...missing.values()].map((expected) => expected.size));
    const candidates = others.filter((file) => counts.has(countRanges(file.sizeBytes, shardBytes)));
    for (const [i, found] of (await hash(candidates)).entries()) {
      const from = names.get(found.map(({ digest }) => toHex(digest)).join());
      if (from === undefined || !missing.delete(from)) continue;
      const to = candidates[i]!.path;
      renamed.push({ from, to });
      unlisted.delete(to);
    }
  }
  return {
    changed: changed.sort(comparePaths),
    missing: [...missing.keys()],
    unlisted: settings.allowUnlisted ? [] : [...unlisted],
    renamed,
  };
}

/** Files of the manifest, each with the digests of its resources by their names. */
type ListedFiles = ReadonlyMap<string, ReadonlyMap<string, string>>;

function groupByFile({ resources, shardBytes }: ModelManifest): ListedFiles {
  const files = new Map<string, Map<string, string>>();
  for (const { name, digest } of resources) {
    const path = filePathOf(name, shardBytes)!;
    const file = files.get(path) ?? new Map<string, string>();
    files.set(path, file.set(name, toHex(digest)));
  }
  return files;
}

/** What git keeps beside a model is left out, unless it was signed. */
function ignoredPaths(
  manifest: ModelManifest,
  listed: ListedFiles,
  { ignorePaths = [] }: CompareSettings,
): readonly string[] {
  const git = GIT_PATHS.filter((path) => ![...listed.keys()].some((file) => isBelow(file, new Set([path]))));
  return [...git, ...manifest.ignorePaths, ...ignorePaths];
}

/** A model of one file is listed as `.` by the reference, and by its name in the specification. */
function nameOf(file: ModelFile, { name }: ModelManifest, listed: ListedFiles): string {
  if (file.path !== '.' || listed.has('.') || listed.size !== 1) return file.path;
  const [only] = listed.keys();
  return only === name ? only : file.path;
}
