import { utf8 } from '@phalanx/core';
import { parseStatement, type TelemetryLog } from '@phalanx/record';
import type { ControlStore } from '@phalanx/store/control';

/** Statements that are read at a time. */
const PAGE = 500;

/**
 * Carries a hub's receipts into a log, where nobody can take one out unseen. The log itself says how far it got: receipts go in by their
 * numbers, so as many as it has are carried, whatever crashed.
 *
 * @returns to be called again and again, one call at a time: appends what is new, and publishes
 */
export function openHubLog(
  statements: ControlStore['statements'],
  log: Pick<TelemetryLog, 'appendStatement' | 'findStatements' | 'publish'>,
): () => Promise<void> {
  let carried = 0;
  for (const { entry } of log.findStatements()) if (isHubReceipt(entry)) carried++;
  let last = 0;
  let awaited = -1;
  return async () => {
    let isNew = false;
    for (;;) {
      const page = await statements.list(last, PAGE);
      for (const { number, text } of page) {
        // A lower number may be about to be committed; one that is still missing at the next call was taken back.
        if (number > last + 1 && awaited !== last + 1) {
          awaited = last + 1;
          if (isNew) await log.publish();
          return;
        }
        const entry = utf8(text);
        if (isHubReceipt(entry)) {
          if (carried > 0) carried--;
          else {
            await log.appendStatement(parseStatement(entry));
            isNew = true;
          }
        }
        last = number;
      }
      if (page.length < PAGE) break;
    }
    if (isNew) await log.publish();
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
