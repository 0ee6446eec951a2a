import { type Decision, decideRelease, type ReleaseContext } from './decide-release.js';
import type { ReleaseDraft } from './release-draft.js';
import type { ReleaseReason } from './release-reason.js';
import { makeReleaseReceipt, type ReceiptOpening, type ReleaseStatement } from './release-receipt.js';

/** A decision as it is kept: what was logged, what opens it, and what was decided upon. */
export interface KeptRelease {
  readonly statement: ReleaseStatement;
  /** Null once its time is over, as the envelope. */
  readonly opening: ReceiptOpening | null;
  /** Null also where it was too large. */
  readonly envelope: Uint8Array | null;
  readonly reasons: readonly ReleaseReason[];
  /** Until then bytes and salts are kept. */
  readonly retainUntilMs: number;
}

/** What keeps decisions and counts. */
export interface ReleaseStore {
  /** Uses of that UTC day by digest of the standing approval. */
  countUses(day: string): Promise<ReadonlyMap<string, number>>;
  /**
   * One more use of each on that day, all or none, in one transaction: false when one of them has no use left. Two releases at once never
   * pass the limit together.
   */
  takeUses(
    day: string,
    standing: readonly { readonly sha256: string; readonly maxPerDay: number }[],
  ): Promise<boolean>;
  /**
   * Draws the next number and keeps what `make` makes of it, in one transaction, as not yet logged. Numbers are 0, 1, 2, ... without a gap,
   * whatever fails.
   */
  keep(make: (sequence: number) => KeptRelease): Promise<KeptRelease>;
  markLogged(releaseId: string): Promise<void>;
  /** In order of their numbers. */
  listUnlogged(): Promise<readonly KeptRelease[]>;
  /** Null when there is none of that id. */
  find(releaseId: string): Promise<KeptRelease | null>;
}

/** Where a release is written down before anything leaves. */
export interface ReleaseOffice {
  readonly store: ReleaseStore;
  /** Resolves when the statement survives a loss of power; what rejects keeps everything at home. */
  readonly record: (statement: ReleaseStatement) => Promise<void>;
  /** Name under which the lab logs. */
  readonly by: string;
}

/** What came of a draft. */
export interface ReleaseOutcome {
  readonly decision: Decision;
  readonly releaseId: string;
  readonly sequence: number;
  /** The exact bytes to send to the recipients, and to nobody else; null unless released. */
  readonly envelope: Uint8Array | null;
}

/**
 * Decides, writes the receipt, and only then hands out the bytes. Also what is held or refused gets a receipt. A receipt that an
 * earlier run kept but could not log is logged first: the numbers of a lab's receipts have no gap.
 *
 * @throws whatever `record` and the store throw; nothing has left then
 */
export async function releaseIndicators(
  given: ReleaseDraft,
  context: Omit<ReleaseContext, 'standingUses'>,
  office: ReleaseOffice,
): Promise<ReleaseOutcome> {
  const { store, record, by } = office;
  // Who holds the draft may change it while this waits for the store.
  const draft = structuredClone(given);
  const day = new Date(context.nowMs).toISOString().slice(0, 10);
  for (const { statement } of await store.listUnlogged()) {
    await record(statement);
    await store.markLogged(statement.releaseId);
  }
  let decision = decideRelease(draft, { ...context, standingUses: await store.countUses(day) });
  // Somebody else may have taken the last use meanwhile: the second look then sees it used up.
  if (decision.verdict === 'released' && !(await store.takeUses(day, decision.standing)))
    decision = holdForUses(decision);
  const kept = await store.keep((sequence) => {
    const { statement, opening } = makeReleaseReceipt(draft, decision, { atMs: context.nowMs, by, sequence });
    const { envelope, reasons, retainUntilMs } = decision;
    return { statement, opening, envelope, reasons, retainUntilMs: retainUntilMs || context.nowMs };
  });
  await record(kept.statement);
  await store.markLogged(kept.statement.releaseId);
  return {
    decision,
    releaseId: kept.statement.releaseId,
    sequence: kept.statement.sequence,
    // What was judged, and not what the draft may have become.
    envelope: decision.verdict === 'released' ? decision.envelope : null,
  };
}

function holdForUses(decision: Decision): Decision {
  const detail = 'no release left under it today';
  return {
    ...decision,
    verdict: 'held',
    reasons: [{ code: 'standing-approval-used-up', object: null, place: '', detail }],
  };
}
