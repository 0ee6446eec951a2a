import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** One system call as strace saw it. */
export interface SystemCall {
  readonly name: string;
  /** Arguments as text; descriptors are followed by their path in angle brackets. */
  readonly text: string;
  /** Null when the process died in it. */
  readonly result: number | null;
  /** Whether strace answered in place of the system. */
  readonly isInjected: boolean;
  /** Absolute paths that it names, in order. */
  readonly paths: readonly string[];
}

/** What a traced process left. */
export interface TracedRun {
  readonly calls: readonly SystemCall[];
  readonly stdout: string;
  readonly isKilled: boolean;
}

export interface TraceOptions {
  /** Where strace writes. */
  readonly output: string;
  /** System calls or classes of them, as behind `-e trace=`. What is injected must be among them, or nothing is. */
  readonly trace: string;
  /** Only calls on exactly these paths, which are also the only ones that an injection counts. */
  readonly paths?: readonly string[];
  /** As behind `-e inject=`. */
  readonly inject?: string;
}

const RUN_MS = 60_000;
const CALL = /^\d+ +(\w+)\((.*)\) += (-?\d+|\?)(.*)$/;
const PATH = /<(\/[^>]*)>|"(\/[^"]*)"/g;

/** Why strace cannot be used here; null when it can. */
export async function whyNoStrace(): Promise<string | null> {
  try {
    await promisify(execFile)('strace', ['-f', '-o', '/dev/null', '-e', 'trace=write', 'true']);
    return null;
  } catch (error) {
    return `strace does not run: ${String((error as Error).message).split('\n')[0]}`;
  }
}

/**
 * Runs Node under strace. Without `--seccomp-bpf`: under it strace 6.1 injects no signals.
 *
 * @param args of the process, the script first
 */
export async function traceNode(args: readonly string[], options: TraceOptions): Promise<TracedRun> {
  const { output, trace, paths = [], inject } = options;
  const strace = ['-f', '-y', '-s', '0', '-o', output, '-e', `trace=${trace}`];
  for (const path of paths) strace.push('-P', path);
  if (inject !== undefined) strace.push('-e', `inject=${inject}`);
  let stdout: string;
  let isKilled = false;
  try {
    const running = promisify(execFile)('strace', [...strace, process.execPath, ...args], {
      timeout: RUN_MS,
      killSignal: 'SIGKILL',
    });
    ({ stdout } = await running);
  } catch (error) {
    const ended = error as { stdout?: string; signal?: string; killed?: boolean; stderr?: string };
    // strace ends by the signal that its process ended by.
    if (ended.killed || ended.signal !== 'SIGKILL') throw error;
    stdout = ended.stdout ?? '';
    isKilled = true;
  }
  const calls = readFileSync(output, 'utf8').split('\n').flatMap(readCall);
  return { calls, stdout, isKilled };
}

function readCall(line: string): SystemCall[] {
  const [, name, text, result, rest] = CALL.exec(line) ?? [];
  if (name === undefined || name === 'execve') return [];
  const paths = Array.from(text!.matchAll(PATH), ([, descriptor, literal]) => descriptor ?? literal!);
  return [
    {
      name,
      text: text!,
      result: result === '?' ? null : Number(result),
      isInjected: rest!.includes('INJECTED'),
      paths,
    },
  ];
}
