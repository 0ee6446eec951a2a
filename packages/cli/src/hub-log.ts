import { createHash } from 'node:crypto';
import { PhalanxError, utf8 } from '@phalanx/core';
import { parseStatement, type TelemetryLog } from '@phalanx/record';
import type { ControlStore } from '@phalanx/store/control';
import type { CliErrorCode } from './cli-error.js';

/** Statements that are read at a time. */
const PAGE = 500;
/** Calls that wait for a missing number, half a minute each: longer than a statement may run on a server. */
const PATIENCE = 4;

/**
 * Carries a hub's receipts into a log, where nobody can take one out unseen. The log itself says how far it got: receipts go in by their
 * numbers, so those that it has are the first ones of the database.
 *
 * @returns to be called again and again, one call at a time: appends what is new, and publishes
 * @throws PhalanxError `CLI_FILE`, from what is returned, when the database lacks a receipt that the log has, or has another in its place:
 *   an older copy, or somebody has changed it. Nothing is appended then
 */
export function openHubLog(
  statements: ControlStore['statements'],
  log: Pick<TelemetryLog, 'appendStatement' | 'findStatements' | 'publish'>,
): () => Promise<void> {
  const logged: string[] = [];
  for (const { entry } of log.findStatements()) if (isHubReceipt(entry)) logged.push(digestOf(entry));
  let compared = 0;
  let last = 0;
  let waited = 0;
  return async () => {
    let isNew = false;
    try {
      for (;;) {
        const page = await statements.list(last, PAGE);
        for (const { number, text } of page) {
          // A lower number may be about to be committed; one that stays away was taken back.
          if (number > last + 1 && waited < PATIENCE) {
            waited++;
            return;
          }
          const entry = utf8(text);
          if (isHubReceipt(entry)) {
            if (compared < logged.length) {
              if (logged[compared] !== digestOf(entry)) throw differs(compared);
              compared++;
            } else {
              await log.appendStatement(parseStatement(entry));
              isNew = true;
            }
          }
          last = number;
          waited = 0;
        }
        if (page.length < PAGE) break;
      }
      if (compared < logged.length) throw differs(compared);
    } finally {
      if (isNew) await log.publish();
    }
  };
}

/** Decisions about members are no statements of `record-leaf.md`; regulators read them at the hub. */
function isHubReceipt(entry: Uint8Array): boolean {
  try {
    const statement = parseStatement(entry);
    return statement.kind === 'indicator-receipt' && statement.role === 'hub';
  } catch {
    return false;
  }
}

function digestOf(entry: Uint8Array): string {
  return createHash('sha256').update(entry).digest('base64');
}

function differs(place: number): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_FILE', `receipt ${place + 1} of the hub's log is not the database's`, {
    advice: 'The database is an older copy or was changed: restore the latest one.',
  });
}
