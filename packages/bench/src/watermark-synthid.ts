import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Random } from '@phalanx/stats';
import {
  collectNgrams,
  deepmindSynthidParameters,
  hfSynthidParameters,
  type Mark,
  type Ngrams,
  openDeepmindSynthid,
  openHfSynthid,
  openHfSynthidTest,
  openVllmSynthid,
  vllmSynthidParameters,
} from '@phalanx/watermark';

const PEER = fileURLToPath(new URL('../python/synthid-torch.py', import.meta.url));
const TOKENS = 400_000;
const PEER_TOKENS = 50_000;
const DEPTH = 30;
const ROUNDS = 5;
const VOCABULARY = 50_000;
const KEYS = 100_000;

/**
 * Prints n-grams a second of one thread, in CPU time, best of five rounds, at 30 layers: the three dialects of SynthID, on
 * few n-grams and on many; beside it torch, when PHALANX_PYTHON or python3 has it with transformers: both must count
 * the same ones. Then a whole test of a text: exact for a table, by decoys, and keys tested on one text.
 */
export async function benchWatermarkSynthid(): Promise<void> {
  const random = new Random(1);
  const text = Int32Array.from({ length: TOKENS }, () => random.integer(VOCABULARY));
  const keys = Array.from({ length: DEPTH }, () => drawKey(random));
  const marks = {
    hf: openHfSynthid(hfSynthidParameters.parse({}), keys),
    deepmind: openDeepmindSynthid(deepmindSynthidParameters.parse({}), keys),
    vllm: openVllmSynthid(vllmSynthidParameters.parse({ stream: 'plain' }), 42n),
    'vllm, later stream': openVllmSynthid(vllmSynthidParameters.parse({}), 42n),
  };
  const many = collectNgrams([text], marks.hf);
  const few = collectNgrams([text.subarray(0, PEER_TOKENS)], { ...marks.hf, padding: null });
  const peer = askTorch(keys, text.subarray(0, PEER_TOKENS));
  console.log(
    `SynthID detection, ${DEPTH} layers, n-grams a second of CPU time, one thread, best of ${ROUNDS} rounds`,
  );
  for (const [name, mark] of Object.entries(marks)) {
    const open = name === 'hf' ? () => openHfSynthid(hfSynthidParameters.parse({}), keys) : () => mark;
    const rates = [few, many].map((ngrams) => ngrams.count / fastest(() => open().read(ngrams)));
    const theirs = peer !== null && (name === 'hf' || name === 'deepmind') ? peer[name] : null;
    const ones = theirs === null ? 0 : countOnes(mark, few);
    if (theirs !== null && ones !== theirs[1])
      throw new Error(`${name}: torch counts ${theirs[1]} ones, we ${ones}`);
    const rate = theirs === null ? 0 : few.count / theirs[0];
    const beside =
      theirs === null ? '' : `  torch ${peer!.torch} ${format(rate)}  ratio ${(rates[0]! / rate).toFixed(1)}`;
    console.log(
      `  ${name}: ${format(rates[0]!)} on ${few.count} n-grams, ${format(rates[1]!)} on ${many.count}${beside}`,
    );
  }
  if (peer === null) console.log('  no python3 with torch and transformers: the peer is absent');
  else {
    const rate = peer.masked / peer.mask[0];
    console.log(
      `  transformers ${peer.transformers}, context mask of its detector: ${format(rate)} tokens a second`,
    );
  }
  for (const count of [200, 2000, many.count]) measureTests(marks, firstOf(many, count), random);
}

function measureTests(marks: Record<'hf' | 'deepmind', Mark>, ngrams: Ngrams, random: Random): void {
  const exact = fastest(() => marks.hf.test!(ngrams));
  const test = openHfSynthidTest(hfSynthidParameters.parse({}), ngrams, DEPTH);
  const lists = Array.from({ length: KEYS / 100 }, () =>
    Array.from({ length: DEPTH }, () => drawKey(random)),
  );
  const perKey = fastest(() => lists.map((list) => test(list))) / lists.length;
  const decoys = ngrams.count > 10_000 ? null : measure(() => marks.deepmind.test!(ngrams));
  const shown = decoys === null ? '' : `; deepmind against decoys ${(decoys * 1e3).toFixed(0)} ms`;
  console.log(
    `  a test of ${ngrams.count} n-grams: hf exact ${(exact * 1e3).toFixed(0)} ms, a further key ${(perKey * 1e6).toFixed(0)} us${shown}`,
  );
}

function firstOf(ngrams: Ngrams, count: number): Ngrams {
  return { ...ngrams, count, tokens: ngrams.tokens.subarray(0, count * ngrams.width) };
}

const format = (rate: number) => Math.round(rate).toLocaleString('en');

function drawKey(random: Random): bigint {
  return BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));
}

/** CPU seconds. */
function measure(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function fastest(run: () => unknown): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => measure(run)));
}

function countOnes(mark: Mark, ngrams: Ngrams): number {
  let ones = 0;
  for (const word of mark.read(ngrams))
    for (let layer = 0; layer < DEPTH; layer++) ones += (word >>> layer) & 1;
  return ones;
}

interface Peer {
  readonly torch: string;
  readonly transformers: string;
  readonly masked: number;
  readonly hf: readonly [number, number];
  readonly deepmind: readonly [number, number];
  readonly mask: readonly [number, number];
}

function askTorch(keys: readonly bigint[], tokens: Int32Array): Peer | null {
  const question = { keys: keys.map(String), tokens: [...tokens], rounds: ROUNDS };
  try {
    return JSON.parse(
      execFileSync(process.env.PHALANX_PYTHON ?? 'python3', [PEER], {
        input: JSON.stringify(question),
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return null;
  }
}
