import { type Clock, canonicalJson, fromUtf8, PhalanxError, toHex, utf8 } from '@phalanx/core';
import { type Disk, readWhole } from '@phalanx/ledger';
import { z } from 'zod';
import type { RecordErrorCode } from './record-error.js';
import { formatStatement, parseStatement, type Statement } from './statement-leaf.js';
import type { TelemetryLog } from './telemetry-log.js';

const PATH = 'holds.json';

const Hold = z.strictObject({
  holdId: z.string(),
  /** Keyed hash, 16 hexadecimal digits. */
  account: z.string().regex(/^[0-9a-f]{16}$/),
  reason: z.string(),
  by: z.string(),
  sinceMs: z.number(),
});
export type Hold = z.infer<typeof Hold>;

/**
 * Erasure and legal hold. What is held is not erased; the refusal is logged, so that neither the duty to erase nor the duty to keep
 * can be met by silence.
 */
export class Retention {
  readonly #telemetry: TelemetryLog;
  readonly #disk: Disk;
  readonly #clock: Clock;
  #holds: readonly Hold[];

  private constructor(telemetry: TelemetryLog, disk: Disk, clock: Clock, holds: readonly Hold[]) {
    this.#telemetry = telemetry;
    this.#disk = disk;
    this.#clock = clock;
    this.#holds = holds;
  }

  /**
   * @throws PhalanxError `RECORD_CORRUPT` when the holds cannot be read, or are missing though the log tells of some: nothing may be
   * erased then
   */
  static open(telemetry: TelemetryLog, disk: Disk, clock: Clock): Retention {
    const bytes = readWhole(disk, PATH);
    if (bytes !== null) return new Retention(telemetry, disk, clock, parseHolds(bytes));
    const told = findOpenHolds(telemetry);
    if (told.length > 0)
      throw new PhalanxError<RecordErrorCode>(
        'RECORD_CORRUPT',
        `the list of legal holds is missing, and the log tells of ${told.join(', ').slice(0, 200)}`,
        { advice: 'Restore `holds.json`; until then nothing is erased.' },
      );
    const retention = new Retention(telemetry, disk, clock, []);
    retention.#replace([]);
    return retention;
  }

  get holds(): readonly Hold[] {
    return this.#holds;
  }

  /** Keyed hashes of the accounts that are held. Their text must not expire either. */
  get heldAccounts(): bigint[] {
    return this.#holds.map(({ account }) => BigInt(`0x${account}`));
  }

  /**
   * Keeps an account from being erased until every hold on it is released.
   *
   * @throws PhalanxError `RECORD_HELD` for a name that is taken; `RECORD_LEAF` for words that cannot be logged
   */
  async placeHold(account: bigint, holdId: string, reason: string, by: string): Promise<void> {
    const sinceMs = this.#clock.nowMs();
    if (this.#holds.some((hold) => hold.holdId === holdId))
      throw new PhalanxError<RecordErrorCode>('RECORD_HELD', `there is a hold ${holdId} already`);
    const told = this.#describe(account, holdId, 'placed', reason, by);
    formatStatement(told);
    // Before it is told: a hold that nobody can read of in the log still holds.
    this.#replace([...this.#holds, { holdId, account: nameOf(account), reason, by, sinceMs }]);
    await this.#telemetry.appendStatement(told);
  }

  /** @throws PhalanxError `RECORD_UNKNOWN` for a hold that is not there */
  async releaseHold(holdId: string, reason: string, by: string): Promise<void> {
    const hold = this.#holds.find((each) => each.holdId === holdId);
    if (hold === undefined)
      throw new PhalanxError<RecordErrorCode>('RECORD_UNKNOWN', `there is no hold ${holdId}`);
    await this.#telemetry.appendStatement(
      this.#describe(BigInt(`0x${hold.account}`), holdId, 'released', reason, by),
    );
    this.#replace(this.#holds.filter((each) => each !== hold));
  }

  /**
   * Destroys the keys of what the log holds of an account's exchanges, so that it cannot be read here, nor in copies that were made without
   * the keys. What the leaves say stays: a random name, how many exchanges, and when. So does what lies elsewhere: the rows of the
   * store, findings, the log files that were read, bundles that were given away.
   *
   * @returns index of the leaf that says so
   * @throws PhalanxError `RECORD_HELD` under legal hold, after logging the refusal; `RECORD_UNKNOWN` for an account without leaves;
   *   `RECORD_LEAF` for words that cannot be logged, with nothing destroyed
   */
  async eraseAccount(account: bigint, legalBasis: string, by: string): Promise<number> {
    const hold = this.#holds.find((each) => each.account === nameOf(account));
    if (hold !== undefined) {
      await this.#telemetry.appendStatement(
        this.#describe(account, hold.holdId, 'erasure-refused', legalBasis, by),
      );
      throw new PhalanxError<RecordErrorCode>(
        'RECORD_HELD',
        `the account is under legal hold ${hold.holdId}`,
        {
          advice: 'Release the hold first. The refusal is on record.',
        },
      );
    }
    return this.#telemetry.erase(account, (chain, keysDestroyed) => ({
      kind: 'erasure',
      version: 1,
      atMs: this.#clock.nowMs(),
      by,
      chains: [chain],
      keysDestroyed,
      legalBasis,
    }));
  }

  #describe(
    account: bigint,
    holdId: string,
    state: 'placed' | 'released' | 'erasure-refused',
    reason: string,
    by: string,
  ): Statement {
    const chain = this.#telemetry.chainOf(account)?.chain;
    const chains = chain === undefined ? [] : [toHex(chain)];
    const atMs = this.#clock.nowMs();
    return { kind: 'legal-hold', version: 1, atMs, by, holdId, state, chains, reason };
  }

  #replace(holds: readonly Hold[]): void {
    this.#disk.replace(PATH, utf8(`${canonicalJson(holds.map((hold) => ({ ...hold })))}\n`));
    this.#holds = holds;
  }
}

/** Holds that the log says were placed, and not that they were released. */
function findOpenHolds(telemetry: TelemetryLog): string[] {
  const open = new Set<string>();
  for (const { entry } of telemetry.findStatements()) {
    const hold = readHold(entry);
    if (hold?.state === 'placed') open.add(hold.holdId);
    else if (hold?.state === 'released') open.delete(hold.holdId);
  }
  return [...open];
}

/** Null for an entry of another kind, or another format. */
function readHold(entry: Uint8Array): { readonly holdId: string; readonly state: string } | null {
  try {
    const statement = parseStatement(entry);
    return statement.kind === 'legal-hold' ? statement : null;
  } catch (error) {
    if (PhalanxError.is(error, 'RECORD_LEAF')) return null;
    throw error;
  }
}

function parseHolds(bytes: Uint8Array): Hold[] {
  try {
    return z.array(Hold).parse(JSON.parse(fromUtf8(bytes)));
  } catch (cause) {
    throw new PhalanxError<RecordErrorCode>('RECORD_CORRUPT', 'the list of legal holds cannot be read', {
      cause,
      advice: 'Restore `holds.json`; until then nothing is erased.',
    });
  }
}

function nameOf(account: bigint): string {
  return account.toString(16).padStart(16, '0');
}
