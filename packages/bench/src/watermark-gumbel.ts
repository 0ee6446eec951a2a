import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '@phalanx/stats';
import {
  collectNgrams,
  type Mark,
  openTextSeal,
  openVllmDualGumbel,
  openVllmGumbel,
  openVllmGumbelHmac,
  openVllmSbw,
  PhiloxPrf,
  sumPhiloxScores,
  testMark,
} from '@phalanx/watermark';

const PEER = fileURLToPath(new URL('../python/gumbel-vllm.py', import.meta.url));
const KEY = 0x0123456789abcdefn;
const TOKENS = 1_000_000;
const PEER_TOKENS = 100_000;
const SLOW_TOKENS = 20_000;
const VOCABULARY = 128_256;
const ROUNDS = 7;
const PEER_ROUNDS = 3;

/**
 * Prints tokens a second of one thread, in CPU time, best of seven rounds, over a million tokens as words come: n-grams
 * gathered once each, Philox's kernel alone, the test, and all three; then a ring of keys over the same n-grams, and
 * the other dialects. The peer is vLLM's own detector (`--vllm FOLDER` with the files of its wheel, PHALANX_PYTHON or
 * python3 with torch), on a tenth of the text; both must come to one score.
 */
export async function benchWatermarkGumbel(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { keys: { type: 'string', default: '1000' }, vllm: { type: 'string' } },
  });
  const mark = openVllmGumbel({ contextWidth: 4 }, KEY);
  const text = makeZipfText(TOKENS);
  const ngrams = collectNgrams([text], mark);
  const prf = new PhiloxPrf(KEY);
  const read = mark.read(ngrams);
  console.log(
    `Gumbel detection, M tokens a second of CPU time, one thread, best of ${ROUNDS} rounds, ${TOKENS} tokens, ${ngrams.count} n-grams`,
  );
  const rates = {
    'n-grams, each once': measure(() => collectNgrams([text], mark)),
    'Philox kernel': measure(() => prf.readNgrams(ngrams)),
    'kernel to u': measure(() => mark.read(ngrams)),
    'test of u': measure(() => testMark(mark.pivot, read)),
    'all of it': measure(() => detect(mark, text)),
    'the last two with a kernel that sums': measure(() => sumPhiloxScores(ngrams, [KEY])),
  };
  for (const [what, seconds] of Object.entries(rates)) console.log(`  ${what}: ${format(TOKENS, seconds)}`);
  comparePeer(mark, text.subarray(0, PEER_TOKENS), values.vllm);

  const count = Number(values.keys);
  const keys = Array.from({ length: count }, (_, i) => KEY + BigInt(i) * 0x9e3779b97f4an);
  const ring = measureOnce(() => sumPhiloxScores(ngrams, keys));
  console.log(
    `  ring of ${count} keys over ${ngrams.count} n-grams: ${ring.toFixed(1)} s, ${format(ngrams.count * count, ring)}`,
  );

  const others: Record<string, Mark> = {
    'vllm-dual-gumbel': openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, KEY),
    textseal: openTextSeal({ contextWidth: 4 }, KEY),
    'vllm-sbw': openVllmSbw({ scheme: 'selfhash', contextWidth: 4, gamma: 0.5, delta: 2 }, KEY),
  };
  for (const [name, other] of Object.entries(others))
    console.log(
      `  ${name}, u or greens: ${format(
        ngrams.count,
        measure(() => other.read(ngrams)),
      )}`,
    );
  const hmac = openVllmGumbelHmac({ contextWidth: 4 }, KEY);
  const few = collectNgrams([text.subarray(0, SLOW_TOKENS)], hmac);
  console.log(
    `  vllm-gumbel-hmac, u: ${format(
      few.count,
      measure(() => hmac.read(few)),
    )}`,
  );
}

function detect(mark: Mark, text: Int32Array): number {
  const ngrams = collectNgrams([text], mark);
  return testMark(mark.pivot, mark.read(ngrams)).logP;
}

function comparePeer(mark: Mark, text: Int32Array, folder: string | undefined): void {
  if (folder === undefined) {
    console.log('  no --vllm FOLDER: the peer is absent');
    return;
  }
  const question = { key: `${KEY}`, tokens: [...text], rounds: PEER_ROUNDS };
  let answer: string;
  try {
    answer = execFileSync(process.env.PHALANX_PYTHON ?? 'python3', [PEER, folder], {
      input: JSON.stringify(question),
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch {
    console.log('  no python3 with torch, or no vllm in the folder: the peer is absent');
    return;
  }
  const { whole, keyed, scored, score } = JSON.parse(answer) as Record<string, number>;
  const ngrams = collectNgrams([text], mark);
  const values = mark.read(ngrams);
  const ours = values.reduce((sum, u) => sum - Math.log1p(-u), 0);
  if (ngrams.count !== scored || Math.abs(ours / score! - 1) > 1e-6)
    throw new Error(`vLLM scores ${score} over ${scored}, we ${ours} over ${ngrams.count}`);
  const alone = measure(() => mark.read(ngrams));
  const all = measure(() => detect(mark, text));
  console.log(
    `  vLLM on ${PEER_TOKENS} tokens: keyed function and score ${format(text.length, keyed!)} (ours ${(keyed! / alone).toFixed(0)} x), all of it ${format(text.length, whole!)} (ours ${(whole! / all).toFixed(0)} x)`,
  );
}

const format = (tokens: number, seconds: number) => `${(tokens / seconds / 1e6).toFixed(2)} M/s`;

function measure(run: () => unknown): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => measureOnce(run)));
}

/** CPU seconds. */
function measureOnce(run: () => unknown): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Tokens as words come: the token of rank r about 1 / r of the time. */
function makeZipfText(length: number): Int32Array {
  const random = new Random(7);
  return Int32Array.from({ length }, () => Math.floor(VOCABULARY ** random.uniform()));
}
