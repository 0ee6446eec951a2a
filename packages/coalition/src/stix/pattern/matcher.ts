import { refuse } from '../../coalition-error.js';
import { STIX_LIMITS } from '../stix-limits.js';
import { parseTimestamp } from '../timestamp.js';
import { type Binding, fitsWithin } from './binding.js';
import { combineBindings, pairBindings } from './combination.js';
import { MatchBudget } from './match-budget.js';
import { type CompiledComparison, compileComparison } from './object-comparison.js';
import type { Observation } from './observation.js';
import { parsePattern } from './parser.js';
import type { ObservationExpression } from './syntax-tree.js';

/** A pattern that is ready to be matched often. */
export interface CompiledPattern {
  /**
   * The observations of the first match found, in the order given, or null where there is none. Each part of the
   * pattern takes another observation, or another of the `count` times that one was seen.
   *
   * @throws PhalanxError `COALITION_LIMIT` after `steps` steps (`matchSteps` by default): matching AND over observations
   *   that may stand in for one another can take a time exponential in the pattern
   */
  match(observations: readonly Observation[], steps?: number): Observation[] | null;
}

/**
 * Makes a pattern ready (STIX 2.1 section 9, conformance level 3). What it may match beyond the grammar: WITHIN and
 * REPEATS of more than nothing. A START that is not before its STOP matches nothing.
 *
 * @throws PhalanxError `COALITION_PATTERN` or `COALITION_LIMIT` as `parsePattern` and `compileTest`
 */
export function compilePattern(pattern: string): CompiledPattern {
  const expression = parsePattern(pattern);
  const uses = countUses(expression);
  if (uses > STIX_LIMITS.patternNodes) {
    refuse('COALITION_LIMIT', `a pattern that wants ${uses} observations`, 'ask for fewer repetitions');
  }
  const root = prepare(expression);
  return {
    match(observations, steps = STIX_LIMITS.matchSteps) {
      if (observations.length > STIX_LIMITS.observations) {
        refuse('COALITION_LIMIT', `${observations.length} observations`, 'match fewer at a time');
      }
      const run: Run = { observations, uses, budget: new MatchBudget(steps) };
      const [found] = root(run, { withinUs: null, startStops: [] });
      if (found === undefined) return null;
      const indexes = new Set(found.uses.map((use) => Math.floor(use / uses)));
      return [...indexes].sort((a, b) => a - b).map((index) => observations[index]!);
    },
  };
}

interface Run {
  readonly observations: readonly Observation[];
  /** Uses that the whole pattern can make of one observation at most. */
  readonly uses: number;
  readonly budget: MatchBudget;
}

/** What the qualifiers around a part ask of its times; asked as early as possible, so that most choices are never made. */
interface Times {
  readonly withinUs: bigint | null;
  readonly startStops: readonly { readonly startUs: bigint; readonly stopUs: bigint }[];
}

/** Every binding of a part, as they are found. */
type Part = (run: Run, times: Times) => Iterable<Binding>;

function prepare(expression: ObservationExpression): Part {
  switch (expression.kind) {
    case 'observation':
      return findObservations(compileComparison(expression.comparison));
    case 'or': {
      const operands = expression.operands.map(prepare);
      return function* (run, times) {
        for (const operand of operands) yield* operand(run, times);
      };
    }
    case 'and':
      return expression.operands.map(prepare).reduce((left, right) => joinParts(left, right, false));
    case 'followed-by':
      return expression.operands.map(prepare).reduce((left, right) => joinParts(left, right, true));
    case 'within': {
      const of = prepare(expression.of);
      if (!(expression.seconds > 0)) refuse('COALITION_PATTERN', 'WITHIN 0 SECONDS', 'give it some time');
      const ownUs = BigInt(Math.round(Math.min(expression.seconds, 1e12) * 1e6));
      return (run, times) => {
        const withinUs = times.withinUs !== null && times.withinUs < ownUs ? times.withinUs : ownUs;
        return of(run, { ...times, withinUs });
      };
    }
    case 'start-stop': {
      const of = prepare(expression.of);
      const startStop = { startUs: readTime(expression.start), stopUs: readTime(expression.stop) };
      return (run, times) => of(run, { ...times, startStops: [...times.startStops, startStop] });
    }
    case 'repeats': {
      const of = prepare(expression.of);
      const { times: count } = expression;
      if (count < 1) refuse('COALITION_PATTERN', 'REPEATS 0 TIMES', 'ask for at least one');
      if (count === 1) return of;
      return (run, times) => combineBindings(of(run, times), count, times.withinUs, run.budget);
    }
  }
}

function findObservations(comparison: CompiledComparison): Part {
  return function* ({ observations, uses, budget }, { withinUs, startStops }) {
    for (const [index, observation] of observations.entries()) {
      budget.spend();
      const { firstUs, lastUs } = observation;
      const inTime = startStops.every(
        ({ startUs, stopUs }) => startUs < stopUs && firstUs < stopUs && lastUs >= startUs,
      );
      if (!inTime || comparison(observation, budget).size === 0) continue;
      for (let use = 0; use < Math.min(observation.count, uses); use++) {
        budget.spend();
        const binding = { uses: [index * uses + use], latestFirstUs: firstUs, earliestLastUs: lastUs };
        if (fitsWithin(binding, withinUs)) yield binding;
      }
    }
  };
}

function joinParts(left: Part, right: Part, inOrder: boolean): Part {
  return (run, times) =>
    pairBindings(left(run, times), () => right(run, times), times.withinUs, inOrder, run.budget);
}

function countUses(expression: ObservationExpression): number {
  switch (expression.kind) {
    case 'observation':
      return 1;
    case 'and':
    case 'followed-by':
      return expression.operands.reduce((sum, operand) => sum + countUses(operand), 0);
    case 'or':
      return Math.max(...expression.operands.map(countUses));
    case 'repeats':
      return expression.times * countUses(expression.of);
    default:
      return countUses(expression.of);
  }
}

function readTime(text: string): bigint {
  return (
    parseTimestamp(text) ??
    refuse('COALITION_PATTERN', `${text} is a day that its month does not have`, 'correct it')
  );
}
