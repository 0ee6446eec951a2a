import { type ExchangeSample, Intent, type IntentName, type ShapeCell, unpackShape } from '@phalanx/domain';

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
  /** One set of sampling parameters under one system prompt (0n: none): how a job that runs by itself signs its requests. */
  | {
      readonly kind: 'signature';
      readonly name: string;
      readonly parameters: bigint;
      readonly systemHash: bigint;
    };

/** Intents that say in words what training needs; each is a component of its own. */
export const SOUGHT: readonly IntentName[] = [
  'REASONING',
  'RUBRIC',
  'PAIRWISE',
  'SYNTHESIS',
  'REWRITE',
  'TOOLS',
];

const OPENINGS: Record<ShapeCell['opening'], string> = {
  question: 'a question word',
  auxiliary: 'a verb such as "can" or "is"',
  imperative: 'an order',
  i: '"I"',
  capital: 'a capital letter',
  lower: 'a small letter',
  other: 'no letter',
};
/** By `ShapeCell.ending`. */
const ENDINGS = [
  'nothing',
  'a full stop',
  'a question mark',
  'an exclamation mark',
  'a colon',
  'a semicolon',
  'a comma',
  'a bracket',
  'a quotation mark',
  'a digit',
  'a letter',
];
const INTENT_NAMES: Record<IntentName, string> = {
  REASONING: 'prompts that ask for written-out reasoning',
  RUBRIC: 'prompts that ask for grades by a rubric',
  PAIRWISE: 'prompts that ask which answer is better',
  SYNTHESIS: 'prompts that ask for invented tasks or examples',
  REWRITE: 'prompts that ask for rewrites',
  TOOLS: 'prompts that offer tools',
  DIRECTIVE: 'orders',
  PROBLEM: 'problems',
  CODE: 'prompts about code',
  BENCHMARK: 'known benchmark prompts',
  OPTIONS: 'multiple-choice prompts',
};

export function matchesComponent(component: Component, sample: ExchangeSample, row: number): boolean {
  switch (component.kind) {
    case 'shape':
      return component.matches(sample.shape[row]!);
    case 'intent':
      return (sample.intents[row]! & Intent[component.intent]) !== 0;
    case 'signature':
      return (
        sample.parameters[row] === component.parameters && sample.systemHash[row] === component.systemHash
      );
  }
}

/**
 * Candidate components of a set of prompts: families of shape (opening word, capital, ending), each also cut into length
 * ranges of two octaves; one component an explicit intent; and one for each frequent signature.
 */
export function candidateComponents(sample: ExchangeSample): Component[] {
  const byName = new Map<string, Component>();
  const add = (name: string, family: number, matches: (shape: number) => boolean): void => {
    if (!byName.has(name)) byName.set(name, { kind: 'shape', name, family, matches });
  };
  for (const shape of new Set(sample.shape)) {
    const cell = unpackShape(shape);
    const key = shape & 0xff;
    const family = `prompts that open with ${OPENINGS[cell.opening]} and end with ${ENDINGS[cell.ending] ?? 'another character'}`;
    add(family, key, (s) => (s & 0xff) === key);
    for (const low of [4, 5, 6, 7, 8, 9]) {
      if (cell.octave !== low && cell.octave !== low + 1) continue;
      add(`${family}, of ${2 ** low} to ${2 ** (low + 2) - 1} characters`, key, (s) => {
        const octave = (s >> 8) & 31;
        return (s & 0xff) === key && (octave === low || octave === low + 1);
      });
    }
  }
  const intents = SOUGHT.map((intent): Component => ({ kind: 'intent', name: INTENT_NAMES[intent], intent }));
  return [...byName.values(), ...intents, ...frequentSignatures(sample)];
}

/** The twelve most frequent signatures that at least half a percent of the sample carry. */
function frequentSignatures(sample: ExchangeSample): Component[] {
  const counts = new Map<string, { parameters: bigint; systemHash: bigint; n: number }>();
  for (let row = 0; row < sample.shape.length; row++) {
    const parameters = sample.parameters[row]!;
    const systemHash = sample.systemHash[row]!;
    if (parameters === 0n && systemHash === 0n) continue;
    const key = `${parameters}:${systemHash}`;
    const known = counts.get(key);
    if (known) known.n++;
    else counts.set(key, { parameters, systemHash, n: 1 });
  }
  return [...counts.values()]
    .filter(({ n }) => n >= 0.005 * sample.shape.length)
    .sort((a, b) => b.n - a.n)
    .slice(0, 12)
    .map(({ parameters, systemHash }) => ({
      kind: 'signature',
      name: `requests with one set of parameters (${parameters.toString(16).slice(0, 6)}) and ${systemHash === 0n ? 'no instructions' : `one instruction text (${systemHash.toString(16).slice(0, 6)})`}`,
      parameters,
      systemHash,
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
