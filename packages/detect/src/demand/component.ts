import { type ExchangeSample, Intent, type IntentName, type ShapeCell, unpackShape } from '@phalanx/domain';

/** A recognisable part of a pool's traffic: what remains when cover traffic is looked away from. */
export type Component =
  | {
      readonly kind: 'form';
      readonly name: string;
      /** Components of equal family overlap; those of different families never do. */
      readonly family: number;
      readonly matches: (form: number) => boolean;
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

/** Bits of the intents that set a task, sought or not. A bare question carries none, and neither does an exam's item. */
export const TASK_INTENTS = SOUGHT.reduce(
  (bits, name) => bits | Intent[name],
  Intent.DIRECTIVE | Intent.PROBLEM | Intent.CODE | Intent.REQUEST,
);

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
  IDENTIFIER: 'prompts with an identifier or a time of their own',
  REQUEST: 'requests for help',
};

/** Kinds of prompt that divide a family further: a problem and an order can open and end alike. */
const KINDS: readonly { readonly bit: number; readonly name: string }[] = [
  { bit: Intent.PROBLEM, name: 'pose a problem' },
  { bit: Intent.CODE, name: 'are about code' },
  { bit: Intent.OPTIONS, name: 'offer options' },
];
const MIN_SIGNATURE_SHARE = 0.005;
/** A mixture of five lists at 5 % of the traffic puts each behind some thirty cover customers. */
const MAX_SIGNATURES = 40;
const SHAPE_BITS = 15;
const OCTAVES = 31 << 8;
const MANY_LINES = 2 << 13;

/** How a prompt looks, as one number: its shape cell below, the kinds that it belongs to above. */
export function formOf(sample: Pick<ExchangeSample, 'shape' | 'intents'>, row: number): number {
  const intents = sample.intents[row]!;
  const kinds = KINDS.reduce((bits, { bit }, k) => (intents & bit ? bits | (1 << k) : bits), 0);
  return (kinds << SHAPE_BITS) | sample.shape[row]!;
}

/** A form without its length; of its line breaks only whether there are two or more. */
export function familyOf(form: number): number {
  return (form & ~OCTAVES & ~(3 << 13)) | (form & MANY_LINES);
}

export function matchesComponent(component: Component, sample: ExchangeSample, row: number): boolean {
  switch (component.kind) {
    case 'form':
      return component.matches(formOf(sample, row));
    case 'intent':
      return (sample.intents[row]! & Intent[component.intent]) !== 0;
    case 'signature':
      return (
        sample.parameters[row] === component.parameters && sample.systemHash[row] === component.systemHash
      );
  }
}

/**
 * Candidate components of a set of prompts: families of form (opening word, capital, ending, kinds, one line or more), each
 * also cut into length ranges of two octaves; one component an explicit intent; and one for each frequent signature.
 */
export function candidateComponents(sample: ExchangeSample): Component[] {
  const byName = new Map<string, Component>();
  const add = (name: string, family: number, matches: (form: number) => boolean): void => {
    if (!byName.has(name)) byName.set(name, { kind: 'form', name, family, matches });
  };
  const forms = new Set<number>();
  for (let row = 0; row < sample.shape.length; row++) forms.add(formOf(sample, row));
  for (const form of forms) {
    const { octave } = unpackShape(form);
    const family = familyOf(form);
    const name = describeFamily(form);
    add(name, family, (other) => familyOf(other) === family);
    for (const low of [4, 5, 6, 7, 8, 9])
      if (octave === low || octave === low + 1)
        add(`${name}, of ${2 ** low} to ${2 ** (low + 2) - 1} characters`, family, (other) => {
          const length = (other & OCTAVES) >> 8;
          return familyOf(other) === family && (length === low || length === low + 1);
        });
  }
  const intents = SOUGHT.map((intent): Component => ({ kind: 'intent', name: INTENT_NAMES[intent], intent }));
  return [...byName.values(), ...intents, ...frequentSignatures(sample)];
}

function describeFamily(form: number): string {
  const cell = unpackShape(form);
  const kinds = KINDS.filter((_, k) => form & (1 << (SHAPE_BITS + k))).map(({ name }) => name);
  return [
    `prompts that open with ${OPENINGS[cell.opening]}`,
    `end with ${ENDINGS[cell.ending] ?? 'another character'}`,
    ...(form & MANY_LINES ? ['have several lines'] : []),
    ...kinds,
  ].join(' and ');
}

/** The most frequent signatures, of those that at least half a percent of the sample carry. */
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
    .filter(({ n }) => n >= MIN_SIGNATURE_SHARE * sample.shape.length)
    .sort((a, b) => b.n - a.n)
    .slice(0, MAX_SIGNATURES)
    .map(({ parameters, systemHash }) => ({
      kind: 'signature',
      name: `requests with one set of parameters (${parameters.toString(16).slice(0, 6)}) and ${systemHash === 0n ? 'no instructions' : `one instruction text (${systemHash.toString(16).slice(0, 6)})`}`,
      parameters,
      systemHash,
    }));
}

/** What holds when any of the components of form does; named after the first. */
export function unionOfForms(components: readonly Component[]): Component {
  const parts = components.filter((c) => c.kind === 'form');
  return {
    kind: 'form',
    name: parts.length === 1 ? parts[0]!.name : `${parts[0]!.name}, and ${parts.length - 1} more`,
    family: -1,
    matches: (form) => parts.some((c) => c.matches(form)),
  };
}

/** Share of prompts that ask for something: a question, an order, or an explicit intent. */
export function requestShare(sample: ExchangeSample, rows: readonly number[]): number {
  const sought = SOUGHT.reduce((bits, name) => bits | Intent[name], 0);
  let asks = 0;
  for (const row of rows) {
    const cell = unpackShape(sample.shape[row]!);
    const request =
      cell.opening === 'question' ||
      cell.opening === 'auxiliary' ||
      cell.opening === 'imperative' ||
      cell.ending === 2;
    if (request || (sample.intents[row]! & sought) !== 0) asks++;
  }
  return asks / rows.length;
}
