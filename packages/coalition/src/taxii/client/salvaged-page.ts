import { createHash } from 'node:crypto';
import { fromUtf8, type Json, PhalanxError, utf8 } from '@phalanx/core';
import { parseJson } from '../../stix/json-text.js';
import { asRecord } from '../../stix/stix-object.js';
import { CLIENT_LIMITS } from './client-limits.js';

/**
 * A page that `parseJson` refuses, with the objects in it that cannot be read each replaced by a text that says why. Whoever may write to a
 * collection of a careless server could else keep everybody from reading it: by a number beyond 2^53, a lone surrogate, a string too
 * long.
 *
 * Null when the page cannot be read around its `objects` either.
 */
export function salvagePage(bytes: Uint8Array): Json | null {
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    return null;
  }
  const list = findObjects(text);
  if (list === null) return null;
  const around = readOrNull(`${text.slice(0, list.from)}${text.slice(list.to)}`);
  const page = asRecord(around);
  if (page === null) return null;
  const objects = list.elements.map((element): Json => {
    try {
      return parseJson(utf8(element));
    } catch (error) {
      if (!PhalanxError.is(error)) throw error;
      const digest = createHash('sha256').update(element).digest('hex');
      return `${UNREADABLE} (SHA-256 ${digest}): ${error.message}`;
    }
  });
  return { ...page, objects };
}

const UNREADABLE = 'cannot be read';

/** Why an item of a page could not be read; null for one that could. */
export function readUnreadable(item: Json): string | null {
  return typeof item === 'string' && item.startsWith(UNREADABLE) ? item : null;
}

function readOrNull(text: string): Json | null {
  try {
    return parseJson(utf8(text));
  } catch {
    return null;
  }
}

interface ObjectList {
  /** Places just within its brackets. */
  readonly from: number;
  readonly to: number;
  readonly elements: readonly string[];
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** The one list `objects` of the outermost object. Looks at brackets, commas and strings; grammar is judged with each part. */
function findObjects(text: string): ObjectList | null {
  const elements: string[] = [];
  let depth = 0;
  let from = -1;
  let to = -1;
  let begin = 0;
  let name = '';
  const cut = (end: number) => {
    const element = text.slice(begin, end).trim();
    if (element !== '') elements.push(element);
    begin = end + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isInList = from >= 0 && to < 0;
    if (code === QUOTE) {
      const end = findStringEnd(text, at);
      if (end < 0) return null;
      if (depth === 1) name = text.slice(at, end);
      at = end - 1;
    } else if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth === 2 && name === '"objects"' && !isInList) {
        if (from >= 0 || code !== 0x5b) return null;
        from = at + 1;
        begin = from;
      }
    } else if (code === COMMA) {
      if (depth === 1) name = '';
      if (depth === 2 && isInList) cut(at);
      if (elements.length > CLIENT_LIMITS.listed) return null;
    } else if (code === 0x5d || code === 0x7d) {
      if (depth === 2 && isInList) {
        cut(at);
        to = at;
      }
      if (--depth < 0) return null;
    }
  }
  return to < 0 || depth !== 0 ? null : { from, to, elements };
}

/** Just after the quote that ends the string which begins here; -1 without one. */
function findStringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return -1;
}
