import { createHash } from 'node:crypto';
import type { Exchange } from '@phalanx/domain';
import { type BenchmarkIndex, createSketcher, sketchExchange } from '@phalanx/sketch';

const TEXTS = 500;
const TEXT_BYTES = 1024;
const ROUNDS = 15;
const BENCHMARK_HASHES = 100_000;

/**
 * Prints microseconds a text (best of 15 rounds over 500 texts of 1 KB pseudo-English) for the sketch kernel, a plain
 * JavaScript sketch of the same outline, and Node's SHA-256 of the same text; then for a whole exchange record, without
 * known benchmarks and with an index of 100,000 hashes, none of which the texts hold.
 */
export async function benchSketchSpeed(): Promise<void> {
  const sketcher = createSketcher(new Uint8Array(32).fill(1));
  const texts = makeTexts();
  const exchanges = texts.map((text, i) => makeExchange(text, texts[(i + 7) % TEXTS]!, i));
  const seeds = Uint32Array.from({ length: 64 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) | 1);

  const prompt = measure(texts, (text) => sketcher.sketchPrompt(text));
  const response = measure(texts, (text) => sketcher.sketchResponse(text));
  const plainPrompt = measure(texts, (text) => sketchInPlainScript(text, seeds, 40));
  const plainResponse = measure(texts, (text) => sketchInPlainScript(text, seeds.subarray(32), Infinity));
  const sha256 = measure(texts, (text) => createHash('sha256').update(text).digest());
  const record = measure(exchanges, (exchange) => sketchExchange(exchange, sketcher));

  const knowing = createSketcher(new Uint8Array(32).fill(1), { benchmarks: makeBenchmarks() });
  const knowingRecord = measure(exchanges, (exchange) => sketchExchange(exchange, knowing));

  const ratio = (a: number, b: number) => (a / b).toFixed(1);
  console.log('sketch speed, us for 1 KB (best of 15 rounds)');
  for (const [name, ours, plain] of [
    ['prompt', prompt, plainPrompt],
    ['response', response, plainResponse],
  ] as const)
    console.log(
      `  ${name.padEnd(9)} kernel ${ours.toFixed(2)}  plain JS ${plain.toFixed(2)} (${ratio(plain, ours)} x kernel)  ` +
        `SHA-256 ${sha256.toFixed(2)} (kernel = ${ratio(ours, sha256)} x SHA-256)`,
    );
  console.log(`  exchange record, 1 KB prompt + 1 KB response + headers: ${record.toFixed(2)}`);
  console.log(
    `  with ${BENCHMARK_HASHES} hashes of known benchmarks: ${knowingRecord.toFixed(2)} (${(knowingRecord / record).toFixed(2)} x)`,
  );
}

function measure<T>(inputs: readonly T[], run: (input: T) => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS + 5; round++) {
    const start = performance.now();
    for (const input of inputs) run(input);
    best = Math.min(best, ((performance.now() - start) * 1000) / inputs.length);
  }
  return best;
}

/** What one would write without a kernel: words by regular expression, 32-bit hashes, lanes, topics; no intents. */
function sketchInPlainScript(text: string, seeds: Uint32Array, window: number) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const hashes = new Uint32Array(words.length);
  let whole = 0x811c9dc5;
  words.forEach((word, i) => {
    let h = 0x811c9dc5;
    for (let j = 0; j < word.length; j++) h = Math.imul(h ^ word.charCodeAt(j), 0x01000193);
    hashes[i] = h;
    whole = Math.imul(whole ^ h, 0x85ebca6b);
  });
  const lanes = new Uint8Array(seeds.length);
  const fill = (from: number, to: number, first: number, last: number) => {
    for (let lane = first; lane < last; lane++) {
      let least = 0xffffffff;
      for (let i = from; i + 2 < to; i++) {
        const shingle = Math.imul(
          hashes[i]! ^ Math.imul(hashes[i + 1]! ^ Math.imul(hashes[i + 2]!, 5), 7),
          9,
        );
        const image = (Math.imul(shingle, seeds[lane]!) + lane) >>> 0;
        if (image < least) least = image;
      }
      lanes[lane] = Math.imul(least, 0x85ebca6b) >>> 24;
    }
  };
  if (window === Infinity) return { whole, fill: fill(0, words.length, 0, seeds.length), lanes };
  fill(0, Math.min(window, words.length), 0, 32);
  fill(Math.max(0, words.length - window), words.length, 32, 64);
  const topics = [...new Set(hashes.filter((_, i) => words[i]!.length >= 4))]
    .sort((a, b) => a - b)
    .slice(0, 8);
  return { whole, lanes, topics };
}

/** Multiples of 8 all over the range, as sampled hashes are. */
function makeBenchmarks(): BenchmarkIndex {
  const hashes = BigUint64Array.from({ length: BENCHMARK_HASHES }, (_, i) => {
    const digest = createHash('sha256').update(`${i}`).digest();
    return digest.readBigUInt64LE() & ~7n;
  });
  return { hashes: hashes.sort() };
}

const SENTENCE =
  'The committee met on Tuesday to discuss the new proposal for public transport in the northern districts, ' +
  'and several members asked how the costs would be shared. ';

function makeTexts(): string[] {
  return Array.from({ length: TEXTS }, (_, i) =>
    `${i} ${SENTENCE.repeat(8)}`
      .slice(0, TEXT_BYTES)
      .replace(/e/g, (letter, at: number) => ((at * i) % 7 ? letter : 'a')),
  );
}

function makeExchange(prompt: string, response: string, i: number): Exchange {
  return {
    sourceId: `req_${i}`,
    accountId: `acct_${i % 40}`,
    organisationId: `org_${i % 20}`,
    startedAtMs: 1_700_000_000_000 + i,
    provider: 'openai',
    model: 'm-1',
    operation: 'chat',
    status: 'ok',
    messages: [
      { role: 'system', text: 'You are a helpful assistant. Platform: linux' },
      { role: 'user', text: prompt },
    ],
    response,
    parameters: { temperature: 0.7, max_tokens: 1024, top_p: 1 },
    client: {
      userAgent: 'OpenAI/JS 4.55.0',
      ip: `203.0.113.${i % 250}`,
      headers: {
        'x-stainless-os': 'Linux',
        'x-stainless-lang': 'js',
        'x-stainless-arch': 'x64',
        'x-stainless-runtime': 'node',
        'x-stainless-runtime-version': 'v20.11.0',
        'x-stainless-package-version': '4.55.0',
      },
    },
  };
}
