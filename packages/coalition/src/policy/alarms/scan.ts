import type { StixObject } from '../../stix/stix-object.js';
import { readAllowedPattern } from '../allow-list/allowed-pattern.js';
import { ALLOWED_WORDS, HUMAN_MEMBERS } from '../allow-list/allowed-type.js';
import { readWritten } from '../text/decoding.js';
import { foldWords } from '../text/folded-words.js';
import { formOf, listPassages, type Passage } from '../text/passage.js';
import { listReadings } from '../text/text-view.js';
import type { Alarm, AlarmKind } from './alarm.js';
import { MONEY } from './money.js';
import { PERSONAL_DATA } from './personal-data.js';
import { ROADMAP } from './roadmap.js';
import { SECRET } from './secret.js';
import { VOLUME } from './volume.js';
import { WHOM_TO_SERVE } from './whom-to-serve.js';

/** Raised with every change of what the detectors find: part of the policy's digest. */
export const DETECTORS_VERSION = 2;

/** Detectors that need nothing of a lab's own. */
export const ALARMS: readonly Alarm[] = [SECRET, PERSONAL_DATA, MONEY, VOLUME, ROADMAP, WHOM_TO_SERVE];

/** Kinds that look for words, and so also at how words could be meant that were written otherwise. */
const OF_WORDS: ReadonlySet<AlarmKind> = new Set([
  'money',
  'volume',
  'roadmap',
  'whom-to-serve',
  'customer-name',
]);

/** Something that a person must look at. */
export interface RaisedAlarm {
  readonly kind: AlarmKind;
  readonly object: number;
  readonly path: string;
  /** What was found: for the lab's own eyes, and in no receipt. */
  readonly found: string;
}

const HUMAN: ReadonlySet<string> = new Set([...HUMAN_MEMBERS, 'name']);

/** A longer text is one that the allow-list refuses; it is told of and not read. */
const MAX_PASSAGE = 16_384;

/** Texts beyond this are not looked at and not let through. UTF-16 code units of all passages of a draft. */
const MAX_UNITS = 2_000_000;

/**
 * Every alarm that the objects raise: at most one of a kind for each place. Linear in what is scanned, times the readings of a text.
 */
export function scanObjects(objects: readonly StixObject[], customerAlarm: Alarm): RaisedAlarm[] {
  const alarms = [...ALARMS, customerAlarm];
  const raised: RaisedAlarm[] = [];
  let units = 0;
  // The same text stands in many objects: names of codes, levels, references.
  const known = new Map<string, readonly Omit<RaisedAlarm, 'object' | 'path'>[]>();
  for (const passage of listPassages(
    objects,
    ALLOWED_WORDS,
    HUMAN,
    (pattern) => readAllowedPattern(pattern)?.texts ?? null,
  )) {
    units += passage.text.length;
    if (units > MAX_UNITS) {
      raised.push({
        kind: 'hidden-text',
        object: passage.object,
        path: passage.path,
        found: 'more text than is looked at',
      });
      break;
    }
    let found = known.get(passage.text);
    if (found === undefined) {
      found = scanPassage(passage, alarms);
      known.set(passage.text, found);
    }
    for (const one of found) raised.push({ ...one, object: passage.object, path: passage.path });
  }
  return raised;
}

function scanPassage({ text }: Passage, alarms: readonly Alarm[]): Omit<RaisedAlarm, 'object' | 'path'>[] {
  if (text.length > MAX_PASSAGE) return [{ kind: 'hidden-text', found: 'a text too long to be read' }];
  const form = formOf(text);
  if (form === 'time' || form === 'block') return [];
  if (form === 'jws') return scanText(readHeader(text), alarms);
  if (form !== 'loose') {
    const hidden = readHidden(form === 'id' ? text.slice(text.indexOf('--') + 2) : text);
    // Nothing random reads as text: 14 bytes do once in ten million, 32 never.
    return hidden === null ? [] : [{ kind: 'hidden-text', found: hidden }, ...scanText(hidden, alarms)];
  }
  return scanText(text, alarms);
}

/** The header of a signature without the thumbprint of its key. The signature itself is 64 bytes that nobody chooses. */
function readHeader(jws: string): string {
  const header = Buffer.from(jws.slice(0, jws.indexOf('.')), 'base64url').toString('utf8');
  return header.replace(/"[A-Za-z0-9_-]{43}"/, '""');
}

/** Words in what should be random: all bytes of a digest or of an id (without those that its version fixes) printable. */
function readHidden(hex: string): string | null {
  const bytes = Buffer.from(hex.replaceAll('-', ''), 'hex');
  const free = hex.includes('-') ? [...bytes].filter((_, i) => i !== 6 && i !== 8) : [...bytes];
  const text = readWritten(Uint8Array.from(free));
  const plain = text?.match(/[\p{L}\p{N} ]/gu) ?? [];
  return text !== null && plain.length >= 0.7 * text.length && new Set(plain).size >= 4 ? text : null;
}

function scanText(text: string, alarms: readonly Alarm[]): Omit<RaisedAlarm, 'object' | 'path'>[] {
  const { written, meant, exhausted } = listReadings(text);
  const found = new Map<AlarmKind, string>();
  if (exhausted) found.set('hidden-text', 'wrapped oftener than this looks');
  const look = (reading: string, wordsOnly: boolean) => {
    const folded = foldWords(reading);
    for (const alarm of alarms) {
      if (found.has(alarm.kind) || (wordsOnly && !OF_WORDS.has(alarm.kind))) continue;
      const what = alarm.find({ text: reading, folded });
      if (what !== null) found.set(alarm.kind, what);
    }
  };
  for (const reading of written) look(reading, false);
  for (const reading of meant) look(reading, true);
  return [...found].map(([kind, what]) => ({ kind, found: what }));
}
