import type { Json } from '@phalanx/core';
import type { StixObject } from '../stix-object.js';
import type { MatchBudget } from './match-budget.js';
import type { Observation } from './observation.js';
import { compileTest, type PropertyTest } from './property-test.js';
import type { Comparison, ObjectPath, PathStep } from './syntax-tree.js';
import type { ObservedValue } from './value.js';

/** Which observables of an observation satisfy a comparison: keys of `Observation.objects`. */
export type CompiledComparison = (observation: Observation, budget: MatchBudget) => ReadonlySet<string>;

/**
 * Makes what stands inside square brackets ready to run. AND holds where one and the same observable satisfies both sides
 * (section 9.6), whatever it refers to; OR where either.
 *
 * @throws as `compileTest` does
 */
export function compileComparison(comparison: Comparison): CompiledComparison {
  if (comparison.kind === 'test') return selectBy(comparison.path, compileTest(comparison), false);
  if (comparison.kind === 'exists') return selectBy(comparison.path, () => true, comparison.negated);
  const operands = comparison.operands.map(compileComparison);
  if (comparison.kind === 'or') {
    return (observation, budget) => new Set(operands.flatMap((operand) => [...operand(observation, budget)]));
  }
  return (observation, budget) => {
    let satisfied = [...operands[0]!(observation, budget)];
    for (const operand of operands.slice(1)) {
      if (satisfied.length === 0) break;
      const found = operand(observation, budget);
      satisfied = satisfied.filter((id) => found.has(id));
    }
    return new Set(satisfied);
  };
}

function selectBy(path: ObjectPath, test: PropertyTest, without: boolean): CompiledComparison {
  return (observation, budget) => {
    const satisfied = new Set<string>();
    for (const [id, object] of observation.objects) {
      budget.spend();
      if (object.type !== path.objectType) continue;
      const values = walkPath(object, path.steps, observation, budget);
      if (without ? values.length === 0 : values.some((value) => test(value, budget))) satisfied.add(id);
    }
    return satisfied;
  };
}

/**
 * The values at the end of a path (section 9.7). A property whose name ends in `_ref` or `_refs` is replaced by the
 * observables that it names, of the same observation; one that ends in `_hex` or `_bin` by its bytes.
 */
function walkPath(
  root: StixObject,
  steps: readonly PathStep[],
  observation: Observation,
  budget: MatchBudget,
): readonly ObservedValue[] {
  let values: readonly ObservedValue[] = [root];
  for (const step of steps) {
    values = values.flatMap((value) => takeStep(value, step, observation));
    budget.spend(values.length);
  }
  return values;
}

function takeStep(value: ObservedValue, step: PathStep, observation: Observation): ObservedValue[] {
  if (step.kind === 'every') return Array.isArray(value) ? value : [];
  if (step.kind === 'index') {
    return Array.isArray(value) && step.index in value ? [value[step.index]] : [];
  }
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    !Object.hasOwn(value, step.key)
  ) {
    return [];
  }
  const { key } = step;
  const member = (value as Record<string, Json>)[key]!;
  if (key.endsWith('_ref')) return lookUp(member, observation);
  if (key.endsWith('_refs')) {
    const named = Array.isArray(member) ? member.flatMap((id) => lookUp(id, observation)) : [];
    return named.length === 0 ? [] : [named];
  }
  return [decodeBySuffix(key, member)];
}

function lookUp(id: Json, observation: Observation): StixObject[] {
  const found = typeof id === 'string' ? observation.objects.get(id) : undefined;
  return found === undefined ? [] : [found];
}

function decodeBySuffix(key: string, value: Json): ObservedValue {
  if (typeof value !== 'string') return value;
  if (key.endsWith('_hex')) return new Uint8Array(Buffer.from(value, 'hex'));
  return key.endsWith('_bin') ? new Uint8Array(Buffer.from(value, 'base64')) : value;
}
