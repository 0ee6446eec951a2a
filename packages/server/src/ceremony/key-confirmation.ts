import type { CoalitionErrorCode } from '@phalanx/coalition';
import {
  checkKeyGroup,
  decodeMessage,
  type KeyGroup,
  keyGroupSchema,
  keyIdOf,
  MAX_KEY_TEXT,
} from '@phalanx/coalition/matching';
import { PhalanxError, toHex } from '@phalanx/core';
import { type KeyEnvelope, verifyEnvelope } from './key-envelope.js';
import type { KeyRoster } from './key-roster.js';

/** A key that enough servers say they hold shares of. */
export interface ConfirmedKey {
  readonly group: KeyGroup;
  /** Numbers of the servers that said so, ascending: ask these. */
  readonly holders: readonly number[];
}

/**
 * Reads `ready` envelopes, which may come through a hub that lies: counted are those that servers of the roster have signed for this
 * epoch, one each.
 *
 * @returns null when fewer than the roster's threshold name the same key
 * @throws PhalanxError `COALITION_MATCHING` when the group that they name is none
 */
export function confirmKey(
  roster: KeyRoster,
  epoch: number,
  envelopes: readonly KeyEnvelope[],
): ConfirmedKey | null {
  const byKey = new Map<string, { group: KeyGroup; holders: Set<number> }>();
  for (const envelope of envelopes) {
    if (envelope.step !== 'ready' || envelope.epoch !== epoch || !verifyEnvelope(roster, envelope)) continue;
    const group = readGroup(envelope);
    if (group === null || group.epoch !== epoch || !group.members.includes(envelope.from)) continue;
    // Envelopes of two attempts with one key do not come about; of one sender only one key may count.
    const name = `${envelope.attempt} ${toHex(keyIdOf(group))}`;
    const known = byKey.get(name) ?? { group, holders: new Set() };
    byKey.set(name, known);
    known.holders.add(envelope.from);
  }
  const confirmed = [...byKey.values()].filter(({ holders }) => holders.size >= roster.threshold);
  if (confirmed.length > 1)
    throw new PhalanxError<CoalitionErrorCode>(
      'COALITION_PROOF',
      'key servers have signed two keys for one epoch',
      {
        advice: 'Compare what you have with the others: more than half of them have said two things.',
      },
    );
  const [only] = confirmed;
  if (only === undefined) return null;
  const { group, holders } = only;
  if (group.threshold !== roster.threshold || group.members.length > roster.servers.length)
    throw new PhalanxError<CoalitionErrorCode>('COALITION_MATCHING', 'the key is not of this roster', {
      advice: 'Get the roster that all parties agreed on.',
    });
  checkKeyGroup(group);
  return { group, holders: [...holders].sort((a, b) => a - b) };
}

function readGroup({ body }: KeyEnvelope): KeyGroup | null {
  try {
    return decodeMessage(keyGroupSchema, body, MAX_KEY_TEXT);
  } catch {
    return null;
  }
}
