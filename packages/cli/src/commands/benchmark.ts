import { createHash } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatCount, formatPlural } from '../figures.js';
import type { Terminal } from '../terminal.js';

export interface BuildBenchmarkFlags {
  readonly out: string;
  readonly field?: string;
  readonly json?: boolean;
}

interface IndexDescription {
  readonly hashes: number;
  readonly bytes: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
}

/**
 * `phalanx benchmark build`: prompts of public benchmarks into an index. Exit 1 when rows were rejected.
 *
 * @throws PhalanxError `CLI_USAGE` when no passage leaves a hash, `CLI_FILE` when the index cannot be written; nothing is
 *   written then, nor where a source breaks off.
 */
export async function buildBenchmarkCommand(
  files: string[],
  flags: BuildBenchmarkFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const rejectedDir = loadConfig(terminal.env)['ingest.rejected_dir'];
  const [{ buildBenchmarks }, { encodeBenchmarkIndex }] = await Promise.all([
    import('@phalanx/ingest'),
    import('@phalanx/sketch'),
  ]);
  const { index, ...tally } = await buildBenchmarks(files, {
    ...(flags.field !== undefined && { field: flags.field }),
    ...(rejectedDir !== '' && { rejectedDir }),
  });
  const { passages, unrecognisable, rejected, rejectedFiles } = tally;
  let talk = `${formatPlural(passages, 'passage')}, ${formatCount(rejected)} rejected\n`;
  for (const file of rejectedFiles) talk += `  rejected rows and reasons: ${file}\n`;
  if (unrecognisable > 0)
    talk += `  ${formatCount(unrecognisable)} of them are too short to be known again, or not sampled\n`;
  if (!flags.json || index.hashes.length === 0) terminal.talk(talk);
  if (index.hashes.length === 0)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no passage leaves a hash; no index is written', {
      advice: 'A passage needs eight words. --field names the member or column that holds it.',
    });
  const bytes = encodeBenchmarkIndex(index);
  writeWhole(flags.out, bytes);
  const description = describeIndex(bytes, index.hashes.length);
  if (flags.json) terminal.out(`${JSON.stringify({ ...tally, ...description })}\n`);
  else terminal.out(writeDescription(description));
  return rejected > 0 ? ExitCode.FOUND : ExitCode.OK;
}

/** `phalanx benchmark inspect`: what an index file holds. Passages cannot be counted: hashes do not say whose they are. */
export async function inspectBenchmarkCommand(
  file: string,
  flags: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const [{ readBenchmarkFiles }, { encodeBenchmarkIndex }] = await Promise.all([
    import('@phalanx/ingest'),
    import('@phalanx/sketch'),
  ]);
  const index = await readBenchmarkFiles([file]);
  // One file has one encoding, so this is the file.
  const description = describeIndex(encodeBenchmarkIndex(index), index.hashes.length);
  terminal.out(flags.json ? `${JSON.stringify(description)}\n` : writeDescription(description));
  return ExitCode.OK;
}

function describeIndex(bytes: Uint8Array, hashes: number): IndexDescription {
  return { hashes, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function writeDescription({ hashes, bytes, sha256 }: IndexDescription): string {
  return `hashes  ${formatCount(hashes)}\nbytes   ${formatCount(bytes)}\nsha256  ${sha256}\n`;
}

/** Under its name only when it is whole: an index has no checksum, and half of one would be taken for one. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const partial = `${path}.partial`;
  try {
    writeFileSync(partial, bytes);
    renameSync(partial, path);
  } catch (cause) {
    rmSync(partial, { force: true });
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
