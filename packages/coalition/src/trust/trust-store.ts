import type { StixObject } from '../stix/stix-object.js';
import type { Absence, Claim, StatedOpinion } from './claim.js';
import type { OverrideBody } from './counsel-override.js';
import type { Outcome } from './lab-precision.js';
import type { IndicatorReport } from './quarantine-report.js';
import type { QuarantineState, Transition } from './quarantine-state.js';
import type { TrustReason } from './trust-reason.js';

/** An indicator of others, as a lab holds it: its last version and where it stands. */
export interface HeldIndicator {
  readonly id: string;
  readonly member: string;
  readonly object: StixObject;
  readonly state: QuarantineState;
  readonly reason: TrustReason;
  /** When its first version came in. */
  readonly takenAtMs: number;
  /** When somebody last said to have seen it. */
  readonly seenAtMs: number;
  /** Of the last replay; null before. */
  readonly report: IndicatorReport | null;
  /** What a person has decided; null: nothing. */
  readonly decision: TrustDecision | null;
}

/** What one person of the lab decided, on the lab's own evidence. */
export interface TrustDecision {
  readonly choice: 'enforce' | 'ignore';
  readonly by: string;
  readonly atMs: number;
  /** Own findings that it rests on. */
  readonly findings: readonly string[];
}

/** Everything that changes at once when something came in or was looked at. */
export interface TrustChange {
  readonly held?: readonly HeldIndicator[];
  readonly transitions?: readonly Transition[];
  /** Replace all claims of a member by the same object. Another's claims under the same id stay: ids are chosen by whoever sends. */
  readonly claims?: readonly {
    readonly objectId: string;
    readonly member: string;
    readonly claims: readonly Claim[];
  }[];
  readonly absences?: readonly Absence[];
  readonly opinions?: readonly StatedOpinion[];
  readonly outcomes?: readonly Outcome[];
  readonly barred?: readonly { readonly member: string; readonly traceKey: string; readonly atMs: number }[];
}

/** What trust in what comes in needs of whatever keeps it. One lab's own: nothing of it is shown to others. */
export interface TrustStore {
  findHeld(id: string): Promise<HeldIndicator | null>;
  /** Those in these states, oldest first; at most `limit`. */
  listHeld(states: readonly QuarantineState[], limit: number): Promise<readonly HeldIndicator[]>;
  listTransitions(indicatorId: string): Promise<readonly Transition[]>;
  /** Claims of objects that are in force. */
  listClaims(): Promise<readonly Claim[]>;
  listAbsences(): Promise<readonly Absence[]>;
  listOpinions(): Promise<readonly StatedOpinion[]>;
  listOutcomes(): Promise<readonly Outcome[]>;
  listBarred(): Promise<ReadonlySet<string>>;
  /** Keys of canaries, with the member who shows them. */
  listCanaries(): Promise<ReadonlyMap<string, string>>;
  addCanaries(shownBy: string, traceKeys: readonly string[]): Promise<void>;
  /** Indicators of a member that are neither retracted, expired nor refused. */
  countHeld(member: string): Promise<number>;
  listOverrides(atMs: number): Promise<readonly OverrideBody[]>;
  addOverride(override: OverrideBody): Promise<void>;
  /** All of it or nothing; survives a loss of power when it resolves. */
  apply(change: TrustChange): Promise<void>;
  /** Place in the hub's feed of retractions, 0 at first. */
  readFeedPlace(): Promise<number>;
  writeFeedPlace(seq: number): Promise<void>;
}
