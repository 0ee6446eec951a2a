import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A text that nobody marked, of a kind that breaks careless nulls. */
export interface AwkwardText {
  readonly name: string;
  /** Ids by order of first appearance. */
  readonly tokens: Int32Array;
}

const FILES = {
  templates: ['prompts', 'p3_templates'],
  code: ['ai-text', 'humanevalpack_js'],
  chinese: ['prompts', 'awesome_prompts'],
  support: ['prompts', 'banking77'],
} as const;

const HAN = /\p{Script=Han}/u;

/**
 * Real text of a folder of data: prompts filled into templates, code, Chinese by the character, short questions of one
 * kind; and numbers that count up, where n-grams differ by a constant, as one token each and as hexadecimal digits. At most `limit` tokens each.
 * Null when the folder is not there.
 */
export function loadAwkwardTexts(data: string, limit: number): AwkwardText[] | null {
  const path = ([folder, name]: readonly [string, string]) => join(data, folder, `${name}.jsonl.gz`);
  if (!Object.values(FILES).every((file) => existsSync(path(file)))) return null;
  const rows = (file: readonly [string, string]) =>
    gunzipSync(readFileSync(path(file)))
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
  const prompts = (name: keyof typeof FILES) => rows(FILES[name]).map(({ text }) => text!);
  return [
    { name: 'templates', tokens: toIds(prompts('templates'), limit) },
    {
      name: 'code',
      tokens: toIds(
        rows(FILES.code).map((row) => `${row.prompt}${row.canonical_solution}${row.test}`),
        limit,
      ),
    },
    {
      name: 'Chinese',
      tokens: toIds(
        prompts('chinese').filter((text) => HAN.test(text)),
        limit,
      ),
    },
    { name: 'support', tokens: toIds(prompts('support'), limit) },
    { name: 'counting', tokens: Int32Array.from({ length: limit }, (_, i) => i) },
    { name: 'hexadecimal', tokens: countInHexadecimal(2 * limit) },
  ];
}

/** Lines of addresses 37 apart, a token a digit. */
function countInHexadecimal(limit: number): Int32Array {
  const digits = (i: number) =>
    [...(0x10000 + 37 * i).toString(16)].map((digit) => Number.parseInt(digit, 16));
  return Int32Array.from(Array.from({ length: Math.ceil(limit / 6) }, (_, i) => [20, ...digits(i)]).flat());
}

const PIECE = /\p{Script=Han}|[\p{Script=Latin}\p{N}_]+|\n+ *|\S/gu;

/** Words, line ends with what indents the next, and single characters of anything else, numbered as they appear. */
function toIds(texts: readonly string[], limit: number): Int32Array {
  const ids = new Map<string, number>();
  const out: number[] = [];
  for (const text of texts)
    for (const [piece] of text.matchAll(PIECE)) {
      const id = ids.get(piece) ?? ids.size;
      ids.set(piece, id);
      if (out.push(id) === limit) return Int32Array.from(out);
    }
  return Int32Array.from(out);
}
