import type { Python } from './python.js';
import { fetchWheel, type WheelFiles } from './python-wheel.js';

/** What Python needs to run the code of vLLM and transformers. */
export const ENGINE_JUDGE_PACKAGES = [
  'numpy==2.4.6',
  'pydantic==2.14.3',
  'torch==2.15.0',
  'transformers==5.23.0',
];

const WHEELS = {
  vllm: { requirement: 'vllm==0.33.0', prefixes: ['vllm/v1/watermarking/', 'vllm/config/watermarking.py'] },
  sglang: { requirement: 'sglang==0.5.23', prefixes: ['sglang/srt/sampling/watermarking/'] },
};

/** Marks by other programs' own code. */
export interface EngineJudge {
  /** Programs that cannot be asked, and why. */
  readonly missing: ReadonlyMap<string, string>;
  /** Asks `python/watermark-engines.py`, whose functions are named `ask_<ask>`. */
  ask(questions: readonly object[]): Promise<unknown[]>;
  close(): Promise<void>;
}

/** @param table file of ln p as float32, `size` rows of `size` */
export async function openEngineJudge(python: Python, table: string, size: number): Promise<EngineJudge> {
  const missing = new Map<string, string>();
  const open: WheelFiles[] = [];
  const folders: string[] = [];
  for (const [name, { requirement, prefixes }] of Object.entries(WHEELS)) {
    const files = await fetchWheel(python, requirement, prefixes);
    if (typeof files === 'string') missing.set(name, files);
    else open.push(files);
    folders.push(typeof files === 'string' ? '-' : files.folder);
  }
  return {
    missing,
    ask: async (questions) =>
      JSON.parse(
        await python.run('watermark-engines.py', [...folders, table, `${size}`], JSON.stringify(questions)),
      ),
    async close() {
      for (const files of open) await files.close();
    },
  };
}
