import type { Python } from './python.js';

/** Who judges: transformers, the synthid_text wheel, or that wheel with the hash of the main branch (`python/synthid.py`). */
export type SynthidJudge = 'hf' | 'wheel' | 'deepmind';

/** An engine and its settings. Keys in decimal. */
export interface SynthidEngine {
  readonly judge: SynthidJudge;
  readonly keys: readonly string[];
  readonly ngram: number;
  readonly tableSize?: number;
  readonly tableSeed?: number;
  readonly history?: number;
  readonly skipFirst?: boolean;
  readonly leaves?: number;
}

export interface ReadJob extends SynthidEngine {
  readonly job: 'read';
  readonly texts: readonly number[][];
  /** The id that ends a text. */
  readonly end: number;
}

/** What a judge reads in a text of T tokens: T - n + 1 entries, and two scores. */
export interface ReadAnswer {
  readonly words: readonly string[];
  readonly repetition: readonly number[];
  readonly end: readonly number[];
  readonly mean: number;
  readonly weighted: number;
}

export interface UpdateJob {
  readonly job: 'update';
  readonly cases: readonly {
    readonly scores: readonly number[];
    readonly words: readonly string[];
    readonly depth: number;
    readonly leaves: number;
  }[];
}

export interface WriteJob extends SynthidEngine {
  readonly job: 'write';
  readonly prompt: readonly number[];
  readonly vocabulary: number;
  readonly steps: number;
  /** Steps whose scores and probabilities come back. */
  readonly shapes: number;
  readonly sharpness: number;
  readonly seed: number;
}

export interface WriteAnswer {
  readonly tokens: readonly number[];
  readonly shapes: readonly { readonly scores: number[]; readonly probabilities: number[] }[];
}

export interface NullJob {
  readonly job: 'null';
  readonly text: readonly number[];
  readonly tableSeeds: readonly number[];
  readonly keyLists: readonly (readonly string[])[];
}

interface Answers {
  read: ReadAnswer[];
  update: (number | null)[][];
  write: WriteAnswer;
  null: number[][];
}
export type SynthidJob = ReadJob | UpdateJob | WriteJob | NullJob;

/** Asks for all jobs in one process; `folder` holds the wheel's files. */
export async function askSynthid<const Jobs extends readonly SynthidJob[]>(
  python: Python,
  folder: string,
  jobs: Jobs,
): Promise<{ [I in keyof Jobs]: Answers[Jobs[I]['job']] }> {
  return JSON.parse(await python.run('synthid.py', [folder], JSON.stringify(jobs)));
}
