import { refuse } from '../coalition-error.js';
import type { TrustReason } from './trust-reason.js';

/**
 * Where an indicator of others stands.
 *
 * - `quarantined`: not yet replayed, or waiting to be.
 * - `replayed`: looked for here; at least one condition does not hold.
 * - `disputed`: somebody credible says that it is wrong.
 * - `retracted`: its maker has revoked it.
 * - `expired`: its time is over.
 * - `refused`: shown to be wrong here, or its maker to be.
 * - `enforceable`: every condition holds. Nothing acts on it: the lab may decide to.
 */
export const QUARANTINE_STATES = [
  'quarantined',
  'replayed',
  'disputed',
  'retracted',
  'expired',
  'refused',
  'enforceable',
] as const;
export type QuarantineState = (typeof QUARANTINE_STATES)[number];

/** To `enforceable` there is one way, by a replay. What is retracted stays so; what was refused or has expired comes back by a new version or by a person. */
const NEXT: Readonly<Record<QuarantineState, readonly QuarantineState[]>> = {
  quarantined: ['replayed', 'disputed', 'retracted', 'expired', 'refused', 'enforceable'],
  replayed: ['quarantined', 'disputed', 'retracted', 'expired', 'refused', 'enforceable'],
  disputed: ['quarantined', 'replayed', 'retracted', 'expired', 'refused', 'enforceable'],
  enforceable: ['quarantined', 'replayed', 'disputed', 'retracted', 'expired', 'refused'],
  refused: ['quarantined', 'retracted', 'expired'],
  expired: ['quarantined', 'retracted'],
  retracted: [],
};

/** One change of state, as it is recorded. */
export interface Transition {
  readonly indicatorId: string;
  readonly atMs: number;
  readonly from: QuarantineState | null;
  readonly to: QuarantineState;
  readonly reason: TrustReason;
  /** Who decided; null when a rule did. */
  readonly by: string | null;
}

export function mayMove(from: QuarantineState, to: QuarantineState): boolean {
  return NEXT[from].includes(to);
}

/**
 * The change of a state, to be recorded; null when nothing changes.
 *
 * @throws PhalanxError `COALITION_TRUST` for a way that there is not
 */
export function changeState(
  indicatorId: string,
  from: QuarantineState,
  to: QuarantineState,
  reason: TrustReason,
  atMs: number,
  by: string | null = null,
): Transition | null {
  if (from === to) return null;
  if (!mayMove(from, to))
    refuse(
      'COALITION_TRUST',
      `an indicator that is ${from} does not become ${to}`,
      'see `coalition quarantine show`',
    );
  return { indicatorId, atMs, from, to, reason, by };
}
