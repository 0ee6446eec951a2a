import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fromUtf8, PhalanxError, showInvisible } from '@phalanx/core';
import { readIdentities } from '../age-identity.js';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount, formatPlural } from '../figures.js';
import { openProgressBar } from '../progress-bar.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface SealFlags {
  readonly out: string;
  readonly recipient: string[];
  readonly recipients: string[];
  readonly keysPerHour?: string;
  readonly segmentMib: string;
  readonly json?: boolean;
}

const MIB = 1 << 20;

/**
 * `phalanx weights seal`: a file or folder for recipients of age; with `--keys-per-hour` a container whose segments a release service
 * hands out at that pace.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `sealPath` and `sealPaced` throw
 */
export async function sealWeightsCommand(
  path: string,
  flags: SealFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const recipients = [...flags.recipient, ...flags.recipients.flatMap(readRecipients)];
  if (flags.keysPerHour !== undefined) return sealPacedCommand(path, recipients, flags, terminal);
  const { sealPath } = await import('@phalanx/weights');
  let bytes = 0;
  let files = 0;
  for await (const file of sealPath(path, flags.out, recipients)) {
    bytes += file.bytes;
    files++;
    if (!flags.json) terminal.talk(`${showInvisible(file.path)}  ${formatCount(file.bytes)} bytes\n`);
  }
  if (flags.json) terminal.out(`${JSON.stringify({ files, bytes, recipients: recipients.length })}\n`);
  else
    terminal.out(
      `sealed  ${formatPlural(files, 'file')}, ${formatCount(bytes)} bytes, for ${formatPlural(recipients.length, 'recipient')}\n`,
    );
  return ExitCode.OK;
}

async function sealPacedCommand(
  path: string,
  recipients: readonly string[],
  flags: SealFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { sealPaced } = await import('@phalanx/weights');
  const [service, ...others] = recipients;
  if (service === undefined || others.length > 0)
    throw usageError('a paced container has one recipient, its release service', 'Give one --recipient.');
  const bar = openProgressBar(terminal);
  try {
    const { artifactSha256, manifest, sizeBytes } = await sealPaced(path, flags.out, {
      service,
      keysPerHour: parseCount(flags.keysPerHour!, '--keys-per-hour'),
      segmentBytes: parseCount(flags.segmentMib, '--segment-mib') * MIB,
      onSegment: (done, of) => bar.show(done / of, `${formatCount(done)} of ${formatPlural(of, 'segment')}`),
    });
    bar.clear();
    const segments = manifest.segments.length;
    if (flags.json)
      terminal.out(
        `${JSON.stringify({ artifactSha256, files: manifest.files.length, segments, sizeBytes })}\n`,
      );
    else
      terminal.out(
        `sealed  ${formatPlural(manifest.files.length, 'file')}, ${formatPlural(segments, 'segment')}, ${formatCount(manifest.keysPerHour)} an hour  ${artifactSha256}\n`,
      );
    return ExitCode.OK;
  } finally {
    bar.clear();
  }
}

export interface OpenFlags {
  readonly out: string;
  readonly identity: string;
  readonly keys?: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights open`: what was sealed, in plain; of a paced container the files whose segments are all released. Exit 1 when some
 * are not yet, or when a file was altered or is for others.
 *
 * @throws PhalanxError `CLI_FILE`, and what `openPath` and `openPaced` throw
 */
export async function openWeightsCommand(
  path: string,
  flags: OpenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { MANIFEST_NAME } = await import('@phalanx/weights');
  const identities = await readIdentities(flags.identity, terminal);
  try {
    return existsSync(join(path, MANIFEST_NAME))
      ? await openPacedCommand(path, identities, flags, terminal)
      : await openPlainCommand(path, identities, flags, terminal);
  } catch (error) {
    if (!PhalanxError.is(error, 'WEIGHTS_SEAL')) throw error;
    if (flags.json)
      terminal.out(`${JSON.stringify({ opened: false, code: error.code, reason: error.message })}\n`);
    else terminal.out(`not opened  ${showInvisible(error.message)} (${error.code})\n`);
    return ExitCode.FOUND;
  }
}

async function openPlainCommand(
  path: string,
  identities: readonly string[],
  flags: OpenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { openPath } = await import('@phalanx/weights');
  let files = 0;
  let bytes = 0;
  for await (const file of openPath(path, flags.out, identities)) {
    bytes += file.bytes;
    files++;
  }
  if (flags.json) terminal.out(`${JSON.stringify({ opened: true, files, bytes })}\n`);
  else terminal.out(`opened  ${formatPlural(files, 'file')}, ${formatCount(bytes)} bytes\n`);
  return ExitCode.OK;
}

async function openPacedCommand(
  path: string,
  identities: readonly string[],
  flags: OpenFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { KeyFolder, openPaced, readManifest } = await import('@phalanx/weights');
  const container = await readManifest(path);
  const folder = flags.keys === undefined ? null : new KeyFolder(flags.keys);
  await folder?.requireArtifact(container.artifactSha256);
  const keys = {
    identities,
    ...(folder !== null && { findHeader: (segment: number) => folder.find(segment) }),
  };
  const files = [];
  for await (const file of openPaced(path, container, flags.out, keys)) {
    files.push(file);
    if (!flags.json)
      terminal.out(
        `${file.state}  ${showInvisible(file.path)}  ${formatCount(file.released)} of ${formatPlural(file.segments, 'segment')}\n`,
      );
  }
  const isComplete = files.every(({ state }) => state !== 'waiting');
  if (flags.json) terminal.out(`${JSON.stringify({ opened: isComplete, files })}\n`);
  return isComplete ? ExitCode.OK : ExitCode.FOUND;
}

/** Recipients out of a file as `age -R` reads it: one a line, empty lines and `#` comments between. */
function readRecipients(path: string): string[] {
  return fromUtf8(readBytes(path))
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** @throws PhalanxError `CLI_USAGE` unless the text is an integer of 1 to nine digits above 0 */
export function parseCount(text: string, flag: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw usageError(`${flag} ${text} is no count`, 'Give a whole number above 0.');
  return Number(text);
}

export function usageError(what: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', what, { advice });
}
