import { Intent, type IntentName, unpackShape } from '@phalanx/domain';

/** A recognisable part of a pool's traffic: what remains when cover traffic is looked away from. */
export type Component =
  | { readonly kind: 'shape'; readonly name: string; readonly matches: (shape: number) => boolean }
  | { readonly kind: 'intent'; readonly name: string; readonly intent: IntentName };

/** Intents that say in words what training needs; each is a component of its own. */
export const SOUGHT: readonly IntentName[] = [
  'REASONING',
  'RUBRIC',
  'PAIRWISE',
  'SYNTHESIS',
  'REWRITE',
  'TOOLS',
];

export function matchesComponent(component: Component, shape: number, intents: number): boolean {
  return component.kind === 'shape' ? component.matches(shape) : (intents & Intent[component.intent]) !== 0;
}

/**
 * Candidate components of a set of prompts: families of shape (opening word, capital, ending), each also cut into length
 * ranges of two octaves, and one component an explicit intent.
 */
export function candidateComponents(shapes: Iterable<number>): Component[] {
  const byName = new Map<string, Component>();
  const add = (name: string, matches: (shape: number) => boolean): void => {
    if (!byName.has(name)) byName.set(name, { kind: 'shape', name, matches });
  };
  for (const shape of shapes) {
    const cell = unpackShape(shape);
    const key = shape & 0xff;
    const family = `${cell.opening}${cell.startsUpper ? ', capital' : ''}, ending ${cell.ending}`;
    add(family, (s) => (s & 0xff) === key);
    for (const low of [4, 5, 6, 7, 8, 9]) {
      if (cell.octave !== low && cell.octave !== low + 1) continue;
      add(`${family}, ${2 ** low}-${2 ** (low + 2) - 1} characters`, (s) => {
        const octave = (s >> 8) & 31;
        return (s & 0xff) === key && (octave === low || octave === low + 1);
      });
    }
  }
  const intents = SOUGHT.map((intent): Component => ({ kind: 'intent', name: `intent ${intent}`, intent }));
  return [...byName.values(), ...intents];
}

/** What holds when any of the shape components does. */
export function unionOfShapes(components: readonly Component[]): Component {
  const parts = components.filter((c) => c.kind === 'shape');
  return {
    kind: 'shape',
    name: parts.map((c) => c.name).join(' or '),
    matches: (shape) => parts.some((c) => c.matches(shape)),
  };
}
