/** How a candidate was cut from a row's text. */
export const CANDIDATE_FORMS = ['whole', 'unwrapped', 'turn', 'window'] as const;
export type CandidateForm = (typeof CANDIDATE_FORMS)[number];

/** A text that may be a stored response. */
export interface Candidate {
  readonly form: CandidateForm;
  readonly text: string;
}

export interface CandidateRule {
  /** Shorter candidates, in UTF-16 code units, are left out. */
  readonly minLength: number;
  /** Scales of windows: 0 none, 1 the halves, 2 the quarters too. */
  readonly windowScales: number;
}

const MAX_TURNS = 32;
const MAX_WRAPPERS = 4;
/** Longer ones are sketched by their ends only (docs/spec/template-fingerprint.md), as stored responses were. */
const MAX_LENGTH = 1 << 20;

/**
 * The texts that a row's text may hold as a response, the whole one first.
 *
 * A sketch stands for a whole response, so what a row has beyond it must go: `unwrapped` takes off quotes, escapes, a Markdown
 * fence and a speaker's name; `turn` cuts at speakers' names; `window` takes stretches of a half (and a quarter) of the words,
 * overlapping by half, for a response in the midst of other text. Case, punctuation and spacing do not matter to a sketch, so a
 * wrapper of those needs nothing. What a row lacks of a response cannot be made up for: see the README.
 */
export function cutCandidates(text: string, rule: CandidateRule): Candidate[] {
  const whole = text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text;
  const found: Candidate[] = [];
  const seen = new Set<string>();
  const add = (form: CandidateForm, candidate: string): void => {
    if (candidate.length < rule.minLength || seen.has(candidate)) return;
    seen.add(candidate);
    found.push({ form, text: candidate });
  };
  add('whole', whole);
  const inner = unwrap(whole);
  add('unwrapped', inner);
  const turns = splitTurns(inner);
  if (turns.length > 1) for (const turn of turns) add('turn', unwrap(turn));
  for (let scale = 1; scale <= rule.windowScales; scale++)
    for (const window of cutWindows(inner, 2 ** scale)) add('window', window);
  return found;
}

const FENCE = /^(?:```|~~~)[^\n]{0,40}\n([\s\S]*?)\n?(?:```|~~~)$/;
const SPEAKER =
  /^(?:#{1,4} ?)?(?:\*\*)?(?:assistant|response|answer|output|completion|reply|ai|bot|model|chatgpt|gpt-?[\w.]{0,8}|claude|gemini)(?:\*\*)?\s?:(?:\*\*)?\s*/i;
const QUOTES = ['""', "''", '“”', '«»', '„“', '「」'];
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|([nrtbf"'\\/]))/g;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: ' ', f: ' ' };

/** Takes off what stands around a text, layer by layer. */
export function unwrap(text: string): string {
  let inner = text.trim();
  for (let layer = 0; layer < MAX_WRAPPERS; layer++) {
    const before = inner;
    const fence = inner.startsWith('```') || inner.startsWith('~~~') ? FENCE.exec(inner) : null;
    if (fence !== null) inner = fence[1]!;
    // Escapes without a line break: text that was encoded once too often. Its `\nThe` would read as the word "nthe".
    if (inner.includes('\\n') && !inner.includes('\n')) inner = unescapeText(inner);
    inner = stripQuotes(inner.trim()).replace(SPEAKER, '').trim();
    if (inner === before) break;
  }
  return inner;
}

function unescapeText(text: string): string {
  return text.replace(ESCAPE, (_, code: string | undefined, letter: string | undefined) =>
    code === undefined ? (ESCAPED[letter!] ?? letter!) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function stripQuotes(text: string): string {
  for (const [open, close] of QUOTES)
    if (text.length > 1 && text.startsWith(open!) && text.endsWith(close!)) return text.slice(1, -1);
  return text;
}

const TURN =
  /(?:^|\n)[ \t]*(?:#{1,4} ?)?(?:\*\*)?(?:human|user|question|prompt|instruction|input|system|assistant|response|answer|output|completion|ai|bot|model|chatgpt|gpt)(?:\*\*)?[ \t]?:|<\|[a-z_]{1,24}\|>|\[\/?INST\]|<\/?s>|(?:^|\n)-{3,}(?=\n)/gi;

/** The stretches between marks of who speaks. */
export function splitTurns(text: string): string[] {
  const turns: string[] = [];
  let from = 0;
  for (const { index, 0: mark } of text.matchAll(TURN)) {
    if (turns.length >= MAX_TURNS) break;
    turns.push(text.slice(from, index).trim());
    from = index + mark.length;
  }
  turns.push(text.slice(from).trim());
  return turns.filter((turn) => turn !== '');
}

/** Stretches of a `1 / parts` of the text, each half a stretch after the one before, cut at spaces. */
export function cutWindows(text: string, parts: number): string[] {
  const size = text.length / parts;
  const count = 2 * parts - 1;
  return Array.from({ length: count }, (_, i) => {
    const from = i === 0 ? 0 : toSpace(text, Math.floor((i * size) / 2));
    const to = i === count - 1 ? text.length : toSpace(text, Math.floor((i * size) / 2 + size));
    return text.slice(from, to);
  });
}

/** The next space within 40 characters, or the place itself in a script without spaces. */
function toSpace(text: string, at: number): number {
  for (let i = at; i < text.length && i < at + 40; i++) if (text.charCodeAt(i) <= 0x20) return i;
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at + 1 : at;
}
