import type { Json } from '@phalanx/core';
import { OBJECT_SIGNATURE } from '../../stix/extensions/object-signature.js';
import { asRecord, type StixObject } from '../../stix/stix-object.js';

/** A text somewhere in an object that would leave: a value, a name of a member, a number of many digits, or several of them together. */
export interface Passage {
  /** Index of the object in the draft; -1 where it comes from several. */
  readonly object: number;
  /** Place by members, `/extensions/.../kid`; of joined texts, what was joined. */
  readonly path: string;
  readonly text: string;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const ID = new RegExp(`^[a-z][a-z0-9-]{1,60}--(${UUID})$`);
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z)?$/;
const HEX = /^(?:[0-9a-f]{2}){8,1024}$/;
const BLOCK = /^[0-9a-f.:]{2,45}\/[0-9]{1,3}$/;
/** A detached signature (RFC 7515 appendix F) of Ed25519. */
const JWS = /^[A-Za-z0-9_-]{1,512}\.\.[A-Za-z0-9_-]{86}$/;
/** No number of a person or a card has so many digits; of fewer, some must be letters for it to be a digest. */
const DIGEST_DIGITS = 32;

/**
 * What a text is by its form alone. A machine wrote the first five; `loose` is anything in which words could stand.
 */
export function formOf(text: string): 'id' | 'time' | 'hex' | 'block' | 'jws' | 'loose' {
  if (text.length <= 100 && ID.test(text)) return 'id';
  if (text.length <= 32 && TIME.test(text)) return 'time';
  if (JWS.test(text)) return 'jws';
  if (text.length <= 49 && BLOCK.test(text)) return 'block';
  return HEX.test(text) && (text.length >= DIGEST_DIGITS || /[a-f]/.test(text)) ? 'hex' : 'loose';
}

/** Where the name of a signer's key stands; where it is the key's thumbprint (RFC 7638), it is as random as a secret. */
const KEY_NAME = `/extensions/${OBJECT_SIGNATURE.id}/kid`;
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/** From here on digits could be a number of something. */
const LONG_NUMBER = 1_000_000;

/** Whether words could go on from here in another member: not where a form of the allow-list leaves no room for any. */
function goesOn({ path, text }: Passage, known: ReadonlySet<string>, human: ReadonlySet<string>): boolean {
  const member = path.split('/')[1]!;
  if (member === 'name' && known.has(text)) return false;
  return formOf(text) === 'loose' && (human.has(member) || !known.has(member));
}

/**
 * Every text of the objects, and the loose ones of each object and of all objects together, joined with and without a space, so that
 * what is split over fields is read as one.
 *
 * @param known names and words that the allow-list has: they say nothing
 * @param human members in which a person writes
 * @param readPattern the operands of a pattern that is made of listed tests alone; null for any other, which is read as it stands
 */
export function listPassages(
  objects: readonly StixObject[],
  known: ReadonlySet<string>,
  human: ReadonlySet<string>,
  readPattern: (pattern: string) => readonly string[] | null,
): Passage[] {
  const passages: Passage[] = [];
  const loose: string[][] = objects.map(() => []);
  const visit = (object: number, path: string, value: Json): void => {
    if (typeof value === 'string') {
      if (path === KEY_NAME && THUMBPRINT.test(value)) return;
      const operands = path === '/pattern' ? readPattern(value) : null;
      // A word of the lists says nothing where only these may stand; among words of a person it is one of them.
      const isWords = human.has(path.split('/')[1]!);
      for (const text of operands ?? [value])
        if (isWords || !known.has(text)) passages.push({ object, path, text });
    } else if (typeof value === 'number' && Math.abs(value) >= LONG_NUMBER)
      passages.push({ object, path, text: String(value) });
    else if (Array.isArray(value)) for (const [i, one] of value.entries()) visit(object, `${path}/${i}`, one);
    else {
      for (const [name, one] of Object.entries(asRecord(value) ?? {})) {
        if (!known.has(name)) passages.push({ object, path: `${path}/${name} (name)`, text: name });
        visit(object, `${path}/${name}`, one);
      }
    }
  };
  for (const [i, object] of objects.entries()) visit(i, '', object);
  for (const passage of passages)
    if (goesOn(passage, known, human)) loose[passage.object]!.push(passage.text);
  for (const [object, texts] of loose.entries()) {
    if (texts.length < 2) continue;
    passages.push({ object, path: 'fields in a row', text: texts.join(' ') });
    passages.push({ object, path: 'fields without a space', text: texts.join('') });
  }
  const rows = loose.filter((texts) => texts.length > 0);
  if (rows.length > 1) passages.push({ object: -1, path: 'objects in a row', text: rows.flat().join(' ') });
  return passages;
}
