import { type ExchangeSample, Intent, type IntentName, unpackShape } from '@phalanx/domain';

/** A recognisable part of a pool's traffic: what remains when cover traffic is looked away from. */
export type Component =
  | {
      readonly kind: 'shape';
      readonly name: string;
      /** Components of equal family overlap; those of different families never do. */
      readonly family: number;
      readonly matches: (shape: number) => boolean;
    }
  | { readonly kind: 'intent'; readonly name: string; readonly intent: IntentName }
  /** One set of sampling parameters, or one system prompt. */
  | { readonly kind: 'parameters' | 'systemHash'; readonly name: string; readonly hash: bigint };

/** Intents that say in words what training needs; each is a component of its own. */
export const SOUGHT: readonly IntentName[] = [
  'REASONING',
  'RUBRIC',
  'PAIRWISE',
  'SYNTHESIS',
  'REWRITE',
  'TOOLS',
];

export function matchesComponent(component: Component, sample: ExchangeSample, row: number): boolean {
  switch (component.kind) {
    case 'shape':
      return component.matches(sample.shape[row]!);
    case 'intent':
      return (sample.intents[row]! & Intent[component.intent]) !== 0;
    default:
      return sample[component.kind][row] === component.hash;
  }
}

/**
 * Candidate components of a set of prompts: families of shape (opening word, capital, ending), each also cut into length
 * ranges of two octaves; one component an explicit intent; and one for each frequent set of parameters or system prompt.
 */
export function candidateComponents(sample: ExchangeSample): Component[] {
  const byName = new Map<string, Component>();
  const add = (name: string, family: number, matches: (shape: number) => boolean): void => {
    if (!byName.has(name)) byName.set(name, { kind: 'shape', name, family, matches });
  };
  for (const shape of new Set(sample.shape)) {
    const cell = unpackShape(shape);
    const key = shape & 0xff;
    const family = `${cell.opening}${cell.startsUpper ? ', capital' : ''}, ending ${cell.ending}`;
    add(family, key, (s) => (s & 0xff) === key);
    for (const low of [4, 5, 6, 7, 8, 9]) {
      if (cell.octave !== low && cell.octave !== low + 1) continue;
      add(`${family}, ${2 ** low}-${2 ** (low + 2) - 1} characters`, key, (s) => {
        const octave = (s >> 8) & 31;
        return (s & 0xff) === key && (octave === low || octave === low + 1);
      });
    }
  }
  const intents = SOUGHT.map((intent): Component => ({ kind: 'intent', name: `intent ${intent}`, intent }));
  return [
    ...byName.values(),
    ...intents,
    ...frequent(sample, 'parameters'),
    ...frequent(sample, 'systemHash'),
  ];
}

/** The eight most frequent values that at least half a percent of the sample carry. */
function frequent(sample: ExchangeSample, kind: 'parameters' | 'systemHash'): Component[] {
  const counts = new Map<bigint, number>();
  for (const hash of sample[kind]) if (hash !== 0n) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  return [...counts]
    .filter(([, n]) => n >= 0.005 * sample.shape.length)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8)
    .map(([hash]) => ({
      kind,
      name: `one set of ${kind === 'parameters' ? 'parameters' : 'instructions'} (${hash.toString(16).slice(0, 6)})`,
      hash,
    }));
}

/** What holds when any of the shape components does. */
export function unionOfShapes(components: readonly Component[]): Component {
  const parts = components.filter((c) => c.kind === 'shape');
  return {
    kind: 'shape',
    name: parts.map((c) => c.name).join(' or '),
    family: -1,
    matches: (shape) => parts.some((c) => c.matches(shape)),
  };
}
