import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PhalanxError, showInvisible, systemClock } from '@phalanx/core';
import type { SlotLog, TransparencyLog, TrustPolicy } from '@phalanx/ledger';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { formatCount } from '../figures.js';
import { stopSignal } from '../serving.js';
import { readSigningKey } from '../signing-key.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface SlotsFlags {
  readonly origin: string;
  readonly key: string;
  readonly inner: string[];
  readonly slot: string;
  readonly policy?: string;
  readonly json?: boolean;
}

const MAX_SLOT_S = 86_400;

/**
 * `phalanx ledger slots`: the outer log of a lab, one leaf a slot whatever happens, until it is asked to end. Each leaf commits to the
 * checkpoints of the inner logs as they stand. With a policy its witnesses are asked after each slot, and readers are shown cosigned
 * checkpoints only. `ledger serve FOLDER/log` shows it.
 *
 * @param folder holds `log`, `state` and, private, `openings`
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `LEDGER_LOCKED`, `LEDGER_CLOCK`, `LEDGER_CORRUPT`, `LEDGER_ROLLBACK`, `LEDGER_DISK`
 */
export async function slotsCommand(folder: string, flags: SlotsFlags, terminal: Terminal): Promise<ExitCode> {
  const ledger = await import('@phalanx/ledger');
  const seconds = Number(flags.slot);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SLOT_S)
    throw new PhalanxError<CliErrorCode>(
      'CLI_USAGE',
      `--slot ${flags.slot}: seconds from 1 to ${MAX_SLOT_S}`,
    );
  const key = await readSigningKey(flags.key, terminal);
  const policy = flags.policy === undefined ? null : ledger.parseTrustPolicy(readBytes(flags.policy));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const letGo = await ledger.becomeSingleWriter(folder);
  const disks = ['log', 'state', 'openings'].map((name) => new ledger.FolderDisk(join(folder, name)));
  const [disk, state, openings] = disks as [(typeof disks)[0], (typeof disks)[0], (typeof disks)[0]];
  const verifier = ledger.makeVerifierKey(flags.origin, ledger.SignatureType.ED25519, key.publicKey);
  const stop = stopSignal();
  try {
    const log = await ledger.TransparencyLog.open({
      disk,
      state,
      origin: flags.origin,
      signers: [ledger.makeNoteSigner(flags.origin, key)],
      verifiers: [verifier],
      servesCosignedOnly: policy !== null,
    });
    const slots = await ledger.SlotLog.open({ log, openings, slotMs: 1000 * seconds, clock: systemClock });
    terminal.out(
      flags.json
        ? `${JSON.stringify({ origin: flags.origin, size: log.size, key: ledger.formatVerifierKey(verifier) })}\n`
        : `slots  ${showInvisible(flags.origin)}, ${formatCount(log.size)} so far\n${ledger.formatVerifierKey(verifier)}\n`,
    );
    await runSlots(slots, log, { innerFolders: flags.inner, slotMs: 1000 * seconds, policy, stop, terminal });
    slots.close();
    log.close();
    return ExitCode.OK;
  } finally {
    for (const each of disks) each.close();
    await letGo();
  }
}

interface SlotRun {
  readonly innerFolders: readonly string[];
  readonly slotMs: number;
  readonly policy: TrustPolicy | null;
  readonly stop: AbortSignal;
  readonly terminal: Terminal;
}

async function runSlots(slots: SlotLog, log: TransparencyLog, run: SlotRun): Promise<void> {
  const { gatherCosignatures, witnessesOf } = await import('@phalanx/ledger');
  const { slotMs, policy, stop, terminal } = run;
  const witnesses = policy === null ? [] : witnessesOf(policy);
  while (!stop.aborted) {
    await slots.tick(await readInner(run.innerFolders));
    if (policy !== null) {
      const { note, isWitnessed, outcomes } = await gatherCosignatures(log, witnesses, policy);
      if (isWitnessed) log.serve(note);
      else
        terminal.talk(
          `too few cosigned: ${[...outcomes].map(([url, { kind }]) => `${showInvisible(url)} ${kind}`).join(', ')}\n`,
        );
    }
    await sleep(slotMs - (systemClock.nowMs() % slotMs), stop);
  }
}

/** Signed checkpoints as they lie on the disk; what is not signed yet is left out. */
async function readInner(folders: readonly string[]): Promise<Map<string, Uint8Array>> {
  const { parseCheckpoint, parseNote } = await import('@phalanx/ledger');
  const found = new Map<string, Uint8Array>();
  for (const folder of folders) {
    let note: Uint8Array;
    try {
      note = new Uint8Array(readFileSync(join(folder, 'checkpoint')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    found.set(parseCheckpoint(parseNote(note).text).origin, note);
  }
  return found;
}

function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
    stop.addEventListener('abort', done, { once: true });
  });
}
