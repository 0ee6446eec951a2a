import type { Json } from '@phalanx/core';
import { systemClock } from '@phalanx/core';
import type { StixObject } from '../../stix/stix-object.js';
import { parseTimestamp } from '../../stix/timestamp.js';
import { CLIENT_LIMITS } from './client-limits.js';
import {
  askServer,
  raiseFault,
  type TaxiiConnection,
  type TaxiiFault,
  waitByTimer,
} from './taxii-exchange.js';
import { type PostStatus, readStatus } from './taxii-resources.js';

/**
 * What became of an object that was sent.
 *
 * - `accepted`: the server says so.
 * - `present`: it was there already, as a look at the collection shows; some servers call that a failure.
 * - `refused`: the server says so, and it is not there.
 * - `unknown`: the server says nothing of it within its time, and it is not there.
 */
export interface PostedObject {
  readonly object: StixObject;
  readonly outcome: 'accepted' | 'present' | 'refused' | 'unknown';
  readonly message: string;
}

export interface PostTarget {
  readonly objects: URL;
  /** Of the API root; null where it is not known: then nothing can be pending. */
  readonly status: ((id: string) => URL) | null;
  readonly maxBytes: number;
  /** Which of these objects the collection has, in their versions. */
  findPresent(objects: readonly StixObject[]): Promise<ReadonlySet<StixObject>>;
}

/**
 * Sends objects in batches, and waits for those that are pending. A batch that a server refuses as a whole is halved until what it does
 * not take stands alone. The same again does no harm: an object has one id and version.
 *
 * @returns one for each object, in their order
 * @throws PhalanxError `COALITION_TAXII` when the server cannot be reached or refuses whatever is sent (401, 403, 404)
 */
export async function postObjects(
  connection: TaxiiConnection,
  target: PostTarget,
  objects: readonly StixObject[],
): Promise<readonly PostedObject[]> {
  const posted: PostedObject[] = [];
  for (const batch of cutBatches(objects, target.maxBytes)) {
    posted.push(...(await postBatch(connection, target, batch)));
  }
  const open = posted.filter(({ outcome }) => outcome === 'refused' || outcome === 'unknown');
  if (open.length === 0) return posted;
  const present = await target.findPresent(open.map(({ object }) => object));
  return posted.map((one) => (present.has(one.object) ? { ...one, outcome: 'present' as const } : one));
}

function cutBatches(objects: readonly StixObject[], maxBytes: number): StixObject[][] {
  const batches: StixObject[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const object of objects) {
    const size = Buffer.byteLength(JSON.stringify(object)) + 1;
    if (bytes + size > maxBytes || batches.at(-1)!.length >= CLIENT_LIMITS.batchObjects) {
      batches.push([]);
      bytes = '{"objects":[]}'.length;
    }
    batches.at(-1)!.push(object);
    bytes += size;
  }
  return batches;
}

async function postBatch(
  connection: TaxiiConnection,
  target: PostTarget,
  batch: readonly StixObject[],
): Promise<PostedObject[]> {
  const body = { objects: batch } as unknown as Json;
  const url = target.objects;
  const answer = await askServer(connection, { method: 'POST', url, body, repeatable: true });
  if (answer.fault === null) {
    const status = await awaitCompletion(connection, target, readStatus(answer.json));
    return batch.map((object) => judge(object, status));
  }
  if (!isOfContent(answer.fault)) raiseFault(answer.fault, url);
  if (batch.length === 1) return [{ object: batch[0]!, outcome: 'refused', message: answer.fault.message }];
  const middle = batch.length >> 1;
  const head = await postBatch(connection, target, batch.slice(0, middle));
  return [...head, ...(await postBatch(connection, target, batch.slice(middle)))];
}

/** Whether something in the batch, or its size, may be the reason. */
function isOfContent({ status, kind }: TaxiiFault): boolean {
  return kind === 'too-large' || status === 400 || status === 409 || status === 422 || status === 500;
}

async function awaitCompletion(
  connection: TaxiiConnection,
  target: PostTarget,
  first: PostStatus | null,
): Promise<PostStatus | null> {
  const { clock = systemClock, wait = waitByTimer, signal } = connection;
  const endMs = clock.nowMs() + CLIENT_LIMITS.pendingMs;
  let status = first;
  let waitMs: number = CLIENT_LIMITS.firstWaitMs;
  let waitedMs = 0;
  while (status !== null && !status.isComplete && target.status !== null) {
    // A clock that is set back must not make it endless.
    if (clock.nowMs() >= endMs || waitedMs >= CLIENT_LIMITS.pendingMs) return status;
    await wait(waitMs, signal);
    waitedMs += waitMs;
    waitMs = Math.min(2 * waitMs, CLIENT_LIMITS.longestWaitMs);
    const answer = await askServer(connection, {
      method: 'GET',
      url: target.status(status.id),
      repeatable: true,
    });
    // A server that forgets its statuses has told all that it will.
    if (answer.fault !== null) return status;
    status = readStatus(answer.json) ?? status;
  }
  return status;
}

function judge(object: StixObject, status: PostStatus | null): PostedObject {
  if (status === null) return { object, outcome: 'unknown', message: 'no status' };
  const failure = status.failures.find((detail) => isOf(detail, object));
  if (failure !== undefined) return { object, outcome: 'refused', message: failure.message };
  if (status.pendings.some((detail) => isOf(detail, object)))
    return { object, outcome: 'unknown', message: 'pending' };
  // Failures that are counted and not named may be any.
  const hasNamedAll =
    status.failureCount <= status.failures.length &&
    status.pendingCount <= status.pendings.length &&
    status.isComplete;
  return hasNamedAll
    ? { object, outcome: 'accepted', message: '' }
    : { object, outcome: 'unknown', message: 'not named in the status' };
}

function isOf(detail: { readonly id: string; readonly version: string | null }, object: StixObject): boolean {
  if (detail.id !== object.id) return false;
  const own = versionOf(object);
  return detail.version === null || own === null || isSameTime(detail.version, own);
}

/** `modified`, or `created`; null for what has neither. */
export function versionOf({ modified, created }: StixObject): string | null {
  return typeof modified === 'string' ? modified : typeof created === 'string' ? created : null;
}

/** Servers print times with other decimals than they were given. */
export function isSameTime(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parseTimestamp(a), parseTimestamp(b)];
  return left !== null && left === right;
}
