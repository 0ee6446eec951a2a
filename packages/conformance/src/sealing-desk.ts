/**
 * The process that `askThroughKills` kills: a release service over a log on disk and HTTP, whose hour is a few seconds. What it
 * is told comes as JSON in its argument; its address goes to standard output.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR_MS, listen } from '@phalanx/core';
import { becomeSingleWriter, TransparencyLog } from '@phalanx/ledger';
import { formatStatement } from '@phalanx/record';
import {
  MAX_RELEASE_BODY_BYTES,
  makeReleaseHandler,
  parseApprovers,
  ReleaseService,
  type ReleaseStatement,
  readManifest,
} from '@phalanx/weights';
import { settingsIn } from './killed-log.js';
import { readReleases } from './logged-releases.js';

/** What a desk is told. */
export interface DeskTask {
  readonly folder: string;
  readonly container: string;
  /** When the accelerated clock showed the same as the real one, and how long its hour takes. */
  readonly epochMs: number;
  readonly hourMs: number;
  /** The defect that the check must find: hands out first and logs so much later. */
  readonly logLateMs: number | null;
}

async function main(task: DeskTask): Promise<void> {
  const { folder, epochMs, hourMs, logLateMs } = task;
  const speed = HOUR_MS / hourMs;
  await becomeSingleWriter(join(folder, 'log'));
  const log = await TransparencyLog.open(
    settingsIn(folder, createPrivateKey(readFileSync(join(folder, 'key.pem')))),
  );
  const append = (statement: ReleaseStatement): number => log.append([formatStatement(statement)]);
  const service = await ReleaseService.open({
    identity: readFileSync(join(folder, 'service.id'), 'utf8').trim(),
    containers: [await readManifest(task.container)],
    approvers: parseApprovers(readFileSync(join(folder, 'approvers.json'), 'utf8')),
    by: 'desk',
    history: readReleases(log),
    record: async (statement) => {
      if (logLateMs === null) append(statement);
      else setTimeout(append, logLateMs, statement);
    },
    clock: { nowMs: () => epochMs + Math.floor((Date.now() - epochMs) * speed) },
    counterMs: () => performance.now() * speed,
  });
  const listener = await listen(makeReleaseHandler(service), {
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: MAX_RELEASE_BODY_BYTES,
  });
  writeSync(1, `${listener.url}\n`);
}

await main(JSON.parse(process.argv[2]) as DeskTask);
