import { readFileSync } from 'node:fs';
import { canonicalJson, type Json, PhalanxError, showInvisible, utf8 } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { dateLog, readAuthority } from '../dated-log.js';
import { formatCount, formatInstant, formatPlural } from '../figures.js';
import { openProgressBar } from '../progress-bar.js';
import {
  createLedger,
  type LedgerFile,
  openRetention,
  readLedgerFile,
  readPassphrase,
  withRecord,
} from '../record-session.js';
import type { Config } from '../setting.js';
import { withStore } from '../telemetry-session.js';
import type { Terminal } from '../terminal.js';

export interface RecordFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export interface InitFlags extends RecordFlags {
  readonly origin: string;
  readonly unencrypted?: boolean;
}

/** `phalanx ledger init`: begins the log of a data directory and prints its verifier key. */
export async function initLedgerCommand(flags: InitFlags, terminal: Terminal): Promise<ExitCode> {
  const config = loadConfig(terminal.env, flags.config);
  const passphrase = flags.unencrypted ? null : readPassphrase(config, terminal);
  const { origin, verifierKey, encrypted } = await createLedger(
    flags.data ?? config.data,
    flags.origin,
    passphrase,
  );
  if (flags.json) terminal.out(`${JSON.stringify({ origin, verifierKey, encrypted })}\n`);
  else terminal.out(`${verifierKey}\n`);
  terminal.talk(
    'Give this verifier key to whoever shall check the log. Ingestion writes to it from now on.\n',
  );
  return ExitCode.OK;
}

/** `phalanx ledger stamp`: has the checkpoint stamped by the authority that the settings name. */
export async function stampLedgerCommand(flags: RecordFlags, terminal: Terminal): Promise<ExitCode> {
  const { config, dataDir, file } = openFolder(flags, terminal);
  const authority = await readAuthority(config);
  if (authority === null)
    throw new PhalanxError<CliErrorCode>('CLI_CONFIG', 'no time stamping authority is set', {
      advice: 'Set ledger.tsa and ledger.tsa_certificates.',
    });
  const { size, timeMs } = await withRecord(dataDir, file, config, terminal, (session) =>
    dateLog(dataDir, session, authority),
  );
  if (flags.json) terminal.out(`${JSON.stringify({ size, timeMs })}\n`);
  else terminal.out(`${formatPlural(size, 'entry', 'entries')} stamped ${formatInstant(timeMs)}\n`);
  return ExitCode.OK;
}

/** `phalanx ledger replay`: makes the telemetry store again from the log. */
export async function replayCommand(flags: RecordFlags, terminal: Terminal): Promise<ExitCode> {
  const { config, dataDir, file } = openFolder(flags, terminal);
  const { replayRecord } = await import('@phalanx/ingest');
  const { openSketchKey, openTextVault } = await import('@phalanx/store');
  const bar = openProgressBar(terminal);
  try {
    const report = await withRecord(dataDir, file, config, terminal, ({ telemetry, textKeys }) =>
      withStore(config, dataDir, async (store) =>
        replayRecord(telemetry, {
          store,
          sketchKey: await openSketchKey(dataDir),
          ...(config['ingest.keep_text'] && { texts: await openTextVault(store, dataDir, textKeys) }),
          onProgress: (done, size) => bar.show(done / Math.max(1, size), `${formatCount(done)} leaves`),
        }),
      ),
    );
    bar.clear();
    const { leaves, exchanges, erased, texts } = report;
    if (flags.json) terminal.out(`${JSON.stringify(report)}\n`);
    else
      terminal.out(
        `${formatPlural(leaves, 'leaf', 'leaves')}: ${formatPlural(exchanges, 'exchange')} into the store, ${formatCount(texts)} with text, ${formatCount(erased)} erased\n`,
      );
    return ExitCode.OK;
  } finally {
    bar.clear();
  }
}

/**
 * `phalanx ledger state`: logs a statement of docs/spec/record-leaf.md, and prints its index. A pre-registration counts from the time
 * that a stamp or a witness shows for it, so the log is stamped if the settings name an authority.
 *
 * @throws PhalanxError `CLI_FILE`; `RECORD_LEAF` for what is no statement
 */
export async function stateCommand(path: string, flags: RecordFlags, terminal: Terminal): Promise<ExitCode> {
  const { config, dataDir, file } = openFolder(flags, terminal);
  const { parseStatement } = await import('@phalanx/record');
  const statement = parseStatement(utf8(canonicalJson(readJson(path))));
  const authority = await readAuthority(config);
  const index = await withRecord(dataDir, file, config, terminal, async (session) => {
    const at = await session.telemetry.appendStatement(statement);
    await session.telemetry.publish();
    if (authority !== null) await dateLog(dataDir, session, authority);
    return at;
  });
  if (flags.json) terminal.out(`${JSON.stringify({ kind: statement.kind, index })}\n`);
  else terminal.out(`${statement.kind} is entry ${formatCount(index)}\n`);
  return ExitCode.OK;
}

function readJson(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot read ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

export interface EraseFlags extends RecordFlags {
  readonly legalBasis: string;
  readonly by: string;
}

/** `phalanx ledger erase`: makes an account's content unreadable for good. Exit 1 under legal hold. */
export async function eraseCommand(
  accountId: string,
  flags: EraseFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { config, dataDir, file } = openFolder(flags, terminal);
  return withRecord(dataDir, file, config, terminal, async (session) => {
    const retention = await openRetention(session);
    try {
      const index = await retention.eraseAccount(
        await hashAccount(dataDir, accountId),
        flags.legalBasis,
        flags.by,
      );
      await session.telemetry.publish();
      if (flags.json) terminal.out(`${JSON.stringify({ erased: true, index })}\n`);
      else
        terminal.out(
          `what log and vault hold sealed of it cannot be opened any more; entry ${formatCount(index)} says so\nrows of the telemetry store, findings and log files stay\n`,
        );
      return ExitCode.OK;
    } catch (error) {
      if (!PhalanxError.is(error, 'RECORD_HELD')) throw error;
      await session.telemetry.publish();
      if (flags.json) terminal.out(`${JSON.stringify({ erased: false, reason: error.message })}\n`);
      else terminal.out(`not erased: ${showInvisible(error.message)}; the refusal is on record\n`);
      return ExitCode.FOUND;
    }
  });
}

export interface HoldFlags extends RecordFlags {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  readonly release?: boolean;
}

/** `phalanx ledger hold`: keeps an account from being erased, or with `--release` no longer. */
export async function holdCommand(
  accountId: string,
  flags: HoldFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { config, dataDir, file } = openFolder(flags, terminal);
  return withRecord(dataDir, file, config, terminal, async (session) => {
    const retention = await openRetention(session);
    if (flags.release) await retention.releaseHold(flags.id, flags.reason, flags.by);
    else await retention.placeHold(await hashAccount(dataDir, accountId), flags.id, flags.reason, flags.by);
    await session.telemetry.publish();
    const state = flags.release ? 'released' : 'placed';
    if (flags.json) terminal.out(`${JSON.stringify({ hold: flags.id, state })}\n`);
    else terminal.out(`hold ${showInvisible(flags.id)} ${state}\n`);
    return ExitCode.OK;
  });
}

/** @throws PhalanxError `CLI_FILE` for a data directory without a log */
export function openFolder(
  flags: RecordFlags,
  terminal: Terminal,
): { config: Config; dataDir: string; file: LedgerFile } {
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const file = readLedgerFile(dataDir);
  if (file === null)
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${dataDir} has no log`, {
      advice: 'Begin one: phalanx ledger init --origin NAME.',
    });
  return { config, dataDir, file };
}

async function hashAccount(dataDir: string, accountId: string): Promise<bigint> {
  const [{ createSketcher, HashDomain }, { openSketchKey }] = await Promise.all([
    import('@phalanx/sketch'),
    import('@phalanx/store'),
  ]);
  return createSketcher(await openSketchKey(dataDir)).hash64(HashDomain.ACCOUNT, accountId);
}
