import { refuse } from '../../coalition-error.js';
import { STIX_LIMITS } from '../stix-limits.js';
import { checkHashLiterals } from './hash-literal.js';
import { readLiteral } from './literal.js';
import type {
  Comparison,
  ComparisonOperator,
  Literal,
  ObjectPath,
  ObservationExpression,
  PathStep,
} from './syntax-tree.js';
import { type Token, TokenReader } from './token.js';

/**
 * Reads a STIX 2.1 pattern (section 9, every construct of conformance level 3). One pass, one token of look-ahead, no
 * going back. Accepts what the published grammar accepts, with the two rules that `stix2-patterns` adds: an observation
 * has at most one qualifier of each kind unless parentheses stand between, and the constant that `hashes.<algorithm>` is to
 * equal has the form of such a hash.
 *
 * @throws PhalanxError `COALITION_PATTERN` where the text departs from the grammar; `COALITION_LIMIT` beyond
 *   `patternUnits`, `patternNodes` or `patternDepth`
 */
export function parsePattern(pattern: string): ObservationExpression {
  if (pattern.length > STIX_LIMITS.patternUnits) {
    refuse(
      'COALITION_LIMIT',
      `a pattern of ${pattern.length} characters`,
      'split it into several indicators',
    );
  }
  return new Parser(pattern).pattern();
}

const ORDERED: ReadonlySet<string> = new Set(['>', '<', '>=', '<=']);
const ON_STRINGS: ReadonlySet<string> = new Set(['LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET']);
const SPELLINGS: Readonly<Record<string, ComparisonOperator>> = {
  '==': '=',
  '<>': '!=',
  '=': '=',
  '!=': '!=',
};

class Parser {
  readonly #reader: TokenReader;
  #token: Token;
  #depth = 0;
  #nodes = 0;

  constructor(pattern: string) {
    this.#reader = new TokenReader(pattern);
    this.#token = this.#reader.read();
  }

  pattern(): ObservationExpression {
    const expression = this.#followedBy();
    if (this.#token.kind !== 'end') this.#fail('the end of the pattern');
    return expression;
  }

  /** Binds weakest, then OR, then AND; each to the left. */
  #followedBy(): ObservationExpression {
    let left = this.#observationOr();
    while (this.#takeKeyword('FOLLOWEDBY')) {
      left = this.#count({ kind: 'followed-by', operands: [left, this.#observationOr()] });
    }
    return left;
  }

  #observationOr(): ObservationExpression {
    const operands = [this.#observationAnd()];
    while (this.#takeKeyword('OR')) operands.push(this.#observationAnd());
    return operands.length === 1 ? operands[0]! : this.#count({ kind: 'or', operands });
  }

  #observationAnd(): ObservationExpression {
    const operands = [this.#qualified()];
    while (this.#takeKeyword('AND')) operands.push(this.#qualified());
    return operands.length === 1 ? operands[0]! : this.#count({ kind: 'and', operands });
  }

  #qualified(): ObservationExpression {
    const bare = this.#isSymbol('[');
    let of = bare ? this.#observation() : this.#parenthesised(() => this.#followedBy());
    const seen = new Set<string>();
    for (;;) {
      const { text } = this.#token;
      const qualified = this.#qualifier(of);
      if (qualified === null) return of;
      if (bare && seen.has(text)) this.#fail(`no second ${text} on one observation`);
      seen.add(text);
      of = this.#count(qualified);
    }
  }

  #qualifier(of: ObservationExpression): ObservationExpression | null {
    if (this.#takeKeyword('WITHIN')) {
      const seconds = this.#positiveNumber(['integer', 'float']);
      this.#expectKeyword('SECONDS');
      return { kind: 'within', seconds, of };
    }
    if (this.#takeKeyword('REPEATS')) {
      const times = this.#positiveNumber(['integer']);
      this.#expectKeyword('TIMES');
      return { kind: 'repeats', times, of };
    }
    if (this.#takeKeyword('START')) {
      const start = this.#expect('timestamp').slice(2, -1);
      this.#expectKeyword('STOP');
      return { kind: 'start-stop', start, stop: this.#expect('timestamp').slice(2, -1), of };
    }
    return null;
  }

  #observation(): ObservationExpression {
    this.#expectSymbol('[');
    const comparison = this.#comparisonOr();
    this.#expectSymbol(']');
    return this.#count({ kind: 'observation', comparison });
  }

  #comparisonOr(): Comparison {
    const operands = [this.#comparisonAnd()];
    while (this.#takeKeyword('OR')) operands.push(this.#comparisonAnd());
    return operands.length === 1 ? operands[0]! : this.#count({ kind: 'or', operands });
  }

  #comparisonAnd(): Comparison {
    const operands = [this.#test()];
    while (this.#takeKeyword('AND')) operands.push(this.#test());
    return operands.length === 1 ? operands[0]! : this.#count({ kind: 'and', operands });
  }

  #test(): Comparison {
    if (this.#isSymbol('(')) return this.#parenthesised(() => this.#comparisonOr());
    const not = this.#takeKeyword('NOT');
    if (this.#takeKeyword('EXISTS')) {
      return this.#count({ kind: 'exists', negated: not, path: this.#objectPath() });
    }
    if (not) this.#fail('EXISTS');
    const path = this.#objectPath();
    const negated = this.#takeKeyword('NOT');
    const operator = this.#operator();
    const at = this.#token.at;
    const operands = operator === 'IN' ? this.#set() : [this.#operand(operator)];
    if (operator === '=' || operator === '!=' || operator === 'IN') checkHashLiterals(path, operands, at);
    return this.#count({ kind: 'test', negated, path, operator, operands });
  }

  #operator(): ComparisonOperator {
    const { kind, text } = this.#token;
    if (kind === 'symbol' && (ORDERED.has(text) || SPELLINGS[text] !== undefined)) {
      this.#advance();
      return SPELLINGS[text] ?? (text as ComparisonOperator);
    }
    if (kind === 'keyword' && (text === 'IN' || ON_STRINGS.has(text))) {
      this.#advance();
      return text as ComparisonOperator;
    }
    return this.#fail('a comparison operator');
  }

  #operand(operator: ComparisonOperator): Literal {
    const wanted = ON_STRINGS.has(operator) ? 'a string' : 'a constant';
    const { kind } = this.#token;
    if (ON_STRINGS.has(operator) && kind !== 'string') this.#fail(wanted);
    if (ORDERED.has(operator) && kind === 'boolean') this.#fail('a constant that has an order');
    return this.#literal(wanted);
  }

  #set(): Literal[] {
    this.#expectSymbol('(');
    const members: Literal[] = [];
    if (this.#takeSymbol(')')) return members;
    do members.push(this.#count(this.#literal('a constant')));
    while (this.#takeSymbol(','));
    this.#expectSymbol(')');
    return members;
  }

  #literal(wanted: string): Literal {
    const literal = readLiteral(this.#token);
    if (literal === null) return this.#fail(wanted);
    this.#advance();
    return literal;
  }

  #objectPath(): ObjectPath {
    const { kind, text } = this.#token;
    if (kind !== 'name' && kind !== 'hyphened-name') this.#fail('an object type');
    this.#advance();
    this.#expectSymbol(':');
    const steps: PathStep[] = [this.#key()];
    for (;;) {
      if (this.#takeSymbol('.')) steps.push(this.#key());
      else if (this.#takeSymbol('[')) steps.push(this.#index());
      else return { objectType: text, steps };
    }
  }

  #key(): PathStep {
    const { kind, text } = this.#token;
    if (kind !== 'name' && kind !== 'string') this.#fail('a property name');
    if (kind === 'name') {
      this.#advance();
      return this.#count({ kind: 'key', key: text });
    }
    return this.#count({ kind: 'key', key: String(this.#literal('a property name').value) });
  }

  #index(): PathStep {
    const step: PathStep = this.#takeSymbol('*')
      ? { kind: 'every' }
      : { kind: 'index', index: Number(this.#expect('integer')) };
    this.#expectSymbol(']');
    return this.#count(step);
  }

  #parenthesised<T>(inner: () => T): T {
    this.#expectSymbol('(');
    if (++this.#depth > STIX_LIMITS.patternDepth) {
      refuse(
        'COALITION_LIMIT',
        `more than ${STIX_LIMITS.patternDepth} parentheses inside one another`,
        'leave out parentheses that change nothing',
      );
    }
    const value = inner();
    this.#depth--;
    this.#expectSymbol(')');
    return value;
  }

  #positiveNumber(kinds: readonly string[]): number {
    const { kind, text } = this.#token;
    if (!kinds.includes(kind) || text.startsWith('-')) this.#fail('a number that is not negative');
    this.#advance();
    return Number(text);
  }

  #count<T>(node: T): T {
    if (++this.#nodes > STIX_LIMITS.patternNodes) {
      refuse('COALITION_LIMIT', `more than ${STIX_LIMITS.patternNodes} parts in a pattern`, 'split it');
    }
    return node;
  }

  #advance(): void {
    this.#token = this.#reader.read();
  }

  #isSymbol(text: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text;
  }

  #takeSymbol(text: string): boolean {
    if (!this.#isSymbol(text)) return false;
    this.#advance();
    return true;
  }

  #expectSymbol(text: string): void {
    if (!this.#takeSymbol(text)) this.#fail(`"${text}"`);
  }

  #takeKeyword(text: string): boolean {
    if (this.#token.kind !== 'keyword' || this.#token.text !== text) return false;
    this.#advance();
    return true;
  }

  #expectKeyword(text: string): void {
    if (!this.#takeKeyword(text)) this.#fail(text);
  }

  #expect(kind: Token['kind']): string {
    const { kind: found, text } = this.#token;
    if (found !== kind) this.#fail(`a ${kind}`);
    this.#advance();
    return text;
  }

  #fail(wanted: string): never {
    const { at, kind } = this.#token;
    const found = kind === 'end' ? 'the end of the pattern' : `a ${kind}`;
    return refuse(
      'COALITION_PATTERN',
      `at character ${at} of a pattern: ${wanted} is wanted, ${found} stands there`,
      'compare with STIX 2.1 section 9',
    );
  }
}
