import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
import { PhalanxError, shortenText } from '@phalanx/core';
import type { ContentHash, ModelManifest, ModelSigner, WeightStatement } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { readPassphrase } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface SignWeightsFlags {
  readonly key: string;
  readonly certificate?: string;
  readonly chain?: readonly string[];
  readonly signature?: string;
  readonly hash: string;
  readonly shards?: string | true;
  readonly ignore?: readonly string[];
  readonly allowSymlinks?: boolean;
  readonly chunks?: boolean;
  readonly derivedFrom?: readonly string[];
  readonly relation: string;
  readonly bom?: string;
  readonly json?: boolean;
}

/** Whose key signs. */
export interface SignerFlags {
  readonly key: string;
  readonly certificate?: string;
  readonly chain?: readonly string[];
}

type Parent = { readonly root: string; readonly name?: string };

/**
 * `phalanx weights sign`: an OpenSSF Model Signing signature beside a model, and on request a signed tree over its chunks, a signed statement of
 * what it descends from and a bill of materials. Nothing that is written is part of what is signed.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `signModel` throws
 */
export async function signWeightsCommand(
  location: string,
  flags: SignWeightsFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const weights = await import('@phalanx/weights');
  const hash = weights.CONTENT_HASHES.find((name) => name === flags.hash);
  if (hash === undefined) throw usage(`--hash must be one of ${weights.CONTENT_HASHES.join(', ')}`);
  const shardBytes = readShards(flags.shards, weights.SHARD_BYTES);
  const relation = weights.RELATIONS.find((name) => name === flags.relation);
  if (relation === undefined) throw usage(`--relation must be one of ${weights.RELATIONS.join(', ')}`);
  const parents = (flags.derivedFrom ?? []).map((parent) =>
    readReference(parent, weights.readModelReference),
  );
  const files = signatureFiles(location, flags.signature);
  const written = [
    files.signature,
    files.chunks,
    files.chunkSignature,
    files.lineage,
    ...(flags.bom ? [flags.bom] : []),
  ];
  const ignorePaths = [
    ...(flags.ignore ?? []).map((path) => path.replace(/\/+$/, '')),
    ...written.map((path) => pathInModel(location, path)).filter((path) => path !== null),
  ];
  const signer = await readSigner(flags, terminal, weights.modelSignerOf);
  const settings = {
    hash: hash as ContentHash,
    shardBytes,
    ignorePaths,
    allowSymlinks: flags.allowSymlinks ?? false,
  };
  const { manifest, signature, chunkTrees } = await weights.signModel(location, signer, {
    ...settings,
    chunkTrees: flags.chunks ?? false,
  });
  const outputs: [path: string, bytes: Uint8Array][] = [[files.signature, signature]];
  if (chunkTrees !== null)
    outputs.push([files.chunks, chunkTrees.trees.hashes], [files.chunkSignature, chunkTrees.signature]);
  if (parents.length > 0) {
    const predicate = { parents: parents.map((parent) => ({ ...parent, relation })) };
    const statement = {
      kind: 'derived-from',
      name: manifest.name,
      root: manifest.root,
      predicate,
    } as WeightStatement;
    outputs.push([files.lineage, await weights.signWeightStatement(statement, signer)]);
  }
  if (flags.bom !== undefined) outputs.push([flags.bom, await describeBom(location, manifest, parents)]);
  for (const [path, bytes] of outputs) writeWhole(path, bytes);
  if (flags.json) {
    const { name, root, resources } = manifest;
    const paths = outputs.map(([path]) => path);
    terminal.out(
      `${JSON.stringify({ name, root, hash, shardBytes, resources: resources.length, files: paths })}\n`,
    );
    return ExitCode.OK;
  }
  terminal.out(
    `signed      ${formatPlural(manifest.resources.length, shardBytes === null ? 'file' : 'range')} of ${shortenText(manifest.name, 100)}, ${hash}\n`,
  );
  terminal.out(`root        ${manifest.root}\n`);
  for (const [path] of outputs) terminal.out(`written     ${path}\n`);
  return ExitCode.OK;
}

/** Where the files of a signature lie: in a folder of a model, beside a model that is one file. */
export function signatureFiles(location: string, given?: string) {
  const isFolder = existsSync(location) && statSync(location).isDirectory();
  const signature = given ?? (isFolder ? join(location, 'model.sig') : `${location}.sig`);
  const base = signature.endsWith('.sig') ? signature.slice(0, -4) : signature;
  return {
    signature,
    chunks: `${base}.chunks`,
    chunkSignature: `${base}.chunks.sig`,
    lineage: `${base}.derived-from.sig`,
  };
}

/** The path of a file in a model, parts apart by `/`; null when it is not in it. */
export function pathInModel(location: string, path: string): string | null {
  const inner = relative(resolve(location), resolve(path));
  return inner === '' || inner.startsWith('..') || resolve(inner) === inner
    ? null
    : inner.split(sep).join('/');
}

function readShards(flag: string | true | undefined, usual: number): number | null {
  if (flag === undefined) return null;
  const size = flag === true ? usual : Number(flag);
  if (!Number.isSafeInteger(size) || size <= 0) throw usage('--shards must be a number of bytes');
  return size;
}

/** A model by its root digest, or by a file with its signature, whose signer is not looked at. */
export function readReference(
  parent: string,
  readSignature: (signature: Uint8Array) => { readonly root: string; readonly name: string },
): Parent {
  if (/^[0-9a-f]{64}$/.test(parent)) return { root: parent };
  const { root, name } = readSignature(readBytes(parent));
  return { root, ...(name !== '' && { name }) };
}

/** @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `ATTESTATION_KEY` */
export async function readSigner(
  flags: SignerFlags,
  terminal: Terminal,
  signerOf: (key: KeyObject, certificates: readonly Uint8Array[]) => ModelSigner,
): Promise<ModelSigner> {
  const { readCertificates } = await import('@phalanx/attestation');
  if (flags.chain !== undefined && flags.certificate === undefined)
    throw usage('--chain needs --certificate, the certificate of the key itself');
  const paths = flags.certificate === undefined ? [] : [flags.certificate, ...(flags.chain ?? [])];
  const certificates = paths.flatMap((path) => {
    const found = readCertificates(readBytes(path));
    if (found.length === 0) throw usage(`no certificate in ${path}`);
    return found;
  });
  return signerOf(await readPrivateKey(flags.key, terminal), certificates);
}

/** A key that only its owner can read: PEM, with a passphrase or without, or a file that `phalanx ledger key` encrypted. */
async function readPrivateKey(path: string, terminal: Terminal): Promise<KeyObject> {
  const { readOwnFile, readSecretFile } = await import('@phalanx/ledger');
  const passphrase = () => readPassphrase(loadConfig(terminal.env), terminal);
  let pem = Buffer.from(await readOwnFile(path));
  if (pem.toString('latin1').startsWith('age-encryption.org/'))
    pem = Buffer.from(await readSecretFile(path, passphrase()));
  const isEncrypted = /ENCRYPTED/.test(pem.toString('latin1'));
  try {
    return createPrivateKey(isEncrypted ? { key: pem, passphrase: passphrase() } : { key: pem });
  } catch (error) {
    // Never the cause: a parser may quote what it could not read.
    throw PhalanxError.is(error)
      ? error
      : usage(`${path} holds no private key in PEM, or the passphrase is another`);
  }
}

async function describeBom(
  location: string,
  manifest: ModelManifest,
  parents: readonly Parent[],
): Promise<Uint8Array> {
  const { formatMlBom, openWeights } = await import('@phalanx/weights');
  const settings = { timeMs: Date.now(), serial: randomUUID(), parents };
  // Facts are a courtesy: a folder with several weights, or a format that is not read, has none.
  const file = await openWeights(location).catch(() => null);
  try {
    return formatMlBom(manifest, file === null ? settings : { ...settings, weights: file });
  } finally {
    await file?.close();
  }
}

/** A reader finds the old file or the new one, never a part. @throws PhalanxError `CLI_FILE` */
export function writeWhole(path: string, bytes: Uint8Array): void {
  const draft = join(path, '..', `.${basename(path)}.${randomUUID()}`);
  try {
    writeFileSync(draft, bytes, { flag: 'wx' });
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function usage(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message);
}
