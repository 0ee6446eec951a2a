import { createHash } from 'node:crypto';
import { DAY_MS, type Json } from '@phalanx/core';
import { SHARING_POLICY } from '../stix/extensions/sharing-policy.js';
import { findTlpLevel, TLP_LEVELS } from '../stix/marking/tlp.js';
import { asRecord, asTexts, type StixObject } from '../stix/stix-object.js';
import { parseTimestamp } from '../stix/timestamp.js';
import type { Alarm } from './alarms/alarm.js';
import { scanObjects } from './alarms/scan.js';
import { checkAllowed, isConstant } from './allow-list/check-allowed.js';
import type { PolicyRevocation, ReleaseApproval, StandingApproval } from './approval.js';
import { askPolicies, type PolicySet, type PolicyValue } from './cedar-policies.js';
import { chooseApprovals } from './chosen-approvals.js';
import type { LegalBasis } from './legal-basis.js';
import type { Person } from './person.js';
import { checkPrecision, type ReportedBlocks } from './precision.js';
import { categoryOf, type ReleaseCategory } from './release-category.js';
import { encodeEnvelope, RELEASE_LIMITS, RELEASE_PURPOSE, type ReleaseDraft } from './release-draft.js';
import {
  RELEASE_REASONS,
  type ReleaseReason,
  type ReleaseReasonCode,
  reasonOfAlarm,
} from './release-reason.js';
import { digestDocument, listSigners, type SignedDocument } from './signed-document.js';

/** Everything that a decision rests on besides the draft. What is absent is a reason not to let anything go. */
export interface ReleaseContext {
  readonly policies: PolicySet;
  readonly nowMs: number;
  readonly people: readonly Person[];
  readonly legalBasis: SignedDocument<LegalBasis> | null;
  readonly approvals: readonly SignedDocument<ReleaseApproval | StandingApproval>[];
  readonly revocations: readonly SignedDocument<PolicyRevocation>[];
  /** Releases of today under a standing approval, by its digest. */
  readonly standingUses: ReadonlyMap<string, number>;
  /** The lab's own customers: `makeCustomerAlarm`. A lab without any hashes an empty list. */
  readonly customerAlarm: Alarm;
  readonly reportedBlocks: ReportedBlocks;
  /** How many labs, this one among them, reported what is told here, by private matching. */
  readonly labs: number;
}

export interface Decision {
  readonly verdict: 'released' | 'held' | 'refused';
  /** Sorted by object and code; empty for what is released. */
  readonly reasons: readonly ReleaseReason[];
  readonly categories: readonly ReleaseCategory[];
  /** The bytes that would leave; null where there are too many. */
  readonly envelope: Uint8Array | null;
  readonly envelopeSha256: string | null;
  readonly policySha256: string;
  /** Null where there is none that counsel signed. */
  readonly legalBasisSha256: string | null;
  /** Digests of the approvals that count. */
  readonly approvals: readonly string[];
  /** Standing approvals of which one more use is needed, with how many a day they allow. */
  readonly standing: readonly { readonly sha256: string; readonly maxPerDay: number }[];
  /** The latest end by the draft's own markings; 0 where it has none. */
  readonly retainUntilMs: number;
  /** Policies of Cedar that decided. */
  readonly decidedBy: readonly string[];
}

/**
 * Whether a draft may leave: allow-list, precision, detectors, then Cedar over the facts with legal basis and approvals. Fail closed. The
 * draft is judged as it is: minimise and sign it before. Nothing is written anywhere and nothing is sent.
 */
export function decideRelease(draft: ReleaseDraft, context: ReleaseContext): Decision {
  const { policies, nowMs, people } = context;
  const reasons: ReleaseReason[] = [];
  let envelope: Uint8Array | null = null;
  try {
    envelope = encodeEnvelope(draft.objects);
  } catch {
    reasons.push(whole('too-many', 'more than one release may hold'));
  }
  const objects = draft.objects.slice(0, RELEASE_LIMITS.objects);
  if (draft.recipients.length > RELEASE_LIMITS.recipients) reasons.push(whole('too-many', 'recipients'));
  for (const [i, object] of objects.entries())
    reasons.push(
      ...checkAllowed(object, i, draft.author),
      ...checkPrecision(object, i, context.reportedBlocks),
    );
  const markings = readMarkings(objects, policies.digest, reasons);
  for (const { kind, object, path, found } of scanObjects(objects, context.customerAlarm))
    reasons.push({
      code: reasonOfAlarm(kind),
      object: object < 0 ? null : object,
      place: path,
      detail: found,
    });

  const envelopeSha256 = envelope === null ? null : createHash('sha256').update(envelope).digest('hex');
  const categories = [...new Set(objects.map(categoryOf))].filter((one) => one !== null).sort();
  const revoked = new Set(
    context.revocations
      .filter((one) => one.document.atMs <= nowMs && listSigners(one, people, 'counsel').length > 0)
      .map(({ document }) => document.documentSha256),
  );
  const chosen = chooseApprovals({
    ...context,
    revoked,
    envelopeSha256,
    categories,
    recipients: draft.recipients,
    mostClosedTlp: markings.closed,
  });
  const basisSigners = context.legalBasis === null ? [] : listSigners(context.legalBasis, people, 'counsel');
  const legalBasisSha256 = context.legalBasis === null ? null : digestDocument(context.legalBasis);
  const held = codesOf(reasons, 'held').concat(
    codesOf(reasons, 'refused').filter((code) => code === 'alarm-secret'),
  );
  const cleared = held.filter((code) => chosen.clears.has(code));
  const answer = askPolicies(policies, {
    action: 'release',
    principal: { type: 'Lab', id: draft.author, attributes: {} },
    resource: {
      type: 'Release',
      id: envelopeSha256 ?? 'none',
      attributes: {
        purpose: RELEASE_PURPOSE,
        categories,
        recipients: [...draft.recipients],
        objects: objects.length,
        refused: codesOf(reasons, 'refused').length,
        held,
        cleared,
        mostOpenTlp: markings.open,
        mostClosedTlp: markings.closed,
        ...agesOf(objects, nowMs),
        retainDays: Math.ceil((markings.retainUntilMs - nowMs) / DAY_MS),
        minLabs: markings.minLabs,
        labs: context.labs,
      },
    },
    context: {
      now: nowMs,
      ...(context.legalBasis === null
        ? {}
        : {
            legalBasis: describeBasis(
              context.legalBasis.document,
              basisSigners.length > 0,
              revoked.has(legalBasisSha256!),
            ),
          }),
      ...(chosen.releaser === null ? {} : { releaser: chosen.releaser }),
      counsels: [...chosen.counsels],
      counselReadIt: chosen.counselReadIt,
    },
  });
  for (const error of answer.errors) reasons.push(whole('policy-error', error));
  if (chosen.usedUp) reasons.push(whole('standing-approval-used-up', 'no release left under it today'));
  if (!answer.allowed) reasons.push(...explain(answer.decidedBy, reasons.length));
  // What counsel cleared is no reason any more; everything else is.
  const left = reasons.filter(({ code }) => !cleared.includes(code));
  const isRefused = left.some(({ code }) => RELEASE_REASONS[code] === 'refused');
  return {
    verdict: answer.allowed && left.length === 0 ? 'released' : isRefused ? 'refused' : 'held',
    reasons: left.sort((a, b) => (a.object ?? -1) - (b.object ?? -1) || (a.code < b.code ? -1 : 1)),
    categories,
    envelope,
    envelopeSha256,
    policySha256: policies.digest,
    legalBasisSha256: basisSigners.length > 0 ? legalBasisSha256 : null,
    approvals: chosen.digests,
    standing: chosen.standing,
    retainUntilMs: markings.retainUntilMs,
    decidedBy: answer.decidedBy,
  };
}

function describeBasis(basis: LegalBasis, signed: boolean, revoked: boolean): PolicyValue {
  return {
    signed,
    revoked,
    notBefore: basis.notBeforeMs,
    notAfter: basis.notAfterMs,
    reviewBy: basis.reviewByMs,
    categories: basis.categories,
    recipients: basis.recipients,
  };
}

/** Policies whose ids are reasons say them; the never-list repeats what is said already, and a lab's own say that they deny. */
function explain(decidedBy: readonly string[], already: number): ReleaseReason[] {
  const reasons = decidedBy
    .filter((id) => !id.startsWith('never-'))
    .map((id) => whole(Object.hasOwn(RELEASE_REASONS, id) ? (id as ReleaseReasonCode) : 'policy-denies', id));
  return reasons.length === 0 && already === 0 ? [whole('policy-denies', 'nothing permits it')] : reasons;
}

interface ReadMarkings {
  readonly open: number;
  readonly closed: number;
  readonly retainUntilMs: number;
  readonly minLabs: number;
}

/** Levels, end and threshold of the whole draft: the most open and most closed level, the latest end, the highest threshold. */
function readMarkings(
  objects: readonly StixObject[],
  policyDigest: string,
  reasons: ReleaseReason[],
): ReadMarkings {
  const own = new Map<string, { readonly until: number; readonly minLabs: number }>();
  for (const [i, object] of objects.entries()) {
    const policy = asRecord(asRecord(object.extensions)?.[SHARING_POLICY.id]);
    if (object.type !== 'marking-definition' || policy === null) continue;
    const end = parseTimestamp(`${String(policy.retain_until)}T00:00:00Z`);
    if (policy.policy_digest !== policyDigest)
      reasons.push({
        code: 'policy-differs',
        object: i,
        place: '/extensions',
        detail: 'marked under other policies',
      });
    if (end !== null)
      own.set(object.id, { until: Number(end / 1000n), minLabs: Number(policy.min_labs ?? 1) });
  }
  const levels: number[] = [];
  for (const [i, object] of objects.entries()) {
    if (isConstant(object) || object.type === 'marking-definition') continue;
    const refs = asTexts(object.object_marking_refs);
    const found = refs.map(findTlpLevel).filter((level) => level !== null);
    if (found.length === 0)
      reasons.push({
        code: 'marking-missing',
        object: i,
        place: '/object_marking_refs',
        detail: 'no level of TLP',
      });
    levels.push(...found.map((level) => TLP_LEVELS.indexOf(level)));
    if (!refs.some((ref) => own.has(ref)))
      reasons.push({
        code: 'retention-missing',
        object: i,
        place: '/object_marking_refs',
        detail: 'no sharing policy of this draft',
      });
  }
  const policies = [...own.values()];
  return {
    open: Math.min(...levels, 4),
    closed: Math.max(...levels, 0),
    // None: long ago, which no policy admits.
    retainUntilMs: policies.length === 0 ? 0 : Math.max(...policies.map(({ until }) => until)),
    minLabs: Math.max(1, ...policies.map(({ minLabs }) => minLabs)),
  };
}

/** How long ago the object was that speaks of the longest ago, and how far ahead the furthest is; each by the latest time in it. */
function agesOf(objects: readonly StixObject[], nowMs: number): { ageDays: number; aheadDays: number } {
  const latest = objects.flatMap((object) => {
    if (isConstant(object) || object.type === 'marking-definition') return [];
    const seen = [object.last_seen, object.first_seen, toTime(object.last_day), toTime(object.first_day)];
    // What was seen counts; an object that says nothing of it is as old as its making.
    for (const times of [seen, [object.created, object.modified]]) {
      const read = times.map((time) => parseTimestamp(String(time))).filter((at) => at !== null);
      if (read.length > 0) return [Math.max(...read.map((at) => Number(at / 1000n)))];
    }
    return [];
  });
  const days = latest.map((atMs) => Math.floor((nowMs - atMs) / DAY_MS));
  return { ageDays: Math.max(0, ...days), aheadDays: Math.max(0, ...days.map((day) => -day)) };
}

function toTime(day: Json | undefined): string {
  return `${String(day)}T00:00:00Z`;
}

function codesOf(reasons: readonly ReleaseReason[], severity: 'held' | 'refused'): ReleaseReasonCode[] {
  return [...new Set(reasons.map(({ code }) => code))]
    .filter((code) => RELEASE_REASONS[code] === severity)
    .sort();
}

function whole(code: ReleaseReasonCode, detail: string): ReleaseReason {
  return { code, object: null, place: '', detail };
}
