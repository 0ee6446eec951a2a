import { refuse } from '../../coalition-error.js';

/** Kinds of tokens: those of the published grammar that the parser tells apart. */
export type TokenKind =
  | 'integer'
  | 'float'
  | 'hex'
  | 'base64'
  | 'string'
  | 'boolean'
  | 'timestamp'
  | 'keyword'
  | 'name'
  | 'hyphened-name'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** UTF-16 code units from the start of the pattern. */
  readonly at: number;
}

const KEYWORDS = new Set(
  'AND OR NOT FOLLOWEDBY LIKE MATCHES ISSUPERSET ISSUBSET EXISTS LAST IN START STOP SECONDS WITHIN REPEATS TIMES'.split(
    ' ',
  ),
);

// Each is sticky and none has two ways to read one text. Digits before a point are bounded, since `000...` is as many integers
// and each would look for its point to the end of the pattern.
const SPACE =
  /(?:[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/|\/\/[^\r\n]*)+/y;
const FLOAT = /[+-]?[0-9]{0,40}\.[0-9]+/y;
const INTEGER = /[+-]?(?:0|[1-9][0-9]*)/y;
const HEX = /h'(?:[0-9A-Fa-f]{2})*'/y;
const BASE64 = /b'(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)'/y;
const TIMESTAMP =
  /t'[0-9]{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?Z'/y;
const STRING = /'(?:[^'\\]|\\['\\])*'/y;
const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
const SYMBOL = /==|!=|<>|<=|>=|[=<>:.,()[\]*]/y;

/**
 * Cuts a pattern into tokens one after the other, so that nothing is read behind a fault: the longest that fits, as the published
 * grammar (STIXPattern.g4 of STIX 2.1) has it; keywords are upper case, `true` and `false` lower.
 */
export class TokenReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /**
   * The next token; one of kind `end` after the last.
   *
   * @throws PhalanxError `COALITION_PATTERN` at a character that begins no token
   */
  read(): Token {
    this.#at += this.#take(SPACE)?.length ?? 0;
    const at = this.#at;
    if (at >= this.#pattern.length) return { kind: 'end', text: '', at };
    const token = readToken(this.#pattern[at]!, (expression) => this.#take(expression));
    if (token === null) {
      return refuse(
        'COALITION_PATTERN',
        `no part of a pattern begins at character ${at}`,
        'look at that character',
      );
    }
    this.#at += token.text.length;
    return { ...token, at };
  }

  #take(expression: RegExp): string | null {
    expression.lastIndex = this.#at;
    return expression.exec(this.#pattern)?.[0] ?? null;
  }
}

const NUMBERS: readonly (readonly [TokenKind, RegExp])[] = [
  ['float', FLOAT],
  ['integer', INTEGER],
];

/** Constants by the character that they begin with; no other token begins with a digit, a sign or a quote. */
const LITERALS: Readonly<Record<string, readonly (readonly [TokenKind, RegExp])[]>> = {
  ...Object.fromEntries([...'+-.0123456789'].map((first) => [first, NUMBERS])),
  h: [['hex', HEX]],
  b: [['base64', BASE64]],
  t: [['timestamp', TIMESTAMP]],
  "'": [['string', STRING]],
};

function readToken(
  first: string,
  take: (expression: RegExp) => string | null,
): { kind: TokenKind; text: string } | null {
  for (const [kind, expression] of LITERALS[first] ?? []) {
    const text = take(expression);
    if (text !== null) return { kind, text };
  }
  const name = take(NAME);
  if (name !== null) {
    if (KEYWORDS.has(name)) return { kind: 'keyword', text: name };
    if (name === 'true' || name === 'false') return { kind: 'boolean', text: name };
    return { kind: name.includes('-') ? 'hyphened-name' : 'name', text: name };
  }
  const symbol = take(SYMBOL);
  return symbol === null ? null : { kind: 'symbol', text: symbol };
}
