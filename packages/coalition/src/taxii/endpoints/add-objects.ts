import { randomUUID } from 'node:crypto';
import { canonicalJson, type Json, PhalanxError } from '@phalanx/core';
import { parseJson } from '../../stix/json-text.js';
import { STIX_LIMITS } from '../../stix/stix-limits.js';
import { asRecord, type StixObject } from '../../stix/stix-object.js';
import { openToWrite } from '../collection-access.js';
import { type Outcome, takeObjects } from '../intake.js';
import { isTaxii } from '../media-type.js';
import { formatMicroseconds } from '../microseconds.js';
import { readRequestBody } from '../request-body.js';
import { answerText } from '../taxii-answer.js';
import { refuseRequest } from '../taxii-refusal.js';
import type { Endpoint } from '../taxii-request.js';

/**
 * Section 5.5: `POST /{root}/collections/{id}/objects/`. All is done when it is answered: the status is `complete`, and says of
 * each object whether it is in the collection, and why not.
 */
export const addObjects: Endpoint = async (asked) => {
  const { hub, caller, headers, body, atMs } = asked;
  if (!isTaxii(headers.get('content-type'))) refuseRequest(415, 'the body must be TAXII 2.1');
  const collection = await openToWrite(asked);
  const values = readEnvelope(await readRequestBody(headers, body));
  const outcomes = await takeObjects(hub, collection.id, caller.member, values);
  const objects = outcomes.flatMap(({ value, failure }) => (failure === null ? [value as StixObject] : []));
  if (objects.length > 0 && hub.noteTaken !== null)
    await hub.noteTaken({
      member: caller.member,
      rootPath: asked.names.root,
      collectionId: collection.id,
      objects,
      headers,
    });
  const requestUs = atMs * 1000;
  const status = { id: randomUUID(), requestUs, json: '' };
  const json = formatStatus(status.id, requestUs, outcomes);
  await hub.store.putStatus(asked.names.root, caller.member.id, { ...status, json });
  return answerText(202, json);
};

/** Objects of an envelope (section 3.7); a bundle of STIX has them in the same place. */
function readEnvelope(bytes: Uint8Array): readonly Json[] {
  const what = 'While processing supplied content, an error occurred';
  let envelope: Json;
  try {
    envelope = parseJson(bytes);
  } catch (error) {
    if (!PhalanxError.is(error)) throw error;
    return refuseRequest(422, `${what}: ${error.message}`);
  }
  const objects = asRecord(envelope)?.objects;
  if (!Array.isArray(objects)) return refuseRequest(422, `${what}: an envelope has a list of objects`);
  if (objects.length > STIX_LIMITS.bundleObjects) {
    return refuseRequest(413, `an envelope may have ${STIX_LIMITS.bundleObjects} objects`);
  }
  return objects as readonly Json[];
}

function formatStatus(id: string, requestUs: number, outcomes: readonly Outcome[]): string {
  const request_timestamp = formatMicroseconds(requestUs);
  const describe = ({ value, failure }: Outcome): Json => {
    const { id: objectId, modified, created } = asRecord(value) ?? {};
    const version = modified ?? created;
    return {
      // Of what a stranger sent, as much as can be an id and a time.
      id: typeof objectId === 'string' ? objectId.slice(0, 300) : 'none',
      version: typeof version === 'string' ? version.slice(0, 60) : request_timestamp,
      ...(failure === null ? {} : { message: failure }),
    };
  };
  const successes = outcomes.filter(({ failure }) => failure === null).map(describe);
  const failures = outcomes.filter(({ failure }) => failure !== null).map(describe);
  return canonicalJson({
    id,
    status: 'complete',
    request_timestamp,
    total_count: outcomes.length,
    success_count: successes.length,
    ...(successes.length === 0 ? {} : { successes }),
    failure_count: failures.length,
    ...(failures.length === 0 ? {} : { failures }),
    pending_count: 0,
  });
}
