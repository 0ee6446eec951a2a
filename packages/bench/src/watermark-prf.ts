import { createHmac } from 'node:crypto';
import {
  collectNgrams,
  type MultibitMark,
  type Ngrams,
  openMark,
  PhiloxPrf,
  PrfScheme,
  SipHashPrf,
} from '@phalanx/watermark';

const TOKENS = 1_000_000;
const CONTEXT = 4;
const VOCABULARY = 128_256;
const ROUNDS = 7;
const HMAC_TOKENS = 50_000;

/**
 * Prints what a token costs under the keyed functions of marks, one thread, best of 7 rounds over a million n-grams with contexts of
 * four tokens: SipHash-2-4 and Philox kernels, HMAC-SHA-256 of Node as the peer; then what own dialects read, what a
 * vocabulary of 128,256 candidates costs at generation, and a million keys derived.
 */
export async function benchWatermarkPrf(): Promise<void> {
  const text = Int32Array.from({ length: TOKENS }, (_, i) => (Math.imul(i, 2654435761) >>> 0) % VOCABULARY);
  const ngrams = collectNgrams([text], { contextWidth: CONTEXT, unit: 'ngram', padding: 0 });
  const key = new Uint8Array(16).fill(9);
  const sipHash = new SipHashPrf(key, PrfScheme.GUMBEL, CONTEXT);
  const philox = new PhiloxPrf(0x0123456789abcdefn);
  const rate = (ms: number, tokens: number) => `${(tokens / ms / 1000).toFixed(1)} M tokens/s`;

  console.log(
    `keyed functions of marks, ${ngrams.count} n-grams, contexts of ${CONTEXT} (best of ${ROUNDS} rounds)`,
  );
  const sipMs = measure(() => sipHash.readNgrams(ngrams));
  const philoxMs = measure(() => philox.readNgrams(ngrams));
  const hmacMs = measure(() => readByHmac(key, ngrams));
  console.log(`  SipHash-2-4, 64 bits:   ${rate(sipMs, ngrams.count)}`);
  console.log(`  Philox4x32-10, 32 bits: ${rate(philoxMs, ngrams.count)}`);
  const ratio = hmacMs / HMAC_TOKENS / (sipMs / ngrams.count);
  console.log(
    `  HMAC-SHA-256 of Node:   ${rate(hmacMs, HMAC_TOKENS)} (${ratio.toFixed(0)} x the time of SipHash)`,
  );

  for (const [dialect, parameters] of [
    ['phalanx-gumbel', {}],
    ['phalanx-gumbel', { secondShare: 0.1 }],
    ['phalanx-synthid', {}],
    ['phalanx-kgw', { contextWidth: CONTEXT }],
  ] as const) {
    const mark = openMark(dialect, parameters, '09'.repeat(16));
    console.log(
      `  ${dialect} ${JSON.stringify(parameters)}: ${rate(
        measure(() => mark.read(ngrams)),
        ngrams.count,
      )}`,
    );
  }
  const multibit = openMark('phalanx-multibit', { bits: 64 }, '09'.repeat(16)) as MultibitMark;
  const payloadMs = measure(() => multibit.readPayload(ngrams));
  console.log(`  phalanx-multibit, payload of 64 bits: ${rate(payloadMs, ngrams.count)}`);

  const candidates = Int32Array.from({ length: VOCABULARY }, (_, i) => i);
  const context = Int32Array.of(1, 2, 3, 4);
  const stepMs = measure(() => sipHash.readTokens(context, candidates));
  const topMs = measure(() => {
    for (let i = 0; i < 1000; i++) sipHash.readTokens(context, candidates.subarray(0, 64));
  });
  console.log(
    `  one step of generation, SipHash: ${VOCABULARY} candidates ${(stepMs * 1000).toFixed(0)} us, 64 candidates ${topMs.toFixed(1)} us`,
  );
}

function measure(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS + 2; round++) {
    const started = performance.now();
    run();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

function readByHmac(key: Uint8Array, { tokens, width }: Ngrams): number {
  let sum = 0;
  for (let row = 0; row < HMAC_TOKENS; row++) {
    const message = new Uint8Array(tokens.buffer, tokens.byteOffset + row * width * 4, width * 4);
    sum ^= createHmac('sha256', key).update(message).digest()[0]!;
  }
  return sum;
}
