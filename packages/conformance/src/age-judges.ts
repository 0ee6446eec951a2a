import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildGoPrograms } from './go-programs.js';

const JUDGE_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** An implementation of age by others, as a program. */
export interface AgeJudge {
  readonly name: string;
  /** Whether it knows the recipients `age1pq1...`, as age does since 1.3. */
  readonly isPostQuantum: boolean;
  seal(plain: Uint8Array, recipient: string): Promise<Uint8Array>;
  open(file: Uint8Array, identity: string): Promise<Uint8Array>;
}

/** What the modules of `go/age` give. */
export interface AgeModules {
  readonly judge: AgeJudge;
  /** The test vectors of CCTV: name to content. */
  readonly vectors: ReadonlyMap<string, Uint8Array>;
}

/** The program in the path; a text says why there is none. */
export async function findAge(folder: string): Promise<AgeJudge | string> {
  try {
    const { stdout } = await promisify(execFile)('age', ['--version']);
    return describe('age', stdout.trim(), folder);
  } catch {
    return 'no age in the path (apt-get install age)';
  }
}

/** age and its vectors at the versions of `go/age`; a text says why they cannot be had. */
export async function buildAge(folder: string): Promise<AgeModules | string> {
  const reason = await buildGoPrograms('age', ['filippo.io/age/cmd/age', './vectors'], folder);
  if (reason !== null) return reason;
  const { stdout } = await promisify(execFile)(join(folder, 'vectors'), [], { maxBuffer: MAX_OUTPUT_BYTES });
  const vectors = Object.entries(JSON.parse(stdout) as Record<string, string>).map(
    ([name, content]) => [name, new Uint8Array(Buffer.from(content, 'base64'))] as const,
  );
  const program = join(folder, 'age');
  const version = (await promisify(execFile)(program, ['--version'])).stdout.trim();
  return { judge: describe(program, `filippo.io/age ${version}`, folder), vectors: new Map(vectors) };
}

let made = 0;

function describe(program: string, version: string, folder: string): AgeJudge {
  const run = async (args: readonly string[], input: Uint8Array, identity?: string): Promise<Uint8Array> => {
    const base = join(folder, `age-${made++}`);
    writeFileSync(`${base}.in`, input);
    if (identity !== undefined) writeFileSync(`${base}.id`, `${identity}\n`, { mode: 0o600 });
    const key = identity === undefined ? [] : ['-i', `${base}.id`];
    // Without -o: age makes no file for an empty plaintext.
    const { stdout } = await promisify(execFile)(program, [...args, ...key, `${base}.in`], {
      timeout: JUDGE_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      encoding: 'buffer',
    });
    return stdout;
  };
  const [, major = 0, minor = 0] = /v?([0-9]+)\.([0-9]+)/.exec(version) ?? [];
  return {
    name: /age/.test(version) ? version : `age ${version}`,
    isPostQuantum: Number(major) > 1 || Number(minor) >= 3,
    seal: (plain, recipient) => run(['-r', recipient], plain),
    open: (file, identity) => run(['-d'], file, identity),
  };
}
