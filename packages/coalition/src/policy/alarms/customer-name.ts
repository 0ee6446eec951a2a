import { createHmac } from 'node:crypto';
import { refuse } from '../../coalition-error.js';
import { foldLetters } from '../text/folded-words.js';
import type { Alarm } from './alarm.js';

/**
 * The names of a lab's own customers as keyed hashes: whoever checks what leaves needs no list in the clear, and whoever gets the file
 * without the key learns how many there are and how long their names are.
 */
export interface CustomerNames {
  readonly schema: 'phalanx.customer-names.v1';
  /** First 8 bytes of HMAC-SHA256, hexadecimal, of each name and of each name with one letter left out. */
  readonly hashes: readonly string[];
  /** Lengths in letters that names have, ascending. */
  readonly lengths: readonly number[];
}

/** Shorter names would be found in ordinary words; they are compared as whole words only. */
const REPAIRABLE = 6;
const MAX_NAMES = 1_000_000;
const MAX_WORDS = 5;
const LEGAL_FORMS = new Set(
  'inc incorporated llc llp ltd limited corp corporation co company plc gmbh ag kg ohg se ug mbh sa sas sarl sasu sl slu srl spa bv nv oy ab as aps kk pte pty holding holdings group the'.split(
    ' ',
  ),
);
const DENSE_FORMS = /(?:股份)?有限(?:责任)?公司|公司|集团|株式会社|주식회사/gu;

/**
 * Hashes names for `CustomerNames`. Legal forms (Inc, GmbH, SAS, 有限公司) do not count.
 *
 * @param key at least 16 bytes, kept by the lab
 * @throws PhalanxError `COALITION_POLICY` for a short key or a name without two letters; `COALITION_LIMIT` for more than a million names
 */
export function hashCustomerNames(names: readonly string[], key: Uint8Array): CustomerNames {
  requireKey(key);
  if (names.length > MAX_NAMES) refuse('COALITION_LIMIT', `${names.length} names`, 'a million is the most');
  const hashes = new Set<string>();
  const lengths = new Set<number>();
  for (const name of names) {
    const plain = stripForm(splitWords(name)).join('');
    if ([...plain].length < 2)
      refuse('COALITION_POLICY', 'a customer name of fewer than two letters', 'leave it out');
    lengths.add(plain.length);
    hashes.add(hashOf(plain, key));
    if (plain.length >= REPAIRABLE)
      for (const shorter of leaveOneOut(plain)) hashes.add(hashOf(shorter, key));
  }
  return {
    schema: 'phalanx.customer-names.v1',
    hashes: [...hashes].sort(),
    lengths: [...lengths].sort((a, b) => a - b),
  };
}

/**
 * The detector for one lab's customers: runs of up to five words, and parts of longer words, with one letter wrong, missing, added or
 * exchanged with its neighbour in names of six letters and more.
 *
 * @throws PhalanxError `COALITION_POLICY` for a key shorter than 16 bytes
 */
export function makeCustomerAlarm(customers: CustomerNames, key: Uint8Array): Alarm {
  requireKey(key);
  const hashes = new Set(customers.hashes);
  const lengths = new Set(customers.lengths);
  const longest = Math.max(0, ...customers.lengths);
  const checked = new Map<string, boolean>();
  const isName = (candidate: string): boolean => {
    const known = checked.get(candidate);
    if (known !== undefined) return known;
    const found =
      hashes.has(hashOf(candidate, key)) ||
      (candidate.length >= REPAIRABLE &&
        leaveOneOut(candidate).some((shorter) => hashes.has(hashOf(shorter, key))));
    // Readings of one text repeat its words; a long life must not fill the memory.
    if (checked.size > 100_000) checked.clear();
    checked.set(candidate, found);
    return found;
  };
  const couldBe = (length: number) =>
    lengths.has(length) || (length >= REPAIRABLE - 1 && (lengths.has(length - 1) || lengths.has(length + 1)));
  return {
    kind: 'customer-name',
    find({ text }) {
      if (hashes.size === 0) return null;
      const words = splitWords(text);
      for (let from = 0; from < words.length; from++) {
        let joined = '';
        for (let to = from; to < Math.min(words.length, from + MAX_WORDS); to++) {
          joined += words[to]!;
          if (joined.length > longest + 1) break;
          if (couldBe(joined.length) && isName(joined)) return joined;
        }
        const inside = findInside(words[from]!, customers.lengths, (part) => hashes.has(hashOf(part, key)));
        if (inside !== null) return inside;
      }
      return null;
    },
  };
}

/** A name inside of a longer word (`acmerobotics-prod`, Chinese text without spaces). Short Latin names are not looked for there. */
function findInside(
  word: string,
  lengths: readonly number[],
  isName: (part: string) => boolean,
): string | null {
  const least = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word)
    ? 2
    : REPAIRABLE;
  if (word.length > 64) return null;
  for (const length of lengths) {
    if (length < least) continue;
    for (let at = 0; at + length <= word.length; at++) {
      const part = word.slice(at, at + length);
      if (part.length < word.length && isName(part)) return part;
    }
  }
  return null;
}

function splitWords(text: string): string[] {
  return (
    foldLetters(text)
      .replace(DENSE_FORMS, ' ')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

function stripForm(words: readonly string[]): readonly string[] {
  const rest = words.filter((word) => !LEGAL_FORMS.has(word));
  return rest.length === 0 ? words : rest;
}

function leaveOneOut(text: string): string[] {
  return Array.from({ length: text.length }, (_, i) => text.slice(0, i) + text.slice(i + 1));
}

function hashOf(text: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 16);
}

function requireKey(key: Uint8Array): void {
  if (key.length < 16)
    refuse('COALITION_POLICY', 'a key of customer names shorter than 16 bytes', 'draw 32 at random');
}
