import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { laneAgreement } from '@phalanx/detect';
import { Intent, PROMPT_MINHASH_BYTES } from '@phalanx/domain';
import { createSketcher } from '@phalanx/sketch';
import { loadPromptFolder } from '@phalanx/testing';
import type { Suite } from './suite.js';

const PROMPTS = 600;
const WORDS = 40;
/** The detector's limit (docs/decisions/0009), and how far an estimate may lie from the exact value. */
const LIMIT = 0.03;
const TOLERANCE = 0.01;
const MAX_IDENTIFIED = 0.5;
/** Corpora whose every prompt is cast from one template. */
const TEMPLATED = new Set(['prometheus_judge', 'openai_batch_rewrite']);
/** An honest job's instruction, put round the texts of a corpus that has no template of its own. */
const JOBS = [
  'Summarise the following article for our newsletter:\n\n{}',
  'Is the tone of this text positive or negative?\n{}',
  'A customer wrote to our shop. Write a short, polite reply.\n\n{}',
  '{}\n--\nSent from the app, write to us again at any time',
];

/**
 * What pairs of prompts have in common: lanes of the sketch against exact word triples of the first and last forty words,
 * on public corpora and on the same texts inside an instruction. Where the detector's limit lies between the two must not
 * depend on sketching.
 */
export const oneJob: Suite = {
  name: 'one-job',
  what: 'template agreement of sketches against exact shared word triples on public prompts; prompts with identifiers',
  async run(checks, { vectors }) {
    const folder = vectors === null ? null : join(vectors, 'data/prompts');
    if (folder === null || !existsSync(folder)) return checks.skip('no folder of public prompts');
    const corpora = loadPromptFolder(folder).map(({ name, texts }) => {
      const count = Math.min(PROMPTS, texts.length);
      return {
        name,
        texts: Array.from({ length: count }, (_, i) => texts[Math.floor((i * texts.length) / count)]!),
      };
    });
    for (const { name, texts } of corpora) {
      const { estimate, identified } = compare(name, texts, TEMPLATED.has(name));
      const tied = estimate > LIMIT;
      checks.check(`${name}: tied by a template`, tied === TEMPLATED.has(name), () => estimate.toFixed(3));
      checks.check(`${name}: identifiers`, identified < MAX_IDENTIFIED, () => identified.toFixed(3));
    }
    for (const name of ['ag_news', 'oasst', 'arena'])
      for (const job of JOBS) {
        const texts = corpora.find((corpus) => corpus.name === name)?.texts ?? [];
        const dressed = texts.map((text) => job.replace('{}', () => text));
        const label = `${name} in "${job.replaceAll('\n', ' ').slice(0, 40)}"`;
        const { estimate } = compare(label, dressed, true);
        checks.check(`${label}: tied by a template`, estimate > LIMIT, () => estimate.toFixed(3));
      }

    function compare(name: string, texts: readonly string[], tied: boolean) {
      const sketcher = createSketcher(new Uint8Array(32).fill(5));
      const sketches = texts.map((text) => {
        const { hash, minhash, intents } = sketcher.sketchPrompt(text);
        return { hash, minhash: minhash.slice(), intents };
      });
      const minhash = new Uint8Array(PROMPT_MINHASH_BYTES * texts.length);
      for (const [row, sketch] of sketches.entries()) minhash.set(sketch.minhash, PROMPT_MINHASH_BYTES * row);
      const hashes = BigUint64Array.from(sketches, ({ hash }) => hash);
      const estimate = laneAgreement(hashes, minhash, [...texts.keys()]);
      const exact = exactAgreement(texts);
      const identified =
        sketches.filter(({ intents }) => intents & Intent.IDENTIFIER).length / Math.max(1, texts.length);
      checks.note(
        `${name}: lanes in common ${estimate.toFixed(3)}, word triples ${exact.toFixed(3)}, with identifiers ${(100 * identified).toFixed(1)} %`,
      );
      // Of tied prompts only the side of the limit counts: triples of long texts are weighed differently by ties in words.
      if (!tied)
        checks.check(`${name}: lanes against triples`, Math.abs(estimate - exact) < TOLERANCE, () =>
          [estimate, exact].map((value) => value.toFixed(3)).join(' against '),
        );
      return { estimate, identified };
    }
  },
};

/** Mean Jaccard similarity of word triples over prompts far apart, the larger of heads and tails. */
function exactAgreement(texts: readonly string[]): number {
  const words = texts.map((text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const mean = (cut: (list: string[]) => string[]): number => {
    const sets = words.map((list) => triples(cut(list)));
    let sum = 0;
    let pairs = 0;
    for (let i = 0; i < sets.length; i++)
      for (const j of [0, 1, 2].map((k) => i + k + Math.floor(0.382 * sets.length))) {
        const other = sets[j % sets.length]!;
        if (words[i]!.join(' ') === words[j % sets.length]!.join(' ')) continue;
        let both = 0;
        for (const triple of sets[i]!) if (other.has(triple)) both++;
        sum += both / Math.max(1, sets[i]!.size + other.size - both);
        pairs++;
      }
    return sum / Math.max(1, pairs);
  };
  return Math.max(
    mean((list) => list.slice(0, WORDS)),
    mean((list) => list.slice(-WORDS)),
  );
}

function triples(words: readonly string[]): Set<string> {
  if (words.length < 3) return new Set([words.join(' ')]);
  return new Set(words.slice(2).map((_, i) => words.slice(i, i + 3).join(' ')));
}
