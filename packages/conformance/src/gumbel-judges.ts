import type { Python } from './python.js';
import { fetchWheel } from './python-wheel.js';

/** A question to a judge's own code; keys as decimal text. */
export type Question = { readonly ask: string } & Readonly<Record<string, unknown>>;

/** Somebody else's generators and detectors. */
export interface GumbelJudge {
  readonly name: string;
  /** Answers in the order of the questions, as its own code gives them. */
  ask(questions: readonly Question[]): Promise<unknown[]>;
  close(): Promise<void>;
}

const PACKAGES = {
  vllm: ['numpy==2.4.6', 'pydantic==2.14.3', 'torch==2.15.0'],
  textseal: ['numpy==2.4.6', 'scipy==1.17.1', 'torch==2.15.0'],
};

const WHEELS = {
  vllm: {
    requirement: 'vllm==0.33.0',
    prefixes: ['vllm/v1/watermarking/', 'vllm/config/watermarking.py'],
    script: 'watermark-vllm.py',
  },
  textseal: {
    requirement: 'textseal==0.0.5',
    prefixes: ['textseal/common/watermark/', 'textseal/posthoc/detector.py', 'textseal/posthoc/generator.py'],
    script: 'watermark-textseal.py',
  },
};

/** What Python needs for both judges. */
export const JUDGE_PACKAGES = [...new Set([...PACKAGES.vllm, ...PACKAGES.textseal])];

/** The code of a wheel, run without the packages around it; a text says why it cannot be had. */
export async function openGumbelJudge(
  python: Python,
  name: keyof typeof WHEELS,
): Promise<GumbelJudge | string> {
  const { requirement, prefixes, script } = WHEELS[name];
  const files = await fetchWheel(python, requirement, prefixes);
  if (typeof files === 'string') return files;
  return {
    name: requirement.replace('==', ' '),
    ask: async (questions) => JSON.parse(await python.run(script, [files.folder], JSON.stringify(questions))),
    close: () => files.close(),
  };
}
