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
 * Who plays what. A held-out population consists of held-out honest sources and, unless `alone`, the development ones
 * too: a provider's reference always holds sources that were looked at before.
 */
export function assignRoles(split: SplitName, builtIn: boolean, alone = false): Roles {
  const table = builtIn ? BUILT_IN_SPLIT : PUBLIC_SPLIT;
  const { honest, attack } = table[split];
  const all = split === 'development' || alone ? honest : [...honest, ...table.development.honest];
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
  return { honest: all, attack, mixed: attack, ...named, study: held ? attack[1]! : attack.at(-1)! };
}

export function badArgument(message: string, advice?: string): PhalanxError<BenchErrorCode> {
  return new PhalanxError('BENCH_ARGUMENT', message, advice === undefined ? {} : { advice });
}
