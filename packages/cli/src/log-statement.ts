import { canonicalJson, type Json, utf8 } from '@phalanx/core';
import { dateLog, readAuthority } from './dated-log.js';
import { type LedgerFile, withRecord } from './record-session.js';
import type { Config } from './setting.js';
import type { Terminal } from './terminal.js';

/** The log of a data directory. */
export interface LogPlace {
  readonly config: Config;
  readonly dataDir: string;
  readonly file: LedgerFile;
  readonly terminal: Terminal;
}

/**
 * Appends a statement, publishes, and has the log stamped if the settings name an authority. The log is closed afterwards, so that
 * long work beside it blocks nobody. Returns the index of the statement.
 *
 * @throws PhalanxError `RECORD_LEAF`, and what `withRecord` throws
 */
export async function logStatement(place: LogPlace, statement: object): Promise<number> {
  const { config, dataDir, file, terminal } = place;
  const { parseStatement } = await import('@phalanx/record');
  const checked = parseStatement(utf8(canonicalJson(statement as Json)));
  const authority = await readAuthority(config);
  return withRecord(dataDir, file, config, terminal, async (session) => {
    const index = await session.telemetry.appendStatement(checked);
    await session.telemetry.publish();
    if (authority !== null) await dateLog(dataDir, session, authority);
    return index;
  });
}
