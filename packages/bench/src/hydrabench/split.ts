import { readFileSync } from 'node:fs';
import { PhalanxError } from '@phalanx/core';

/** `BENCH_ARGUMENT`: a command line that cannot be run. `BENCH_SOURCE`: a prompt folder without what a cell needs. */
export type BenchErrorCode = 'BENCH_ARGUMENT' | 'BENCH_SOURCE';

export type SplitName = 'development' | 'held-out';

/** Names of prompt sources on one side of the split, by role. */
export interface SplitSources {
  readonly honest: readonly string[];
  readonly attack: readonly string[];
}

/**
 * The split of the public corpora, by source and never by row. Whatever is tuned (a baseline's threshold, a gate, a
 * constant of the detector) may look at `development` only; a table about `held-out` is a measurement as long as nobody
 * has tuned on it. Timing tenants are split by their position in the file: even = development, odd = held out.
 */
export const PUBLIC_SPLIT: Readonly<Record<SplitName, SplitSources>> = {
  development: {
    honest: ['sharegpt_multi', 'banking77', 'p3_templates', 'ag_news', 'hh_harmless'],
    attack: ['alpaca', 'gsm8k'],
  },
  'held-out': {
    honest: ['arena', 'oasst', 'stackoverflow_bash_q', 'mmlu', 'humaneval_x', 'awesome_prompts'],
    attack: ['codealpaca', 'flan_cot', 'metatool', 'prometheus_judge'],
  },
};

/** The same for the simulator's built-in grammars, used when no prompt folder is given. */
export const BUILT_IN_SPLIT: Readonly<Record<SplitName, SplitSources>> = {
  development: {
    honest: ['chat', 'support-question', 'template-pipeline', 'news-classification', 'red-team'],
    attack: ['instruction-synthesis', 'math-word-problem'],
  },
  'held-out': {
    honest: ['search-query', 'homework', 'translation', 'evaluation-item', 'curated-question'],
    attack: ['code-task', 'reasoning-elicitation', 'tool-use', 'rubric-judging', 'text-rewriting'],
  },
};

/**
 * Sources by the part they play in a cell. `mixed` is every attack source of the split in equal parts; it is not the
 * five-way mixture of the feasibility study, whose parts (alpaca, gsm8k, flan_cot, codealpaca, metatool) lie on both sides.
 */
export interface Roles {
  /** Ordinary customers and a reseller's cover. */
  readonly honest: readonly string[];
  readonly attack: readonly string[];
  /** Parts of the mixed campaign. */
  readonly mixed: readonly string[];
  /** Honest sources of hard tenants, by what they need. */
  readonly templates: string;
  readonly support: string;
  readonly benchmark: string;
  readonly redTeam: string;
  readonly homework: string;
  /** A de-duplicated honest list of questions: the class that broke the feasibility study. */
  readonly curated: string;
  readonly judged: string;
  /** What people write to products that number their requests. */
  readonly tickets: readonly string[];
  /** Texts that a pipeline works through. */
  readonly documents: readonly string[];
  /** Asked by academics and under a distillation licence; from the attack side of the same split. */
  readonly study: string;
  /** Honest sources that the leave-source-out cells hide behind a reseller, one at a time. */
  readonly leftOut: readonly string[];
}

const PUBLIC_ROLES = {
  templates: 'p3_templates',
  support: 'banking77',
  redTeam: 'hh_harmless',
} as const;
const BUILT_IN_ROLES = {
  templates: 'template-pipeline',
  support: 'support-question',
  redTeam: 'red-team',
} as const;

/**
 * Who plays what. A held-out population consists of held-out honest sources and the development ones too: a provider's
 * reference always holds sources that were looked at before.
 */
export function assignRoles(split: SplitName, builtIn: boolean): Roles {
  const table = builtIn ? BUILT_IN_SPLIT : PUBLIC_SPLIT;
  const { honest, attack } = table[split];
  const all = split === 'development' ? honest : [...honest, ...table.development.honest];
  const held = split === 'held-out';
  const named = builtIn
    ? {
        ...BUILT_IN_ROLES,
        benchmark: held ? 'evaluation-item' : 'news-classification',
        homework: held ? 'homework' : 'chat',
        curated: held ? 'curated-question' : 'news-classification',
        judged: held ? 'translation' : 'chat',
        tickets: held
          ? ['search-query', 'homework', 'support-question', 'chat']
          : ['support-question', 'chat'],
        documents: ['news-classification'],
      }
    : {
        ...PUBLIC_ROLES,
        benchmark: held ? 'mmlu' : 'p3_templates',
        homework: held ? 'stackoverflow_bash_q' : 'banking77',
        curated: held ? 'stackoverflow_bash_q' : 'ag_news',
        judged: held ? 'arena' : 'sharegpt_multi',
        tickets: held ? ['arena', 'oasst', 'banking77', 'sharegpt_multi'] : ['banking77', 'sharegpt_multi'],
        documents: held ? ['ag_news', 'awesome_prompts'] : ['ag_news'],
      };
  const study = held ? attack[1]! : attack.at(-1)!;
  return { honest: all, attack, mixed: attack, leftOut: honest, ...named, study };
}

/**
 * Who plays what when somebody else chose the sources: a JSON file with `honest` and `attack`, names of prompt files, and any other
 * role by its name here. Nothing of the public split stands in such a world. A role that the file leaves out falls to
 * its honest sources in turn.
 *
 * @throws PhalanxError `BENCH_ARGUMENT` when the file cannot be used.
 */
export function readJudge(file: string): Roles {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw badArgument(`${file} cannot be read as JSON`, String(cause));
  }
  const { honest, attack, ...others } = (given ?? {}) as Record<string, unknown>;
  if (!isNames(honest) || !isNames(attack))
    throw badArgument(`${file} does not name honest and attack sources`, 'give two lists of file names');
  const honestAt = (i: number): string => honest[i % honest.length]!;
  const roles: Roles = {
    honest,
    attack,
    mixed: attack,
    templates: honestAt(0),
    support: honestAt(1),
    benchmark: honestAt(2),
    redTeam: honestAt(3),
    homework: honestAt(4),
    curated: honestAt(5),
    judged: honestAt(6),
    tickets: honest,
    documents: honest,
    study: attack.at(-1)!,
    leftOut: honest,
  };
  for (const [role, value] of Object.entries(others)) {
    const usual = roles[role as keyof Roles];
    const fits = Array.isArray(usual) ? isNames(value) : typeof value === 'string';
    if (!Object.hasOwn(roles, role) || !fits)
      throw badArgument(`${file}: ${role} is no role, or not of its form`);
  }
  return { ...roles, ...others };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');
}

export function badArgument(message: string, advice?: string): PhalanxError<BenchErrorCode> {
  return new PhalanxError('BENCH_ARGUMENT', message, advice === undefined ? {} : { advice });
}
