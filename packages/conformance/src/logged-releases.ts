import type { TransparencyLog } from '@phalanx/ledger';
import { parseStatement } from '@phalanx/record';
import type { ReleaseStatement } from '@phalanx/weights';

/** Entries of a log that a release service alone writes, oldest first. */
export function* readReleases(log: TransparencyLog): Generator<ReleaseStatement> {
  for (let at = 0; at < log.size; at += 256)
    for (const entry of log.readEntries(at, Math.min(log.size, at + 256)))
      yield parseStatement(entry) as ReleaseStatement;
}
