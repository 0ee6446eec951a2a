import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainByteVocabulary } from '@phalanx/testing';
import { openTokenizer, type Tokenizer } from '@phalanx/watermark';

/**
 * A language model whose distribution is a table, counted on this repository's own documents, so that engines can be asked
 * whether they give it, and texts of other programs can be made on the same one.
 */
export interface BigramModel {
  readonly tokenizer: Tokenizer;
  /** The vocabulary as `tokenizer.json`. */
  readonly tokenizerFile: Uint8Array;
  readonly size: number;
  /** ln p(next | last), `size` rows of `size`. */
  readonly table: Float32Array;
}

/** Merges learned; with 256 bytes and an end token they make 640, which eight heads divide. */
const MERGES = 383;
/** Counts given to the unigram distribution in every row: no row is without choice. */
const PRIOR = 20;

/** Counts the model on the documents under `root`. */
export function countBigrams(root: string): BigramModel {
  const docs = join(root, 'docs');
  const files = readdirSync(docs).filter((name) => name.endsWith('.md'));
  const texts = [
    'README.md',
    'ARCHITECTURE.md',
    'THREATS.md',
    ...files.map((name) => join('docs', name)),
  ].map((name) => readFileSync(join(root, name), 'utf8'));
  const tokenizerFile = trainByteVocabulary(texts, MERGES);
  const tokenizer = openTokenizer(tokenizerFile);
  const size = tokenizer.vocabularySize;
  const pairs = new Float64Array(size * size);
  const single = new Float64Array(size);
  let total = 0;
  for (const text of texts) {
    const tokens = tokenizer.encode(text);
    for (let i = 0; i < tokens.length; i++) {
      single[tokens[i]!]!++;
      total++;
      if (i > 0) pairs[tokens[i - 1]! * size + tokens[i]!]!++;
    }
  }
  const table = new Float32Array(size * size);
  for (let last = 0; last < size; last++) {
    const row = pairs.subarray(last * size, (last + 1) * size);
    const seen = row.reduce((sum, count) => sum + count, 0);
    // The end token never comes: answers have the length that is asked for.
    for (let next = 0; next < size; next++) {
      const p = (row[next]! + (PRIOR * (single[next]! + 0.01)) / total) / (seen + PRIOR);
      table[last * size + next] = next === size - 1 ? -40 : Math.log(p);
    }
  }
  return { tokenizer, tokenizerFile, size, table };
}

/** Mean entropy of a row over a text, nats. */
export function measureMeanEntropy({ size, table }: BigramModel, tokens: Int32Array): number {
  let sum = 0;
  for (const token of tokens)
    for (let next = 0; next < size; next++) {
      const logP = table[token * size + next]!;
      sum -= Math.exp(logP) * logP;
    }
  return sum / tokens.length;
}
