import { type ExchangeSample, HEAD_LANES, PROMPT_MINHASH_BYTES, signatureOf } from '@phalanx/domain';
import { type Component, matchesComponent, requestShare } from './component.js';
import { topicList } from './near-repeats.js';

/** Without a template public corpora have 0.004 to 0.008 of their lanes in common, inside one 0.065 to 0.3 (docs/decisions/0009). */
const TEMPLATE_AGREEMENT = 0.03;
const TEMPLATE_WORD = 0.9;
const INSTRUCTED = 0.8;
const MATERIAL = 0.5;
const MIN_ROWS = 20;
/** Of a component that mixes several senders, so much in one-job streams makes it one. */
const MIXED = 1 / 3;
const PAIRS = 2_000;

/**
 * Whether a component looks like one job over changing material: one instruction, in the prompt or beside it, and another
 * document, ticket or record each time. A product does that and never repeats itself, as honest as it may be, so the
 * absence of repeats says nothing about training then. Null when it does not, or when fewer than 20 of its prompts are there.
 *
 * @param sample exchanges of the pool, with MinHash lanes
 * @returns what ties the prompts together, as a clause
 */
export function describeOneJob(sample: ExchangeSample, component: Component): string | null {
  const rows: number[] = [];
  for (let row = 0; row < sample.account.length; row++)
    if (sample.ok[row] === 1 && matchesComponent(component, sample, row)) rows.push(row);
  let inJobs = 0;
  let found: string | null = null;
  for (const stream of splitBySignature(sample, rows)) {
    const job = describeRows(sample, stream);
    if (job === null) continue;
    inJobs += stream.length;
    found ??= job;
  }
  return inJobs >= MIXED * rows.length ? found : describeRows(sample, rows);
}

function splitBySignature(sample: ExchangeSample, rows: readonly number[]): number[][] {
  const streams = new Map<bigint, number[]>();
  for (const row of rows) {
    const signature = signatureOf(sample.parameters[row]!, sample.systemHash[row]!);
    const stream = streams.get(signature);
    if (stream) stream.push(row);
    else streams.set(signature, [row]);
  }
  return [...streams.values()].sort((a, b) => b.length - a.length);
}

function describeRows(sample: ExchangeSample, rows: readonly number[]): string | null {
  if (rows.length < MIN_ROWS) return null;
  if (isTemplated(sample, rows)) return 'are cast from one template';
  if (isInstructed(sample, rows) && requestShare(sample, rows) < MATERIAL)
    return 'are material for one instruction that stands beside them';
  return null;
}

/** Two prompts, not copies, have more of their first or last forty words in common than unrelated ones do; or all have one word. */
function isTemplated(sample: ExchangeSample, rows: readonly number[]): boolean {
  const words = new Map<number, number>();
  for (const row of rows)
    for (const word of topicList(sample.topics, row)) words.set(word, (words.get(word) ?? 0) + 1);
  if (Math.max(0, ...words.values()) >= TEMPLATE_WORD * rows.length) return true;
  return (
    sample.minhash !== undefined &&
    laneAgreement(sample.promptHash, sample.minhash, rows) > TEMPLATE_AGREEMENT
  );
}

/**
 * Share of MinHash lanes that two prompts have in common, the larger of their first and last forty words: the mean over
 * 2,000 pairs, copies left out. Pairs are far apart in time: neighbours may be one sitting's, or one chapter of a list.
 */
export function laneAgreement(
  promptHash: BigUint64Array,
  minhash: Uint8Array,
  rows: readonly number[],
): number {
  const equal = [0, 0];
  let pairs = 0;
  const apart = Math.max(1, Math.floor(0.382 * rows.length));
  for (let i = 0; i < PAIRS; i++) {
    const a = rows[i % rows.length]!;
    const b = rows[(i + apart + Math.floor(i / rows.length)) % rows.length]!;
    if (promptHash[a] === promptHash[b]) continue;
    pairs++;
    for (let lane = 0; lane < PROMPT_MINHASH_BYTES; lane++)
      if (minhash[a * PROMPT_MINHASH_BYTES + lane] === minhash[b * PROMPT_MINHASH_BYTES + lane])
        equal[lane < HEAD_LANES ? 0 : 1]!++;
  }
  return Math.max(...equal) / HEAD_LANES / Math.max(1, pairs);
}

function isInstructed(sample: ExchangeSample, rows: readonly number[]): boolean {
  const counts = new Map<bigint, number>();
  for (const row of rows) {
    const system = sample.systemHash[row]!;
    if (system !== 0n) counts.set(system, (counts.get(system) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values()) >= INSTRUCTED * rows.length;
}
