import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TimestampAuthority } from '@phalanx/attestation';
import { PhalanxError } from '@phalanx/core';
import type { DatedCheckpoint } from '@phalanx/evidence';
import type { CliErrorCode } from './cli-error.js';
import type { RecordSession } from './record-session.js';
import type { Config } from './setting.js';

/** The time stamping authority that the settings name; null when none is. @throws PhalanxError `CLI_FILE`, `CLI_CONFIG` */
export async function readAuthority(
  config: Pick<Config, 'ledger.tsa' | 'ledger.tsa_certificates'>,
): Promise<TimestampAuthority | null> {
  const url = config['ledger.tsa'];
  if (url === '') return null;
  const path = config['ledger.tsa_certificates'];
  if (path === '')
    throw new PhalanxError<CliErrorCode>('CLI_CONFIG', 'ledger.tsa needs ledger.tsa_certificates', {
      advice: 'Name a PEM file with the certificates of the authority.',
    });
  const { readCertificates } = await import('@phalanx/attestation');
  try {
    return { url, certificates: readCertificates(new Uint8Array(readFileSync(path))) };
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Has the log's checkpoint stamped and keeps the stamp, synced, so that a later bundle can show when its entries were there.
 *
 * @returns the size that was stamped, and when
 * @throws PhalanxError `ATTESTATION_TIMESTAMP_AUTHORITY`, `ATTESTATION_TIMESTAMP`
 */
export async function dateLog(
  dataDir: string,
  { telemetry }: Pick<RecordSession, 'telemetry'>,
  authority: TimestampAuthority,
): Promise<{ readonly size: number; readonly timeMs: number }> {
  const [{ requestTimestamp }, { formatDatedLine }] = await Promise.all([
    import('@phalanx/attestation'),
    import('@phalanx/evidence'),
  ]);
  await telemetry.publish();
  const { note, checkpoint } = telemetry.log.served ?? telemetry.log.signed!;
  const { response, timestamp } = await requestTimestamp(note, authority);
  const file = await open(pathOf(dataDir), 'a', 0o600);
  try {
    await file.appendFile(formatDatedLine({ note, response }));
    await file.sync();
  } finally {
    await file.close();
  }
  return { size: checkpoint.size, timeMs: timestamp.timeMs };
}

/** Checkpoints that were stamped so far, oldest first. */
export async function readDates(dataDir: string): Promise<DatedCheckpoint[]> {
  if (!existsSync(pathOf(dataDir))) return [];
  const { readDatedLines } = await import('@phalanx/evidence');
  const dates: DatedCheckpoint[] = [];
  for await (const { note, response } of readDatedLines(createReadStream(pathOf(dataDir))))
    dates.push({ note, response });
  return dates;
}

function pathOf(dataDir: string): string {
  return join(dataDir, 'ledger', 'dates.jsonl');
}
