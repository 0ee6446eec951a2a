import { createHash, randomBytes } from 'node:crypto';
import { SHARING_POLICY } from '../stix/extensions/sharing-policy.js';
import { encodeForSignature } from '../stix/object-digest.js';
import { asRecord, asTexts, type StixObject } from '../stix/stix-object.js';
import { parseTimestamp } from '../stix/timestamp.js';
import { isConstant } from './allow-list/check-allowed.js';

/** Until when something that came in may be kept, and for what. */
export interface ReceivedTerm {
  readonly objectId: string;
  /** Salted: what the log says when it is erased. Its salt is kept by nobody. */
  readonly digest: string;
  readonly purpose: string;
  readonly retainUntilMs: number;
}

export interface EndedObject {
  readonly objectId: string;
  readonly digest: string;
}

/** Whatever holds what others told. */
export interface IndicatorHolder {
  /** Objects whose time is over, at most `limit`. */
  listEnded(nowMs: number, limit: number): Promise<readonly EndedObject[]>;
  /** Deletes them and all that was learnt of them; resolves when that survives a loss of power. */
  erase(objectIds: readonly string[]): Promise<void>;
}

/** A statement of kind `indicator-erasure`. */
export interface ErasureStatement {
  readonly kind: 'indicator-erasure';
  readonly version: 1;
  readonly atMs: number;
  readonly by: string;
  readonly reason: 'retention' | 'retraction';
  readonly objects: readonly string[];
  readonly keysDestroyed: number;
}

/** As many as one statement names. */
const BATCH = 500;

/**
 * The terms of objects that came in together with their markings: the earliest end of the sharing policies that an object names. An object
 * that names none, or one that did not come, has none and may not be kept: it is not in the answer.
 */
export function readTerms(objects: readonly StixObject[]): ReceivedTerm[] {
  const policies = new Map(
    objects.flatMap((object) => {
      const policy = asRecord(asRecord(object.extensions)?.[SHARING_POLICY.id]);
      const end = policy === null ? null : parseTimestamp(`${String(policy.retain_until)}T00:00:00Z`);
      return end === null
        ? []
        : [[object.id, { purpose: String(policy!.purpose), untilMs: Number(end / 1000n) }] as const];
    }),
  );
  return objects.flatMap((object) => {
    if (isConstant(object) || object.type === 'marking-definition') return [];
    const named = asTexts(object.object_marking_refs).flatMap((id) => policies.get(id) ?? []);
    if (named.length === 0) return [];
    const earliest = named.reduce((a, b) => (a.untilMs <= b.untilMs ? a : b));
    const digest = createHash('sha256')
      .update(randomBytes(16))
      .update(encodeForSignature(object))
      .digest('hex');
    return [{ objectId: object.id, digest, purpose: earliest.purpose, retainUntilMs: earliest.untilMs }];
  });
}

/**
 * Erases what is over and says so in the log, in batches. Erased first: a log that says erased of what is still there would lie, and a
 * log that failed is told by the error. Returns how many objects there were.
 *
 * @throws whatever the holder and `record` throw
 */
export async function eraseEnded(
  holder: IndicatorHolder,
  record: (statement: ErasureStatement) => Promise<void>,
  { nowMs, by }: { readonly nowMs: number; readonly by: string },
): Promise<number> {
  let erased = 0;
  for (;;) {
    const ended = await holder.listEnded(nowMs, BATCH);
    if (ended.length === 0) return erased;
    await holder.erase(ended.map(({ objectId }) => objectId));
    const objects = ended.map(({ digest }) => digest).sort();
    await record({
      kind: 'indicator-erasure',
      version: 1,
      atMs: nowMs,
      by,
      reason: 'retention',
      objects,
      keysDestroyed: 0,
    });
    erased += ended.length;
  }
}
