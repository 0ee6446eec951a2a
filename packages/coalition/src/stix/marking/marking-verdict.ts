import { SHARING_POLICY } from '../extensions/sharing-policy.js';
import { asRecord, type StixObject } from '../stix-object.js';
import { parseTimestamp } from '../timestamp.js';
import { readIepPolicy } from './iep.js';
import { findTlpLevel, isCleared, readTlpExtension, type TlpLevel } from './tlp.js';

/** Who is about to receive an object, and how. */
export interface Recipient {
  /** The highest level of TLP that they may read. */
  readonly clearance: TlpLevel;
  /** `identity--` id: what they made themselves they see whole. */
  readonly identity: string;
  /** Whether nobody can read it on the way. */
  readonly encrypted: boolean;
  readonly atMs: number;
}

/** What one marking means for one recipient. */
export interface MarkingVerdict {
  readonly readable: boolean;
  /** The recipient may have it and must not learn from whom (IEP `provider_attribution: must-not`). */
  readonly anonymous: boolean;
}

const HIDDEN: MarkingVerdict = { readable: false, anonymous: false };

/**
 * Whether a recipient may read what carries a marking. Everything fails closed: a marking that is not known, that is of a
 * kind we do not know, that says several things of which one forbids, or whose policy is not in force.
 *
 * - TLP by the published ids, of 2.0 and 1.0; by the extension where somebody made a marking of their own;
 * - IEP 2.0: its TLP, its dates, `encrypt_in_transit`;
 * - the sharing policy of the coalition: `retain_until`;
 * - a statement (section 7.2.1.3) binds readers and hides nothing.
 */
export function judgeMarking(
  markingId: string,
  markings: ReadonlyMap<string, StixObject>,
  recipient: Recipient,
): MarkingVerdict {
  const level = findTlpLevel(markingId);
  if (level !== null) return { readable: isCleared(recipient.clearance, level), anonymous: false };
  const marking = markings.get(markingId);
  return marking === undefined ? HIDDEN : judgeDefinition(marking, recipient);
}

function judgeDefinition(marking: StixObject, recipient: Recipient): MarkingVerdict {
  const extensions = asRecord(marking.extensions) ?? {};
  if (Object.keys(extensions).length === 0) {
    return marking.definition_type === 'statement' ? { readable: true, anonymous: false } : HIDDEN;
  }
  const tlp = readTlpExtension(marking);
  if (tlp === 'unknown' || (tlp !== null && !isCleared(recipient.clearance, tlp))) return HIDDEN;
  let iep: ReturnType<typeof readIepPolicy>;
  try {
    iep = readIepPolicy(marking);
  } catch {
    return HIDDEN;
  }
  if (iep !== null) {
    const inForce = iep.startMs <= recipient.atMs && (iep.endMs === null || recipient.atMs < iep.endMs);
    const safe = iep.encryptInTransit === 'may' || recipient.encrypted;
    if (!inForce || !safe || !isCleared(recipient.clearance, iep.tlp)) return HIDDEN;
  }
  const policy = asRecord(extensions[SHARING_POLICY.id]);
  if (policy !== null && !isRetained(policy.retain_until, recipient.atMs)) return HIDDEN;
  if (tlp === null && iep === null && policy === null) return HIDDEN;
  return { readable: true, anonymous: iep?.providerAttribution === 'must-not' };
}

/** Until the end of the day named. */
function isRetained(day: unknown, atMs: number): boolean {
  const us = typeof day === 'string' ? parseTimestamp(`${day}T00:00:00Z`) : null;
  return us !== null && atMs < Number(us / 1000n) + 86_400_000;
}
