/**
 * Parts of an answer that a model writes under constraint: code, JSON, calls of tools. They leave a sampler little choice, repeat
 * across customers, and are often written by grammar; a mark there is weak, and leaving them out costs no validity, since
 * what is left out depends on the text alone. All in one pass over the text, whatever it contains.
 */

/** Half-open range of UTF-16 code units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type Masked = 'code' | 'json' | 'tool-calls';

/** Every kind of part that can be left out. */
export const MASKED = ['code', 'json', 'tool-calls'] as const satisfies readonly Masked[];

/** The parts of these kinds, ascending and disjoint. */
export function findMasked(text: string, kinds: readonly Masked[]): TextRange[] {
  return unite(kinds.flatMap((kind) => FINDERS[kind](text)));
}

/** For each token 0 if it touches a range, else 1. `starts`: n + 1 offsets as `Tokenizer.locate` gives. */
export function maskTokens(starts: Uint32Array, ranges: readonly TextRange[]): Uint8Array {
  const mask = new Uint8Array(starts.length - 1).fill(1);
  let range = 0;
  for (let i = 0; i < mask.length; i++) {
    while (range < ranges.length && ranges[range]!.end <= starts[i]!) range++;
    // A token of no width, the rest of a character that an earlier token began, is where that token is.
    if (range < ranges.length && ranges[range]!.start < Math.max(starts[i + 1]!, starts[i]! + 1)) mask[i] = 0;
  }
  return mask;
}

/** Fenced blocks of Markdown (an unclosed one runs to the end) and spans in backticks on one line. */
function findCode(text: string): TextRange[] {
  const ranges: TextRange[] = [];
  let fence = '';
  let opened = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(start, end);
    const marker = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence !== '') {
      if (marker.startsWith(fence)) {
        ranges.push({ start: opened, end });
        fence = '';
      }
    } else if (marker !== '') {
      fence = marker;
      opened = start;
    } else {
      for (const { index, 0: span } of line.matchAll(/`[^`\n]+`/g))
        ranges.push({ start: start + index, end: start + index + span.length });
    }
    start = end;
  }
  if (fence !== '') ranges.push({ start: opened, end: text.length });
  return ranges;
}

/** Balanced brackets that parse as an object with members or an array of two elements or more; the outermost only. */
function findJson(text: string): TextRange[] {
  const closed: TextRange[] = [];
  const open: number[] = [];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    // No string of JSON contains a line break: a stray quotation mark is forgotten at the end of its line.
    if (character === '\n') quoted = false;
    else if (quoted && character === '\\') at++;
    else if (character === '"') quoted = open.length > 0 && !quoted;
    else if (quoted) continue;
    else if (character === '{' || character === '[') open.push(at);
    else if (character === '}' || character === ']') {
      const start = open.pop();
      if (start === undefined) continue;
      if ((text[start] === '{') !== (character === '}')) {
        open.length = 0;
        continue;
      }
      while (closed.length > 0 && closed.at(-1)!.start > start) closed.pop();
      closed.push({ start, end: at + 1 });
    }
  }
  return closed.filter(({ start, end }) => isStructure(text.slice(start, end)));
}

function isStructure(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.length >= 2 : Object.keys(value as object).length >= 1;
  } catch {
    return false;
  }
}

/** What opens and closes a call in the formats that open models were trained on; unclosed ones run to the end. */
const CALLS = [
  ['<tool_call>', '</tool_call>'],
  ['<function=', '</function>'],
  ['<invoke ', '</invoke>'],
  ['<|python_tag|>', '<|eom_id|>'],
  ['[TOOL_CALLS]', '</s>'],
] as const;

function findToolCalls(text: string): TextRange[] {
  const ranges: TextRange[] = [];
  for (const [opening, closing] of CALLS)
    for (let start = text.indexOf(opening); start >= 0; ) {
      const close = text.indexOf(closing, start + opening.length);
      const end = close < 0 ? text.length : close + closing.length;
      ranges.push({ start, end });
      start = text.indexOf(opening, end);
    }
  return ranges;
}

const FINDERS: Record<Masked, (text: string) => TextRange[]> = {
  code: findCode,
  json: findJson,
  'tool-calls': findToolCalls,
};

function unite(ranges: TextRange[]): TextRange[] {
  const united: TextRange[] = [];
  for (const { start, end } of ranges.sort((a, b) => a.start - b.start)) {
    const last = united.at(-1);
    if (last !== undefined && start <= last.end)
      united[united.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else united.push({ start, end });
  }
  return united;
}
