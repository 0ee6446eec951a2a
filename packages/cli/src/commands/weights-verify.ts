import { PhalanxError, shortenText, showInvisible } from '@phalanx/core';
import type { ModelDifferences, SignerTrust, VerifiedSignature, VerifiedSigner } from '@phalanx/weights';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';
import { pathInModel, signatureFiles } from './weights-sign.js';

/** Whom to believe. */
export interface TrustFlags {
  readonly publicKey?: string;
  readonly certificateChain?: readonly string[];
  readonly identity?: string;
  readonly issuer?: string;
  readonly trustedRoot?: string;
}

export interface VerifyWeightsFlags extends TrustFlags {
  readonly signature?: string;
  readonly ignore?: readonly string[];
  readonly allowSymlinks?: boolean;
  readonly allowUnlisted?: boolean;
  readonly json?: boolean;
}

/** Codes that are a verdict on the signature or the files, and not a failure to read them. */
const VERDICTS = new Set([
  'ATTESTATION_BUNDLE',
  'ATTESTATION_LOG',
  'ATTESTATION_SIGNATURE',
  'ATTESTATION_TIMESTAMP',
  'WEIGHTS_FORMAT',
  'WEIGHTS_LIMIT',
  'WEIGHTS_SIGNATURE',
]);
const SHOWN_FILES = 20;

/**
 * `phalanx weights verify`: whether a model is, file by file, what somebody signed: by a public key, under root certificates, or by way of
 * Sigstore. Exit 1 when it is not, with the first file that differs, or when the signature is not by whom is trusted.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_SOURCE`; `ATTESTATION_KEY`, `ATTESTATION_TRUSTED_ROOT` for what is to be trusted
 */
export async function verifyWeightsCommand(
  location: string,
  flags: VerifyWeightsFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { compareModel, describeDifferences, verifyModelSignature } = await import('@phalanx/weights');
  const trust = readTrust(flags);
  const files = signatureFiles(location, flags.signature);
  const signature = readBytes(files.signature);
  const ignorePaths = [...(flags.ignore ?? []), pathInModel(location, files.signature)].filter(
    (path) => path !== null,
  );
  let verified: VerifiedSignature;
  let differences: ModelDifferences;
  try {
    verified = verifyModelSignature(signature, trust);
    differences = await compareModel(location, verified.manifest, {
      ignorePaths,
      allowSymlinks: flags.allowSymlinks ?? false,
      allowUnlisted: flags.allowUnlisted ?? false,
    });
  } catch (error) {
    if (!isVerdict(error)) throw error;
    const { code, message } = error;
    if (flags.json) terminal.out(`${JSON.stringify({ verdict: 'refused', code, reason: message })}\n`);
    else terminal.out(`refused     ${shortenText(message, 300)} (${code})\n`);
    return ExitCode.FOUND;
  }
  const reason = describeDifferences(differences);
  const verdict = reason === null ? 'verified' : 'refused';
  const { manifest, signer } = verified;
  if (flags.json) {
    const { name, root, hash, resources } = manifest;
    const about = { verdict, name, root, hash, resources: resources.length, signer };
    const more = reason === null ? {} : { code: 'WEIGHTS_MISMATCH', reason, differences };
    terminal.out(`${JSON.stringify({ ...about, ...more })}\n`);
  } else {
    const line = (name: string, text: string) => terminal.out(`${name.padEnd(12)}${text}\n`);
    if (reason === null)
      line(
        'verified',
        `${formatPlural(manifest.resources.length, manifest.shardBytes === null ? 'file' : 'range')} of ${showInvisible(manifest.name.slice(0, 100))}, ${manifest.hash}`,
      );
    else line('refused', `not the model that was signed: ${shortenText(reason, 300)} (WEIGHTS_MISMATCH)`);
    line('signer', describeSigner(signer));
    line('root', manifest.root);
    printDifferences(differences, line);
  }
  return reason === null ? ExitCode.OK : ExitCode.FOUND;
}

/** Whether an error says something of a signature or what is signed, and not that it could not be looked at. */
export function isVerdict(error: unknown): error is PhalanxError {
  return PhalanxError.is(error) && VERDICTS.has(error.code);
}

/** @throws PhalanxError `CLI_USAGE`, `CLI_FILE` */
export function readTrust(flags: TrustFlags): SignerTrust {
  const { publicKey, certificateChain, identity, issuer, trustedRoot } = flags;
  const ways = [publicKey, certificateChain, identity].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw usage(
      'say whom to believe: --public-key, --certificate-chain, or --identity with --issuer and --trusted-root',
    );
  if (publicKey !== undefined) return { publicKey: readBytes(publicKey) };
  if (certificateChain !== undefined)
    return { roots: Buffer.concat(certificateChain.flatMap((path) => [readBytes(path), Buffer.from('\n')])) };
  if (issuer === undefined || trustedRoot === undefined)
    throw usage(
      '--identity needs --issuer, and --trusted-root with the trusted_root.json of the Sigstore that signed',
    );
  return { subject: identity!, issuer, trustedRoot: readBytes(trustedRoot) };
}

export function describeSigner(signer: VerifiedSigner): string {
  switch (signer.kind) {
    case 'key':
      return `key ${signer.fingerprint}`;
    case 'certificate':
      return `${oneLine(signer.subject)}, certified by ${oneLine(signer.root)}, valid ${formatInstant(signer.fromMs)} to ${formatInstant(signer.toMs)}${signer.toMs < Date.now() ? ', which is over' : ''}`;
    case 'keyless':
      return `${signer.subject} by ${signer.issuer}, seen ${formatInstant(signer.timeMs)}`;
  }
}

function oneLine(name: string): string {
  return showInvisible(name.replaceAll('\n', ', '));
}

function printDifferences(
  { changed, missing, renamed, unlisted }: ModelDifferences,
  line: (name: string, text: string) => void,
): void {
  const lines: [name: string, text: string][] = [
    ...changed.map((path): [string, string] => ['changed', path]),
    ...missing.map((path): [string, string] => ['missing', path]),
    ...renamed.map(({ from, to }): [string, string] => ['renamed', `${from} to ${to}`]),
    ...unlisted.map((path): [string, string] => ['not signed', path]),
  ];
  for (const [name, text] of lines.slice(0, SHOWN_FILES)) line(name, showInvisible(text));
  if (lines.length > SHOWN_FILES) line('', `${formatCount(lines.length - SHOWN_FILES)} more: --json`);
}

function usage(message: string): PhalanxError<CliErrorCode> {
  return new PhalanxError<CliErrorCode>('CLI_USAGE', message);
}
