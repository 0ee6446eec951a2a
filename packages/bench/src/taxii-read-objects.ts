import { createHash } from 'node:crypto';
import { makeTlpMarking } from '@phalanx/coalition';
import type { NewObject } from '@phalanx/coalition/taxii';
import { canonicalJson } from '@phalanx/core';

const AT_MS = Date.UTC(2026, 0, 1);
const GREEN = makeTlpMarking('green').id;
const RED = makeTlpMarking('red').id;

/** An indicator of some 700 bytes, another for each place; `judged`: with a part that is red. */
export function drawIndicator(
  place: number,
  judged = false,
): Readonly<Record<string, unknown>> & { readonly id: string } {
  const digest = createHash('sha256').update(String(place)).digest('hex');
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const at = new Date(AT_MS + place * 1000).toISOString();
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${uuid}`,
    created: at,
    modified: at,
    name: `template ${place}`,
    description: `Seen at several accounts within a day; ${digest}${digest}`,
    pattern: `[ipv4-addr:value = '198.51.100.${place % 256}' AND network-traffic:dst_port = ${place % 65_536}]`,
    pattern_type: 'stix',
    valid_from: at,
    object_marking_refs: [GREEN],
    ...(judged ? { granular_markings: [{ marking_ref: RED, selectors: ['description'] }] } : {}),
  };
}

/** The same as a store takes it. */
export function drawObject(place: number, judged: boolean): NewObject {
  const object = drawIndicator(place, judged);
  const versionText = String(object.modified);
  return {
    id: object.id,
    type: 'indicator',
    createdByRef: null,
    memberId: 'writer',
    versionUs: Date.parse(versionText) * 1000,
    versionText,
    specVersion: '2.1',
    mediaType: 'application/stix+json;version=2.1',
    json: canonicalJson(object as never),
    clearance: judged ? null : 1,
  };
}
