import type { LoggedAt } from '@phalanx/coalition/policy';
import { systemClock } from '@phalanx/core';
import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { formatPlural } from '../figures.js';
import { usage, withLabStore } from '../lab-trust.js';
import { logStatement } from '../log-statement.js';
import { writeNewFile } from '../new-file.js';
import { readLedgerFile, withRecord } from '../record-session.js';
import type { Terminal } from '../terminal.js';

export interface ReceiptsFlags {
  readonly data?: string;
  readonly config?: string;
  readonly html?: string;
  readonly erase?: boolean;
  readonly json?: boolean;
}

/**
 * `phalanx coalition receipts`: a regulator's view, read from the lab's log alone: what was told under which policies and legal basis, what
 * was held back, what is missing. With `--erase`, first deletes what is over. Exit 1 when the log has a gap or an irregular receipt.
 *
 * @throws PhalanxError `CLI_USAGE` without a log, and what the log and the store throw
 */
export async function receiptsCommand(flags: ReceiptsFlags, terminal: Terminal): Promise<ExitCode> {
  const { eraseEnded, renderRegulatorPage, viewAsRegulator } = await import('@phalanx/coalition/policy');
  const { parseStatement } = await import('@phalanx/record');
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  if (file === null) throw usage('there is no log with receipts', 'Begin one: phalanx ledger init.');
  if (flags.erase) {
    const nowMs = systemClock.nowMs();
    const erased = await withLabStore(flags, terminal, async (store) => {
      const own = await store.releases.eraseEnded(nowMs);
      const record = async (statement: object) => {
        await logStatement({ config, dataDir, file, terminal }, statement);
      };
      return own + (await eraseEnded(store.receivedTerms, record, { nowMs, by: file.origin }));
    });
    terminal.talk(
      `erased ${formatPlural(erased, 'release or object', 'releases and objects')} whose time is over\n`,
    );
  }
  const entries = await withRecord(dataDir, file, config, terminal, async ({ telemetry }) =>
    [...telemetry.findStatements()].flatMap(({ index, entry }): LoggedAt[] => {
      // Other formats may stand in the log; a statement says what it is.
      try {
        return [{ index, statement: parseStatement(entry) }];
      } catch {
        return [];
      }
    }),
  );
  const view = viewAsRegulator(file.origin, entries);
  if (flags.html !== undefined) writeNewFile(flags.html, renderRegulatorPage(view));
  if (flags.json) terminal.out(`${JSON.stringify(view)}\n`);
  else {
    const { released, held, refused, objectsReleased } = view.totals;
    terminal.out(
      `released  ${released}, with ${formatPlural(objectsReleased, 'object')}\nheld      ${held}\nrefused   ${refused}\n`,
    );
    for (const { code, decisions } of view.reasons) terminal.out(`  ${code}  ${decisions}\n`);
    for (const { first, last } of view.missing) terminal.out(`missing   receipts ${first} to ${last}\n`);
    for (const sequence of view.irregular) terminal.out(`irregular receipt ${sequence}\n`);
  }
  const isSound = view.missing.length + view.repeated.length + view.irregular.length === 0;
  return isSound ? ExitCode.OK : ExitCode.FOUND;
}
