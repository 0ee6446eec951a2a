import { refuse } from '../coalition-error.js';
import { changeState } from './quarantine-state.js';
import type { HeldIndicator, TrustStore } from './trust-store.js';

/** What a person may say of an indicator. `reopen`: look at it again, though it was refused or has expired. */
export type HeldChoice = 'enforce' | 'ignore' | 'reopen';

/**
 * Records what a person of the lab decides. To enforce is possible only in the state `enforceable`, and the record names the own findings that it
 * rests on. A new version of the indicator, a dispute, a retraction or a condition that no longer holds takes the decision away.
 *
 * @returns the indicator as it stands now
 * @throws PhalanxError `COALITION_TRUST` for an indicator that is not here, or does not stand where the choice is possible
 */
export async function decideHeld(
  store: TrustStore,
  id: string,
  choice: HeldChoice,
  by: string,
  atMs: number,
): Promise<HeldIndicator> {
  const held = await store.findHeld(id);
  if (held === null)
    return refuse('COALITION_TRUST', `${id} is not in quarantine`, 'see `coalition quarantine list`');
  if (by.trim() === '' || by.length > 200)
    refuse('COALITION_TRUST', 'a decision has a person', 'say who decides');
  if (choice === 'reopen') {
    const moved = changeState(id, held.state, 'quarantined', 'decided', atMs, by);
    const reopened: HeldIndicator = {
      ...held,
      state: 'quarantined',
      reason: 'decided',
      report: null,
      decision: null,
    };
    await store.apply({ held: [reopened], transitions: moved === null ? [] : [moved] });
    return reopened;
  }
  if (choice === 'enforce' && held.state !== 'enforceable')
    refuse(
      'COALITION_TRUST',
      `${id} is ${held.state}: nothing of it may be enforced`,
      'see `coalition quarantine show`',
    );
  const passing = held.report?.traces.filter(({ failed }) => failed.length === 0) ?? [];
  const findings = [...new Set(passing.flatMap(({ hits }) => hits?.findings ?? []))].sort();
  const decided: HeldIndicator = { ...held, decision: { choice, by, atMs, findings } };
  await store.apply({
    held: [decided],
    transitions: [{ indicatorId: id, atMs, from: held.state, to: held.state, reason: 'decided', by }],
  });
  return decided;
}
