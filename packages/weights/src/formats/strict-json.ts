import { refuse, requireWithin } from '../weights-error.js';

/** JSON as read here: objects are maps, so that no name is special, in the order of the text. */
export type StrictJson =
  | null
  | boolean
  | number
  | string
  | readonly StrictJson[]
  | ReadonlyMap<string, StrictJson>;

const MAX_DEPTH = 16;
/** A tensor of safetensors is some eight values, and an index has one a tensor. A value takes up to 100 bytes of memory. */
const MAX_VALUES = 4_000_000;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Parses JSON (RFC 8259) that a stranger wrote about sizes and offsets. `JSON.parse` would keep the last of two equal names, which
 * another reader takes the first of, and round 2^53 + 1; both are refused here, as is nesting beyond 16.
 *
 * @throws PhalanxError `WEIGHTS_FORMAT`; `WEIGHTS_LIMIT` above four million values
 */
export function parseStrictJson(text: string): StrictJson {
  let at = 0;
  let values = 0;

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found === undefined) return null;
    at += found.length;
    return found;
  };
  const fail = (what: string): never =>
    refuse('WEIGHTS_FORMAT', `header is not JSON: ${what} at character ${at}`);
  const next = (): string | undefined => {
    take(SPACE);
    return text[at];
  };

  const readString = (): string => {
    if (text[at] !== '"') fail('a string is expected');
    let end = at;
    do {
      end = text.indexOf('"', end + 1);
      if (end < 0) fail('a string does not end');
    } while (isEscaped(text, end));
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string;
      at = end + 1;
      return value;
    } catch {
      return fail('a string with what no string has');
    }
  };

  const readNumber = (): number => {
    const raw = take(NUMBER) ?? fail('a value is expected');
    const value = Number(raw);
    if (/^-?[0-9]+$/.test(raw) && !Number.isSafeInteger(value)) fail('an integer that is not exact');
    if (!Number.isFinite(value)) fail('a number out of range');
    return value;
  };

  const readList = (depth: number): StrictJson[] => {
    const list: StrictJson[] = [];
    at++;
    if (next() === ']') {
      at++;
      return list;
    }
    for (;;) {
      list.push(readValue(depth));
      const mark = next();
      at++;
      if (mark === ']') return list;
      if (mark !== ',') fail('a comma or ] is expected');
    }
  };

  const readObject = (depth: number): Map<string, StrictJson> => {
    const members = new Map<string, StrictJson>();
    at++;
    if (next() === '}') {
      at++;
      return members;
    }
    for (;;) {
      next();
      const name = readString();
      if (members.has(name)) fail('a name stands twice');
      if (next() !== ':') fail('a colon is expected');
      at++;
      members.set(name, readValue(depth));
      const mark = next();
      at++;
      if (mark === '}') return members;
      if (mark !== ',') fail('a comma or } is expected');
    }
  };

  const readValue = (depth: number): StrictJson => {
    if (depth > MAX_DEPTH) fail('nesting is too deep');
    requireWithin(++values <= MAX_VALUES, `a header of more than ${MAX_VALUES} values`);
    const first = next();
    if (first === '{') return readObject(depth + 1);
    if (first === '[') return readList(depth + 1);
    if (first === '"') return readString();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const)
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    return readNumber();
  };

  const value = readValue(0);
  if (next() !== undefined) fail('more text follows');
  return value;
}

/** Whether an odd number of backslashes stands before. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}
