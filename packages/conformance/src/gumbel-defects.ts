import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { logIncompleteGamma, Random } from '@phalanx/stats';
import { collectNgrams, type Mark, openVllmGumbel, openVllmSbw, SbwDraw } from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';
import { countAlarms, drawKeys } from './gumbel-calibration.js';
import { NOMINAL, solveTail } from './gumbel-tails.js';

/**
 * The weighted sum that later versions of TextSeal take for a gamma variable, and the lesser of two p-values, by
 * exponential tilting: no release has them, so their formula is written down here. Ours weighs nothing by entropy.
 */
export function measureEntropyWeights(checks: Checks): void {
  const random = new Random(11);
  const n = 50;
  const draws = 40_000;
  const weights = Array.from({ length: n }, (_, i) => 0.1 + (0.9 * i) / (n - 1));
  const mean = weights.reduce((sum, w) => sum + w, 0);
  const variance = weights.reduce((sum, w) => sum + w * w, 0);
  const scale = variance / mean;
  const figures = NOMINAL.map((p) => {
    const x = scale * solveTail((s) => logIncompleteGamma(mean / scale, s).logUpper, Math.log(p));
    // Tilted so that the mean is x.
    let low = 0;
    let high = 1;
    for (let i = 0; i < 100; i++) {
      const t = (low + high) / 2;
      if (weights.reduce((sum, w) => sum + w / (1 - t * w), 0) < x) low = t;
      else high = t;
    }
    const logMean = weights.reduce((sum, w) => sum - Math.log1p(-low * w), 0);
    let total = 0;
    for (let draw = 0; draw < draws; draw++) {
      let sum = 0;
      for (const w of weights) sum -= (w / (1 - low * w)) * Math.log(1 - random.uniform());
      if (sum >= x) total += Math.exp(logMean - low * sum);
    }
    return total / draws / p;
  });
  checks.check('entropy weights: a gamma of equal moments has too light a tail', figures[2]! > 1.5);
  checks.note(
    `entropy weights 0.1 to 1, n = ${n}: the truth is ${figures.map((f, i) => `x${f.toFixed(2)} at ${NOMINAL[i]}`).join(', ')} of a moment-matched gamma; the lesser of weighted and unweighted p doubles it at most`,
  );
}

/** Documents from templates: deduplicated each by itself, as one document a call does, and across the corpus. */
export function measureTemplates(checks: Checks, data: string): void {
  const path = join(data, 'prompts', 'p3_templates.jsonl.gz');
  if (!existsSync(path)) {
    checks.skip('no data/prompts/p3_templates.jsonl.gz');
    return;
  }
  const documents = readDocuments(path, 300);
  const options = openVllmGumbel({ contextWidth: 4 }, 0n);
  const corpus = collectNgrams(documents, options);
  const single = documents.map((document) => collectNgrams([document], options));
  const width = corpus.width;
  const count = single.reduce((sum, ngrams) => sum + ngrams.count, 0);
  const tokens = new Int32Array(count * width);
  let at = 0;
  for (const ngrams of single) {
    tokens.set(ngrams.tokens, at);
    at += ngrams.tokens.length;
  }
  const none = new Uint32Array(count);
  const repeated = { width, count, tokens, text: none, position: none, repeated: 0, unscored: 0 };
  const keys = drawKeys(500, new Random(5));
  const open = (key: bigint) => openVllmGumbel({ contextWidth: 4 }, key);
  const [each] = countAlarms(repeated, keys, open);
  const [whole] = countAlarms(corpus, keys, open);
  checks.check(
    'templates: corpus-wide n-grams raise no more alarms than chance',
    whole! <= 20,
    () => `${whole}`,
  );
  checks.check('templates: the control alarms', each! >= 50, () => `${each}`);
  checks.note(
    `${documents.length} documents from templates, ${count} n-grams, ${corpus.count} distinct: p <= 0.01 for ${each} of ${keys.length} keys with contexts counted once a document, ${whole} with contexts counted once`,
  );
}

/** SBW: n-grams that share a draw counted each, as its detector does, and counted once. */
export function measureSharedDraws(checks: Checks, texts: readonly AwkwardText[]): void {
  const keys = drawKeys(500, new Random(6));
  const parameters = { scheme: 'selfhash', contextWidth: 4, gamma: 0.5, delta: 2 } as const;
  // Without `distinct`, and without what `read` does for want of it.
  const open = (key: bigint): Mark => {
    const { distinct, ...mark } = openVllmSbw(parameters, key);
    const draw = new SbwDraw(key, 'selfhash');
    const half = 2 ** 30 - 1;
    return {
      ...mark,
      read: (ngrams) => Float64Array.from(draw.readNgrams(ngrams).values, (value) => (value < half ? 1 : 0)),
    };
  };
  const figures = texts.map(({ name, tokens }) => {
    const ngrams = collectNgrams([tokens.subarray(0, 2000)], open(0n));
    return `${name} ${countAlarms(ngrams, keys, open)[0]}`;
  });
  checks.note(
    `SBW selfhash, up to 2,000 n-grams counted each: p <= 0.01 for so many of ${keys.length} keys: ${figures.join(', ')}`,
  );
}

function readDocuments(path: string, limit: number): Int32Array[] {
  const ids = new Map<string, number>();
  const rows = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n').slice(0, limit);
  return rows.map((row) => {
    const words = String(JSON.parse(row).text).match(/[\p{L}\p{N}]+|\S/gu) ?? [];
    return Int32Array.from(words, (word) => {
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      return id;
    });
  });
}
