import type { PythonSetup } from './python.js';

/** What model_signing or cyclonedx is asked. */
export type SigningJob =
  | ({
      readonly do: 'verify';
      readonly bundle: string;
      readonly allowUnlisted?: boolean;
    } & JobModel &
      (
        | { readonly publicKey: string }
        | { readonly roots: string }
        | { readonly subject: string; readonly issuer: string }
      ))
  | ({
      readonly do: 'sign';
      readonly key: string;
      readonly certificate?: string;
      readonly chain?: string;
    } & JobModel)
  | { readonly do: 'trusted-root' }
  | { readonly do: 'bom'; readonly bom: string }
  | { readonly do: 'schemas'; readonly schemas: string; readonly bundle: string };

/** A model and how it is hashed. */
export interface JobModel {
  /** Folder or file. */
  readonly model: string;
  readonly hash?: 'sha256' | 'blake2b' | 'blake3';
  readonly shards?: number;
  readonly ignore?: readonly string[];
  readonly links?: boolean;
}

/** What they say. */
export interface JobAnswer {
  readonly ok: boolean;
  readonly error?: string;
  readonly bundle?: string;
  readonly text?: string;
}

const PACKAGES = [
  'model-signing==1.1.1',
  'sigstore==4.5.1',
  'pyOpenSSL==26.4.0',
  'cyclonedx-python-lib[json-validation]==11.12.0',
];

/** Questions for the judge with what is made of its answers, all asked at once: starting Python with Sigstore takes seconds. */
export class Docket {
  readonly #waiting: {
    readonly job: SigningJob;
    readonly hear: (answer: JobAnswer) => void | Promise<void>;
  }[] = [];

  /** What the job names must stay as it is until `close`. */
  add(job: SigningJob, hear: (answer: JobAnswer) => void | Promise<void>): void {
    this.#waiting.push({ job, hear });
  }

  /** Asks everything; without a judge nothing is heard. */
  async close(ask: AskJudge | null): Promise<void> {
    if (ask === null) return;
    const answers = await ask(this.#waiting.map(({ job }) => job));
    for (const [i, { hear }] of this.#waiting.entries()) await hear(answers[i]!);
  }
}

/** Answers jobs in their order. */
export type AskJudge = (jobs: readonly SigningJob[]) => Promise<readonly JobAnswer[]>;

/** A judge, or a text that says why there is none. */
export async function openSigningJudge(python: PythonSetup): Promise<AskJudge | string> {
  const judge = await python.open(PACKAGES);
  if (typeof judge === 'string') return judge;
  const ask = async (jobs: readonly SigningJob[]) =>
    JSON.parse(await judge.run('weight-signing.py', [], JSON.stringify(jobs))) as
      | readonly JobAnswer[]
      | { readonly missing: string };
  const first = await ask([]);
  if ('missing' in first) return `python3 without model-signing: ${first.missing}`;
  return async (jobs) => (await ask(jobs)) as readonly JobAnswer[];
}
