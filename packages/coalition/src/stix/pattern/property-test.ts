import { RE2JS } from 're2js';
import { refuse } from '../../coalition-error.js';
import { STIX_LIMITS } from '../stix-limits.js';
import { type AddressRange, isWithin, parseAddressRange } from './address-range.js';
import type { MatchBudget } from './match-budget.js';
import type { Comparison, Literal } from './syntax-tree.js';
import { compareLiteral, equalsLiteral, type ObservedValue } from './value.js';
import { matchesWildcard } from './wildcard.js';

/** Whether one value that a path has reached passes a test of a pattern. */
export type PropertyTest = (value: ObservedValue, budget: MatchBudget) => boolean;

/**
 * Makes a test of a pattern ready to run (STIX 2.1 section 9.6.1). NOT turns its answer round, for values of another type
 * too, as `stix2-matcher` has it.
 *
 * MATCHES runs on RE2 (linear in the text, whatever the expression), so what PCRE has beyond regular languages, back
 * references and look-around, is refused. Text in normalisation form C; bytes as code points below 256. Running it may throw `COALITION_LIMIT`.
 *
 * @throws PhalanxError `COALITION_PATTERN` for an operand that can never match: no address range, no expression that RE2
 *   reads, no timestamp of the calendar, a set of mixed types; `COALITION_LIMIT` for LIKE and MATCHES operands too long
 */
export function compileTest(comparison: Extract<Comparison, { kind: 'test' }>): PropertyTest {
  const test = compileOperator(comparison);
  return comparison.negated ? (value, budget) => !test(value, budget) : test;
}

function compileOperator({ operator, operands }: Extract<Comparison, { kind: 'test' }>): PropertyTest {
  for (const operand of operands) checkTimestamp(operand);
  const [first] = operands;
  switch (operator) {
    case '=':
      return (value) => equalsLiteral(value, first!);
    case '!=':
      return (value) => !equalsLiteral(value, first!);
    case 'IN':
      if (new Set(operands.map(typeOf)).size > 1) {
        refuse('COALITION_PATTERN', 'the members of a set have several types', 'give them one type');
      }
      return (value) => operands.some((operand) => equalsLiteral(value, operand));
    case 'LIKE':
      return compileLike(String(first!.value));
    case 'MATCHES':
      return compileMatches(String(first!.value));
    case 'ISSUBSET':
      return compileRange(first!, (value, range) => isWithin(value, range));
    case 'ISSUPERSET':
      return compileRange(first!, (value, range) => isWithin(range, value));
    default:
      return compileOrder(operator, first!);
  }
}

function compileOrder(operator: '>' | '<' | '>=' | '<=', literal: Literal): PropertyTest {
  const holds = {
    '>': (order: number) => order > 0,
    '<': (order: number) => order < 0,
    '>=': (order: number) => order >= 0,
    '<=': (order: number) => order <= 0,
  }[operator];
  return (value) => {
    const order = compareLiteral(value, literal);
    return order !== null && holds(order);
  };
}

function compileLike(pattern: string): PropertyTest {
  if (pattern.length > STIX_LIMITS.likeUnits) {
    refuse('COALITION_LIMIT', `a LIKE operand of ${pattern.length} characters`, 'shorten it');
  }
  return (value, budget) => {
    const text = textOf(value);
    if (text === null) return false;
    budget.spend(Math.ceil((text.length * pattern.length) / 64));
    return matchesWildcard(text, pattern);
  };
}

function compileMatches(pattern: string): PropertyTest {
  if (pattern.length > STIX_LIMITS.regexUnits) {
    refuse('COALITION_LIMIT', `a MATCHES operand of ${pattern.length} characters`, 'shorten it');
  }
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern.normalize('NFC'));
  } catch (error) {
    return refuse(
      'COALITION_PATTERN',
      'a MATCHES operand is not an expression of RE2',
      'back references and look-around are not supported; say it without them',
      error,
    );
  }
  const program = expression.programSize();
  if (program > STIX_LIMITS.regexProgram) {
    refuse('COALITION_LIMIT', 'a MATCHES operand repeats too much', 'count less, or say it another way');
  }
  return (value, budget) => {
    const text = textOf(value);
    if (text === null) return false;
    if (text.length * program > STIX_LIMITS.regexSteps) {
      refuse('COALITION_LIMIT', `MATCHES on a value of ${text.length} characters`, 'leave long values out');
    }
    // Small programs run as an automaton; large ones may need each instruction at each character.
    budget.spend(Math.ceil((text.length * (program > 100 ? program : 1)) / 8));
    return expression.matcher(text).find();
  };
}

function compileRange(
  literal: Literal,
  holds: (value: AddressRange, range: AddressRange) => boolean,
): PropertyTest {
  const range = parseAddressRange(String(literal.value));
  if (range === null) {
    return refuse('COALITION_PATTERN', 'the operand is no address or block', 'write it as in 192.0.2.0/24');
  }
  return (value) => {
    const observed = typeof value === 'string' ? parseAddressRange(value) : null;
    return observed !== null && holds(observed, range);
  };
}

function checkTimestamp(literal: Literal): void {
  if (literal.kind === 'timestamp' && compareLiteral(literal.value, literal) === null) {
    refuse('COALITION_PATTERN', `${literal.value} is a day that its month does not have`, 'correct it');
  }
}

function typeOf({ kind }: Literal): string {
  return kind === 'integer' || kind === 'float' ? 'number' : kind;
}

function textOf(value: ObservedValue): string | null {
  if (typeof value === 'string') return value.normalize('NFC');
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : null;
}
