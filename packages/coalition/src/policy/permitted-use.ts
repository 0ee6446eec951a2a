import { parseTimestamp } from '../stix/timestamp.js';
import { askPolicies, type PolicyAnswer, type PolicySet } from './cedar-policies.js';
import type { Person } from './person.js';

/** What is asked for of something that came in. */
export interface UseRequest {
  readonly person: Pick<Person, 'id' | 'roles'>;
  /** What the person says it is for. */
  readonly purpose: string;
  /** Id of the object. */
  readonly objectId: string;
  /** Purpose and end by its sharing policy: `retain_until`, a day of UTC, until whose beginning it may be used. */
  readonly markedPurpose: string;
  readonly retainUntil: string;
  readonly retracted: boolean;
}

/** Whether somebody may look at what others told, by `policies/use.cedar`: never for prices or sales, never beyond its time. */
export function decideUse(request: UseRequest, policies: PolicySet, nowMs: number): PolicyAnswer {
  const { person, purpose, objectId, markedPurpose, retainUntil, retracted } = request;
  const end = parseTimestamp(`${retainUntil}T00:00:00Z`);
  return askPolicies(policies, {
    action: 'use',
    principal: { type: 'Person', id: person.id, attributes: { roles: person.roles } },
    resource: {
      type: 'Received',
      id: objectId,
      attributes: { purpose: markedPurpose, retainUntil: end === null ? 0 : Number(end / 1000n), retracted },
    },
    context: { now: nowMs, purpose },
  });
}
