import { attributionError } from './attribution-error.js';

/** Where the text of a row lies: `response`, `choices[0].message.content`, `messages[-1].content`; the list `messages[*]` takes every answer. */
export interface TextField {
  readonly path: string;
  readonly steps: readonly Step[];
}

type Step = string | number | '*';

/** Names tried in this order; the first that most of the sample rows have. */
const GUESSES = [
  'messages[*].content',
  'conversations[*].value',
  'conversations[*].content',
  'conversation[*].content',
  'response',
  'output',
  'answer',
  'completion',
  'chosen',
  'generated_text',
  'generation',
  'model_output',
  'assistant',
  'choices[0].message.content',
  'message.content',
  'target',
  'solution',
  'text',
  'content',
];

const MAX_PATH = 200;
const MAX_STEPS = 16;
const MAX_TEXTS = 64;
/** Roles of messages that a model wrote. */
const ANSWERING = new Set(['assistant', 'gpt', 'model', 'bot', 'ai', 'chatgpt', 'chatbot']);

/** Reads a path. @throws PhalanxError `ATTRIBUTION_FIELD` for one that is malformed. */
export function parseField(path: string): TextField {
  const steps: Step[] = [];
  const grammar = /(?:^|\.)([^.[\]]+)|\[(-?\d{1,6}|\*)\]/y;
  while (grammar.lastIndex < path.length && steps.length < MAX_STEPS && path.length <= MAX_PATH) {
    const found = grammar.exec(path);
    if (found === null) break;
    const [, name, index] = found;
    steps.push(name ?? (index === '*' ? '*' : Number(index)));
    if (grammar.lastIndex === path.length) return { path, steps };
  }
  throw attributionError(
    'ATTRIBUTION_FIELD',
    'the field is no path such as response or messages[-1].content',
  );
}

/**
 * The field that holds the text, guessed from some first rows: the first of the known names under which at least half of them
 * have a text.
 *
 * @throws PhalanxError `ATTRIBUTION_FIELD` when there is none.
 */
export function guessField(sample: readonly unknown[]): TextField {
  for (const path of GUESSES) {
    const field = parseField(path);
    const having = sample.filter((row) => readTexts(row, field).length > 0).length;
    if (having > 0 && having * 2 >= sample.length) return field;
  }
  throw attributionError('ATTRIBUTION_FIELD', 'no member or column of the rows is known to hold a text', {
    advice: listNames(sample),
  });
}

/**
 * The field at a named path.
 *
 * @throws PhalanxError `ATTRIBUTION_FIELD` when the path is malformed, or none of the sample rows has a text there.
 */
export function findField(path: string, sample: readonly unknown[]): TextField {
  const field = parseField(path);
  if (sample.length === 0 || sample.some((row) => readTexts(row, field).length > 0)) return field;
  throw attributionError('ATTRIBUTION_FIELD', 'the first rows have no text in the field named', {
    advice: listNames(sample),
  });
}

/**
 * The texts of a row: none when the field is missing or empty. Of a list of messages, those that a model wrote, or all where no
 * role is said; at most 64. A list of parts (`{type: "text", text}`) is joined.
 */
export function readTexts(row: unknown, { steps }: TextField): string[] {
  const texts: string[] = [];
  walk(row, steps, 0, texts);
  return texts;
}

function listNames(sample: readonly unknown[]): string {
  const names = sample.length === 0 ? [] : Object.keys(sample[0] as object);
  return `There is ${names.slice(0, 20).join(', ').slice(0, 200) || 'no row'}.`;
}

function walk(value: unknown, steps: readonly Step[], at: number, texts: string[]): void {
  const step = steps[at];
  if (step === undefined) {
    const text = readText(value);
    if (text !== '' && texts.length < MAX_TEXTS) texts.push(text);
  } else if (step === '*') {
    if (!Array.isArray(value)) return;
    const said = value.filter(isAnswer);
    for (const item of said.length > 0 ? said : value.some(hasRole) ? [] : value)
      walk(item, steps, at + 1, texts);
  } else if (typeof step === 'number') {
    if (Array.isArray(value)) walk(value.at(step), steps, at + 1, texts);
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step))
    walk((value as Record<string, unknown>)[step], steps, at + 1, texts);
}

function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  const parts = value.map((part: unknown) =>
    typeof part === 'string' ? part : String((part as { text?: unknown } | null)?.text ?? ''),
  );
  return parts.filter((part) => part !== '').join('\n');
}

function hasRole(item: unknown): boolean {
  return roleOf(item) !== null;
}

function isAnswer(item: unknown): boolean {
  return ANSWERING.has(roleOf(item) ?? '');
}

function roleOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return null;
  const { role, from } = item as { role?: unknown; from?: unknown };
  const name = role ?? from;
  return typeof name === 'string' ? name.toLowerCase() : null;
}
