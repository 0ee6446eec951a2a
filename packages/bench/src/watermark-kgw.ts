import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Random } from '@phalanx/stats';
import { collectNgrams, hfKgwParameters, type Mark, type Ngrams, openHfKgw } from '@phalanx/watermark';

const PEER = fileURLToPath(new URL('../python/kgw-torch.py', import.meta.url));
const KEY = 15485863n;
const GAMMA = 0.25;
const VOCABULARIES = [50_257, 128_256];
const ROUNDS = 5;
const COLD_ROWS = 4000;
const PEER_ROWS = 400;
const WARM_TOKENS = 400_000;
/** Words whose lists all fit into memory. */
const WORDS = 6000;
const STEPS = 50;

/**
 * Prints n-grams a second of one thread, in CPU time, best of five rounds: KGW of transformers (`lefthash`, gamma 0.25), every
 * context a new one, and beside it what a torch detector does for each; then text whose contexts recur, whose lists are
 * held as bitmaps as far as memory goes, first with few words, then with all; and microseconds to raise the logits of a whole vocabulary. The peer runs when
 * PHALANX_PYTHON or python3 has torch; both must count the same greens.
 */
export async function benchWatermarkKgw(): Promise<void> {
  console.log('KGW detection, n-grams a second of CPU time, one thread, best of 5 rounds');
  for (const vocabulary of VOCABULARIES) {
    const mark = openHfKgw(hfKgwParameters.parse({ vocabulary, gamma: GAMMA }), KEY);
    const rounds = Array.from({ length: ROUNDS }, (_, round) => makeColdNgrams(vocabulary, round));
    const cold = COLD_ROWS / Math.min(...rounds.map((ngrams) => measure(() => mark.read(ngrams))));
    const peer = askTorch(vocabulary, mark, rounds[0]!);
    const ratio =
      peer === null ? '' : `  ${peer.name} ${format(peer.rate)}  ratio ${(cold / peer.rate).toFixed(1)}`;
    console.log(`  vocabulary ${vocabulary}, every context new: ${format(cold)}${ratio}`);
    if (peer === null) console.log('  no python3 with torch: the peer is absent');

    for (const words of [WORDS, vocabulary]) {
      const counted = mark.distinct!(collectNgrams([makeZipfText(words)], mark));
      const first = measure(() => mark.read(counted));
      const again = Math.min(...Array.from({ length: ROUNDS }, () => measure(() => mark.read(counted))));
      console.log(
        `  vocabulary ${vocabulary}, ${counted.count} n-grams, ${countContexts(counted)} contexts: first reading ${format(counted.count / first)}, again ${format(counted.count / again)}`,
      );
    }
    console.log(
      `  vocabulary ${vocabulary}, logits raised: ${(measureSteps(mark, vocabulary) * 1e6).toFixed(0)} us a step`,
    );
  }
}

const format = (rate: number) => Math.round(rate).toLocaleString('en');

/** CPU seconds. */
function measure(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Contexts that no round before it had, so that no list is held. */
function makeColdNgrams(vocabulary: number, round: number): Ngrams {
  const random = new Random(round);
  const tokens = new Int32Array(COLD_ROWS * 2);
  for (let row = 0; row < COLD_ROWS; row++) {
    tokens[2 * row] = 1 + round * COLD_ROWS + row;
    tokens[2 * row + 1] = random.integer(vocabulary);
  }
  const zeros = new Uint32Array(COLD_ROWS);
  return { width: 2, count: COLD_ROWS, tokens, text: zeros, position: zeros, repeated: 0, unscored: 0 };
}

function askTorch(vocabulary: number, mark: Mark, ngrams: Ngrams): { name: string; rate: number } | null {
  const rows = Array.from({ length: PEER_ROWS }, (_, row) => row);
  const question = {
    vocabulary,
    size: Math.floor(vocabulary * GAMMA),
    seeds: rows.map((row) => Number(KEY) * ngrams.tokens[2 * row]!),
    tokens: rows.map((row) => ngrams.tokens[2 * row + 1]!),
    rounds: ROUNDS,
  };
  let text: string;
  try {
    text = execFileSync(process.env.PHALANX_PYTHON ?? 'python3', [PEER], {
      input: JSON.stringify(question),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
  const { torch, seconds, greens } = JSON.parse(text) as { torch: string; seconds: number; greens: number };
  const ours = mark
    .read(ngrams)
    .subarray(0, PEER_ROWS)
    .reduce((a, b) => a + b, 0);
  if (ours !== greens) throw new Error(`torch counts ${greens} greens, we ${ours}`);
  return { name: `torch ${torch}`, rate: PEER_ROWS / seconds };
}

/** Tokens as words come: the token of rank r about 1 / r of the time. */
function makeZipfText(vocabulary: number): Int32Array {
  const random = new Random(7);
  return Int32Array.from({ length: WARM_TOKENS }, () => Math.floor(vocabulary ** random.uniform()));
}

function countContexts(ngrams: Ngrams): number {
  const contexts = new Set<number>();
  for (let row = 0; row < ngrams.count; row++) contexts.add(ngrams.tokens[2 * row]!);
  return contexts.size;
}

function measureSteps(mark: Mark, vocabulary: number): number {
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const logProbabilities = new Float64Array(vocabulary);
  const contexts = Array.from({ length: STEPS }, (_, i) => Int32Array.of(vocabulary - 1 - i));
  const run = () => {
    for (const context of contexts) mark.reshape(context, { tokens, logProbabilities }, Math.random);
  };
  return measure(run) / STEPS;
}
