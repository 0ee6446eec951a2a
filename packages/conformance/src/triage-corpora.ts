import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** 150 human texts and what a model wrote from the same beginnings: text i of one and of the other are a pair. */
export interface PairSet {
  readonly name: string;
  readonly domain: string;
  readonly human: readonly string[];
  readonly machine: readonly string[];
  /** Equal for texts of one beginning, which sets of one domain may share. */
  readonly groups: readonly string[];
}

/** What others reported or measured on a set: area under the curve. */
export const PUBLISHED: Readonly<Record<string, string>> = {
  'xsum_gpt-4': 'Fast-DetectGPT .907',
  'writing_gpt-4': 'Fast-DetectGPT .961',
};

const SETS = ['xsum_gpt-4', 'xsum_gpt-3.5-turbo', 'writing_gpt-4', 'writing_davinci'];
const CODE = { js: 'humanevalpack_js', python: 'humanevalpack_python' };

/** The sets in a folder, those of Bao et al. 2024 as their repository has them; null when it is not there. */
export function loadPairSets(folder: string): PairSet[] | null {
  if (!SETS.every((name) => existsSync(join(folder, `${name}.json.gz`)))) return null;
  return SETS.map((name) => {
    const { original, sampled } = JSON.parse(readZipped(join(folder, `${name}.json.gz`)));
    const groups = original.map((text: string) => text.slice(0, 60));
    return { name, domain: name.split('_')[0]!, human: original, machine: sampled, groups };
  });
}

/** A solution that a person wrote. */
export interface Solution {
  readonly task: string;
  readonly bare: string;
  /** With the comment that states the task. */
  readonly explained: string;
}

/** Human solutions of HumanEvalPack in two languages; null when they are not there. */
export function loadSolutions(folder: string): Readonly<Record<keyof typeof CODE, Solution[]>> | null {
  if (!Object.values(CODE).every((name) => existsSync(join(folder, `${name}.jsonl.gz`)))) return null;
  const load = (name: string) =>
    readZipped(join(folder, `${name}.jsonl.gz`))
      .trim()
      .split('\n')
      .map((line) => {
        const { task_id, declaration, prompt, canonical_solution } = JSON.parse(line);
        const task = String(task_id).split('/')[1]!;
        return { task, bare: declaration + canonical_solution, explained: prompt + canonical_solution };
      });
  return { js: load(CODE.js), python: load(CODE.python) };
}

function readZipped(path: string): string {
  return gunzipSync(readFileSync(path)).toString('utf8');
}
