import { randomBytes } from 'node:crypto';
import { type Clock, fromUtf8, PhalanxError, utf8 } from '@phalanx/core';
import { type Disk, readWhole } from './disk.js';
import type { LedgerErrorCode } from './ledger-error.js';
import { isSameHash } from './merkle-hash.js';
import { OpeningFile, type SaltedOpening } from './opening-file.js';
import {
  formatAnchorExtra,
  formatOpening,
  hashOpening,
  parseOpening,
  SALT_BYTES,
  type SlotOpening,
} from './slot-anchor.js';
import { formatTlogProof } from './tlog-proof.js';
import type { TransparencyLog } from './transparency-log.js';

/** What a slot log is opened with. */
export interface SlotLogSettings {
  /** The outer log; nothing else appends to it. */
  readonly log: TransparencyLog;
  /** Holds the openings, which are private, and the schedule. Beside the log, not in what is served. */
  readonly openings: Disk;
  /** Length of a slot in milliseconds, always the same for one log. Default 1,000. */
  readonly slotMs?: number;
  readonly clock: Clock;
  /** Missed slots that are filled at once; more are refused. Default: a week of them. */
  readonly maxMissed?: number;
  /** A clock that cannot be set, to know the jumps of the other by. Default: the process's. */
  readonly steadyClock?: Clock;
}

/** What a tick did. */
export interface Tick {
  /** The slot that the clock is in; it has a leaf now. */
  readonly slot: number;
  /** Leaves appended: 0 when the slot had one, 1 in step, more after slots were missed. */
  readonly appended: number;
  /** The signed checkpoint over all leaves. */
  readonly note: Uint8Array;
}

const SCHEDULE = 'schedule';
const WEEK_MS = 7 * 86_400_000;
/** A jump of the clock against the steady one: slots that it would fill are in the future as far as anybody knows. */
const MAX_JUMP_MS = 60_000;
/** Leaves of one batch while missed slots are filled. */
const BATCH = 4096;

/**
 * The outer log of a lab: one leaf of 32 bytes a slot, busy or idle, so that whoever witnesses or mirrors it learns the time and
 * nothing else. A leaf commits, under a fresh salt, to the signed checkpoints of the inner logs. Its opening is on the disk before
 * the leaf is appended.
 *
 * Slots that were missed get leaves too, which only their openings tell from others. No slot has two, and none lies in the future.
 */
export class SlotLog {
  readonly #log: TransparencyLog;
  readonly #openings: OpeningFile;
  readonly #settings: Required<Omit<SlotLogSettings, 'log'>>;
  #firstSlot: number | null;
  /** The two clocks at the last tick that was in order. */
  #seen: { readonly nowMs: number; readonly steadyMs: number } | null = null;
  #ticking: Promise<unknown> = Promise.resolve();

  private constructor(
    log: TransparencyLog,
    openings: OpeningFile,
    settings: Required<Omit<SlotLogSettings, 'log'>>,
    firstSlot: number | null,
  ) {
    this.#log = log;
    this.#openings = openings;
    this.#settings = settings;
    this.#firstSlot = firstSlot;
  }

  /**
   * Opens a slot log, or begins one. Openings without a leaf, whose append a crash prevented, get theirs.
   *
   * @throws RangeError for a slot length that is no positive integer; PhalanxError `LEDGER_CORRUPT` when the openings do not fit the log, or the
   * log was begun with slots of another length; `LEDGER_DISK`
   */
  static async open({
    log,
    openings,
    slotMs = 1000,
    clock,
    maxMissed = Math.ceil(WEEK_MS / slotMs),
    steadyClock = { nowMs: () => performance.now() },
  }: SlotLogSettings): Promise<SlotLog> {
    if (!Number.isSafeInteger(slotMs) || slotMs < 1) throw new RangeError(`a slot of ${slotMs} ms`);
    const schedule = readSchedule(openings);
    if (schedule !== null && schedule.slotMs !== slotMs)
      throw corrupt(`it was begun with slots of ${schedule.slotMs} ms, not ${slotMs}`);
    const file = OpeningFile.open(openings, log.size);
    if (schedule === null && file.size > 0) throw corrupt('its schedule is gone');
    const settings = { openings, slotMs, clock, maxMissed, steadyClock };
    const slots = new SlotLog(log, file, settings, schedule?.firstSlot ?? null);
    slots.#checkLast();
    for (let next = log.size; next < file.size; next = log.size) {
      const batch = Array.from({ length: Math.min(BATCH, file.size - next) }, (_, i) => file.read(next + i)!);
      log.append(batch.map(({ salt, opening }) => hashOpening(salt, opening)));
    }
    return slots;
  }

  /** Slot of the first leaf; null before it. */
  get firstSlot(): number | null {
    return this.#firstSlot;
  }

  /** Slot of the last leaf, or the one before the first leaf's; null in a log that never ticked. */
  get lastSlot(): number | null {
    return this.#firstSlot === null ? null : this.#firstSlot + this.#log.size - 1;
  }

  /**
   * Appends the leaf of the slot that the clock is in, and those of slots that were missed since the last one; then signs a
   * checkpoint. Call it once a slot or more often.
   *
   * @param checkpoints signed checkpoints of inner logs by their origin, as they stand; missed slots get none
   * @throws PhalanxError `LEDGER_CLOCK`, with nothing appended, when the clock is behind the last leaf, has jumped while the process
   * ran, or is further ahead than is filled at once; `LEDGER_CHECKPOINT` for checkpoints that are too long; `LEDGER_DISK`
   */
  tick(checkpoints: ReadonlyMap<string, Uint8Array>): Promise<Tick> {
    const turn = this.#ticking.then(() => this.#tick(checkpoints));
    this.#ticking = turn.catch(() => {});
    return turn;
  }

  async #tick(checkpoints: ReadonlyMap<string, Uint8Array>): Promise<Tick> {
    const { slotMs, maxMissed } = this.#settings;
    const seen = this.#readClocks();
    const { nowMs } = seen;
    const slot = Math.floor(nowMs / slotMs);
    const last = this.lastSlot ?? slot - 1;
    if (slot < last)
      throw clockError(`it is ${last - slot} slots behind the last leaf`, 'Wait, or set the clock right.');
    if (slot - last - 1 > maxMissed)
      throw clockError(
        `${slot - last - 1} slots were missed, more than the ${maxMissed} that are filled at once`,
        'If the clock is right, raise the limit once.',
      );
    this.#seen = seen;
    this.#firstSlot ??= this.#begin(slot);
    const openingAt = (at: number): SaltedOpening => ({
      salt: randomBytes(SALT_BYTES),
      opening: formatOpening({
        slot: at,
        slotMs,
        firstSlot: this.#firstSlot!,
        atMs: nowMs,
        late: at < slot,
        checkpoints: at < slot ? new Map() : checkpoints,
      }),
    });
    // A slot whose checkpoints are too long is refused before the missed ones are filled.
    const current = slot > last ? openingAt(slot) : null;
    for (let next = last + 1; next <= slot; ) {
      const batch = Array.from({ length: Math.min(BATCH, slot - next + 1) }, (_, i) =>
        next + i === slot ? current! : openingAt(next + i),
      );
      this.#append(batch);
      next += batch.length;
    }
    return { slot, appended: slot - last, note: await this.#log.publish() };
  }

  /** Salt and opening of a slot's leaf; null when it has none. */
  readOpening(slot: number): SaltedOpening | null {
    const index = this.#firstSlot === null ? -1 : slot - this.#firstSlot;
    return index < this.#log.size ? this.#openings.read(index) : null;
  }

  /**
   * What the leaf of a slot commits to; null when it has none.
   *
   * @throws PhalanxError `LEDGER_CORRUPT`
   */
  openingOf(slot: number): SlotOpening | null {
    const salted = this.readOpening(slot);
    return salted === null ? null : parseOpening(salted.opening);
  }

  /**
   * The anchor of a slot as a `.tlog-proof` file, for `verifyAnchor`. Whoever gets it learns what the leaf commits to: sizes of inner logs.
   *
   * @throws RangeError when the slot has no leaf, or the served checkpoint does not cover it; PhalanxError `LEDGER_CORRUPT`
   */
  async proveAnchor(slot: number): Promise<Uint8Array> {
    const salted = this.readOpening(slot);
    if (salted === null) throw new RangeError(`slot ${slot} has no leaf`);
    const extra = formatAnchorExtra(salted.salt, salted.opening);
    return formatTlogProof(await this.#log.prove(slot - this.#firstSlot!, extra));
  }

  /** Closes the openings. The log is the caller's. */
  close(): void {
    this.#openings.close();
  }

  /** Both clocks, if the one goes as the other. One that jumped is looked at again with every tick, and a restart believes it. */
  #readClocks(): { nowMs: number; steadyMs: number } {
    const { clock, steadyClock, slotMs } = this.#settings;
    const nowMs = clock.nowMs();
    const steadyMs = steadyClock.nowMs();
    if (!Number.isSafeInteger(nowMs) || nowMs < 0)
      throw clockError(`it says ${nowMs}`, 'Set the clock right.');
    if (this.#seen === null) return { nowMs, steadyMs };
    const jumpMs = nowMs - this.#seen.nowMs - (steadyMs - this.#seen.steadyMs);
    if (jumpMs > Math.max(MAX_JUMP_MS, slotMs))
      throw clockError(
        `it jumped ahead by ${Math.round(jumpMs / 1000)} s`,
        'If it is right now, start the process again.',
      );
    return { nowMs, steadyMs };
  }

  /** The schedule is on the disk before the first opening. */
  #begin(firstSlot: number): number {
    const { openings, slotMs } = this.#settings;
    try {
      openings.replace(SCHEDULE, utf8(`${firstSlot} ${slotMs}\n`));
    } catch (cause) {
      throw diskError(cause);
    }
    return firstSlot;
  }

  #append(batch: readonly SaltedOpening[]): void {
    // Openings whose leaves were not appended: recovery appends them.
    if (this.#openings.size !== this.#log.size) throw diskError(new Error('the log failed before'));
    try {
      this.#openings.append(batch);
    } catch (cause) {
      throw diskError(cause);
    }
    this.#log.append(batch.map(({ salt, opening }) => hashOpening(salt, opening)));
  }

  /** Openings of another log would open nothing. */
  #checkLast(): void {
    const { size } = this.#log;
    if (size === 0) return;
    const { salt, opening } = this.#openings.read(size - 1)!;
    const [entry] = this.#log.readEntries(size - 1, size);
    if (!isSameHash(entry!, hashOpening(salt, opening)))
      throw corrupt(`the opening of leaf ${size - 1} is not what it commits to`);
  }
}

function readSchedule(openings: Disk): { firstSlot: number; slotMs: number } | null {
  const bytes = readWhole(openings, SCHEDULE);
  if (bytes === null) return null;
  const [, first, length] = /^([0-9]{1,16}) ([0-9]{1,16})\n$/.exec(fromUtf8(bytes)) ?? [];
  if (first === undefined || length === undefined) throw corrupt('its schedule is damaged');
  return { firstSlot: Number(first), slotMs: Number(length) };
}

function clockError(what: string, advice: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_CLOCK', `the clock of the slot log: ${what}`, { advice, retryable: true });
}

function corrupt(what: string): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_CORRUPT', `the slot log is damaged: ${what}`, {
    advice: 'Restore the folder of the openings from a copy.',
  });
}

function diskError(cause: unknown): PhalanxError<LedgerErrorCode> {
  return new PhalanxError('LEDGER_DISK', 'the openings of the slot log could not be written', {
    cause,
    advice: 'End the process, look after the disk, start again.',
  });
}
