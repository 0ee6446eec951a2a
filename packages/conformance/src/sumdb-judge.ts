import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { formatTilePath, type TilePath, type TransparencyLog, tilesOf } from '@phalanx/ledger';
import type { Checks } from './checks.js';
import type { AcknowledgedBatch } from './killed-log.js';
import { type BitFlip, readResource, type TileServer } from './tile-server.js';

const JUDGE_MS = 150_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What `go/sumdb` is asked; see there. */
export interface SumdbRequest {
  readonly url: string;
  readonly key: string;
  readonly only?: string;
  readonly proofs?: number;
  readonly seed?: number;
  readonly checkpoints?: readonly string[];
  readonly batches?: readonly AcknowledgedBatch[];
}

/** What it answers. */
export interface SumdbAnswer {
  readonly size: number;
  /** Checks by kind. */
  readonly counts: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Asks Go's checksum database packages about logs, one answer a request. */
export async function askSumdb(program: string, requests: readonly SumdbRequest[]): Promise<SumdbAnswer[]> {
  const running = promisify(execFile)(program, [], { timeout: JUDGE_MS, maxBuffer: MAX_OUTPUT_BYTES });
  running.child.stdin!.on('error', () => undefined);
  running.child.stdin!.end(requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
  const { stdout } = await running;
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SumdbAnswer);
  if (answers.length !== requests.length)
    throw new Error(`${answers.length} answers to ${requests.length} requests`);
  return answers;
}

/** Counts one check for each kind that was asked for, and prints how many there were of each. */
export function checkAnswer(
  checks: Checks,
  what: string,
  { counts, faults }: SumdbAnswer,
  expected: Readonly<Record<string, number>>,
): void {
  for (const [kind, count] of Object.entries(expected)) {
    checks.check(`${what}: ${kind}`, !faults.some((fault) => fault.startsWith(`${kind}: `)), () =>
      faults.join('; '),
    );
    checks.equal(`${what}: ${kind}, how many`, String(counts[kind] ?? 0), String(count));
  }
  checks.check(`${what}: nothing else is wrong`, faults.length === 0, () => faults.join('; '));
  checks.note(
    `${what}: ${Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ')}`,
  );
}

/** A random bit of a random resource of a signed log: of an entry bundle, or of a hash tile of some level, all alike. */
export function drawFlip(log: TransparencyLog): BitFlip {
  const tiles = [...tilesOf(log.signed!.checkpoint.size)];
  const bundles = tiles
    .filter(({ level }) => level === 0)
    .map((tile) => ({ ...tile, level: 'entries' as const }));
  const resources: readonly TilePath[] = [...tiles, ...bundles];
  const levels = [...new Set(resources.map(({ level }) => level))];
  const level = levels[randomInt(levels.length)];
  const ofLevel = resources.filter((tile) => tile.level === level);
  const path = formatTilePath(ofLevel[randomInt(ofLevel.length)]!);
  return { path, bit: randomInt(8 * readResource(log, path)!.length) };
}

/** Each bit of the resource at `path`. */
export function allFlips(log: TransparencyLog, path: string): BitFlip[] {
  return Array.from({ length: 8 * readResource(log, path)!.length }, (_, bit) => ({ path, bit }));
}

/** Whether sumdb takes each flipped resource for good. */
export async function acceptsFlips(
  program: string,
  server: TileServer,
  key: string,
  flips: readonly BitFlip[],
): Promise<boolean[]> {
  const requests = flips.map((flip) => ({ url: server.flip(flip), key, only: flip.path }));
  return (await askSumdb(program, requests)).map(({ faults }) => faults.length === 0);
}
