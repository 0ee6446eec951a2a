import { asRecord, type StixObject } from '../stix-object.js';

/** Levels of the Traffic Light Protocol 2.0 (FIRST, August 2022), the widest audience first. */
export const TLP_LEVELS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;
export type TlpLevel = (typeof TLP_LEVELS)[number];

/** Extension definition of TLP 2.0 in STIX (cti-stix-common-objects, tlp-2.0). */
export const TLP_EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';

const TLP_IDS: Readonly<Record<TlpLevel, string>> = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
};

/** TLP 1.0, whose ids STIX 2.1 section 7.2.1.4 fixes, as the level of 2.0 that holds back at least as much. */
const TLP_1_LEVELS: Readonly<Record<string, TlpLevel>> = {
  'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9': 'clear',
  'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da': 'green',
  'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82': 'amber',
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed': 'red',
};

const LEVEL_BY_ID = new Map<string, TlpLevel>([
  ...TLP_LEVELS.map((level): [string, TlpLevel] => [TLP_IDS[level], level]),
  ...Object.entries(TLP_1_LEVELS),
]);

/** The marking that every lab uses for a level, exactly as published: its id is the same everywhere. */
export function makeTlpMarking(level: TlpLevel): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: TLP_IDS[level],
    created: '2022-10-01T00:00:00.000Z',
    name: `TLP:${level.toUpperCase()}`,
    extensions: { [TLP_EXTENSION]: { extension_type: 'property-extension', tlp_2_0: level } },
  };
}

/** Level of one of the published ids, of TLP 2.0 or 1.0; null for other markings. What an object calls itself counts for nothing. */
export function findTlpLevel(markingId: string): TlpLevel | null {
  return LEVEL_BY_ID.get(markingId) ?? null;
}

/** Whether somebody cleared for `clearance` may read what is marked `level`. */
export function isCleared(clearance: TlpLevel, level: TlpLevel): boolean {
  return TLP_LEVELS.indexOf(level) <= TLP_LEVELS.indexOf(clearance);
}

/** What a marking-definition says of TLP by the extension; null when nothing, `unknown` when nothing that can be read. */
export function readTlpExtension(marking: StixObject): TlpLevel | 'unknown' | null {
  const extension = asRecord(asRecord(marking.extensions)?.[TLP_EXTENSION]);
  if (extension === null) return null;
  return TLP_LEVELS.find((level) => level === extension.tlp_2_0) ?? 'unknown';
}
