import { ALARM_KINDS, type AlarmKind } from './alarms/alarm.js';

/**
 * Why something does not leave, or must be looked at first. Closed: receipts carry these codes and a regulator counts them.
 * `held`: a person may let it go, by a signature over exactly these bytes that names the code. `refused`: nobody may; the draft must change.
 */
export const RELEASE_REASONS = {
  'object-invalid': 'refused',
  'type-unlisted': 'refused',
  'property-unlisted': 'refused',
  'extension-unlisted': 'refused',
  'value-unlisted': 'refused',
  'reference-unlisted': 'refused',
  'pattern-unlisted': 'refused',
  'mitigation-unlisted': 'refused',
  'author-differs': 'refused',
  'too-many': 'refused',
  'time-too-fine': 'refused',
  'figure-too-fine': 'refused',
  'count-too-small': 'refused',
  'address-too-narrow': 'refused',
  'marking-missing': 'refused',
  'retention-missing': 'refused',
  'policy-differs': 'refused',
  'free-text': 'held',
  attribution: 'held',
  'alarm-secret': 'refused',
  'alarm-personal-data': 'held',
  'alarm-money': 'held',
  'alarm-volume': 'held',
  'alarm-roadmap': 'held',
  'alarm-whom-to-serve': 'held',
  'alarm-customer-name': 'held',
  'alarm-hidden-text': 'held',
  'legal-basis-missing': 'refused',
  'legal-basis-signature': 'refused',
  'legal-basis-not-yet-valid': 'refused',
  'legal-basis-expired': 'refused',
  'legal-basis-review-due': 'refused',
  'legal-basis-revoked': 'refused',
  'legal-basis-category': 'refused',
  'legal-basis-recipient': 'refused',
  'releaser-missing': 'held',
  'counsel-missing': 'held',
  'same-person': 'held',
  'attribution-unread': 'held',
  'purpose-differs': 'refused',
  'nothing-to-release': 'refused',
  'tlp-not-allowed': 'refused',
  'age-out-of-range': 'refused',
  'retention-too-long': 'refused',
  'too-few-labs': 'refused',
  'policy-denies': 'refused',
  'policy-error': 'refused',
  'standing-approval-used-up': 'held',
} as const satisfies Readonly<Record<string, 'held' | 'refused'>>;
export type ReleaseReasonCode = keyof typeof RELEASE_REASONS;

/** The reason that an alarm gives. */
export function reasonOfAlarm(kind: AlarmKind): ReleaseReasonCode {
  return `alarm-${kind}`;
}

/** What counsel may clear in an approval, once a person has looked: everything that is held for what it says. */
export const CLEARABLE = [
  'free-text',
  'attribution',
  ...ALARM_KINDS.filter((kind) => RELEASE_REASONS[`alarm-${kind}`] === 'held').map(
    (kind) => `alarm-${kind}` as const,
  ),
] as const;

/** One reason, where it stands, and what was found: for the lab's own eyes. Receipts carry the code alone. */
export interface ReleaseReason {
  readonly code: ReleaseReasonCode;
  /** Index in the draft; null for what concerns the whole. */
  readonly object: number | null;
  readonly place: string;
  readonly detail: string;
}
