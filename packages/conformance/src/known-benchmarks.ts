import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Intent } from '@phalanx/domain';
import { buildBenchmarks } from '@phalanx/ingest';
import { createSketcher, decodeBenchmarkIndex, encodeBenchmarkIndex } from '@phalanx/sketch';
import { loadPromptFolder } from '@phalanx/testing';
import type { Suite } from './suite.js';

const BENCHMARK = 'mmlu';
/** One shingle in eight is sampled, and questions are short. */
const MIN_RECALL = 0.9;
/**
 * Most prompts of another source that may be known, for its own demand to stay far from the half at which detection doubts
 * it. Lists of digits are what small sources share with a benchmark: 10 of 6,552 coding tasks.
 */
const MAX_KNOWN_SHARE = 0.01;
const MAX_KNOWN_SHARE_OF_ALL = 0.001;
const SHINGLE_WORDS = 8;

/**
 * A public benchmark indexed from its file, as `phalanx benchmark build` does it, and every public prompt asked: how many of
 * its own questions carry the BENCHMARK intent, and how many prompts of other sources. Each of those must share eight
 * words in a row with a question, by a plain regular expression; the prompts of users who ask a question of the benchmark are
 * among them.
 */
export const knownBenchmarks: Suite = {
  name: 'known-benchmarks',
  what: 'an index of MMLU against its own questions and the prompts of all other public sources',
  async run(checks, { vectors }) {
    const folder = vectors === null ? null : join(vectors, 'data/prompts');
    const file = folder === null ? null : join(folder, `${BENCHMARK}.jsonl.gz`);
    if (file === null || !existsSync(file)) return checks.skip('no folder of public prompts');
    const { index, passages, unrecognisable } = await buildBenchmarks([file]);
    const benchmarks = decodeBenchmarkIndex(encodeBenchmarkIndex(index));
    checks.note(
      `${passages} questions, ${unrecognisable} of them without a hash; ${benchmarks.hashes.length} hashes`,
    );
    const sketcher = createSketcher(new Uint8Array(32).fill(5), { benchmarks });
    const isKnown = (text: string) => (sketcher.sketchPrompt(text).intents & Intent.BENCHMARK) !== 0;

    const questions = loadPromptFolder(folder!, [BENCHMARK])[0]!.texts;
    const recalled = questions.filter(isKnown).length;
    checks.note(
      `${BENCHMARK}: ${recalled} of ${questions.length} known (${(recalled / questions.length).toFixed(3)})`,
    );
    checks.check(
      'recall',
      recalled >= MIN_RECALL * questions.length,
      () => `${recalled} of ${questions.length}`,
    );

    const shingles = new Set(questions.flatMap(listShingles));
    const all = { prompts: 0, known: 0, mostly: 0, unlike: 0 };
    for (const { name, texts } of loadPromptFolder(folder!)) {
      if (name === BENCHMARK) continue;
      const known = texts.filter(isKnown);
      const shares = known.map((text) => {
        const own = listShingles(text);
        return own.filter((shingle) => shingles.has(shingle)).length / own.length;
      });
      const mostly = shares.filter((share) => share >= 0.5).length;
      all.prompts += texts.length;
      all.known += known.length;
      all.mostly += mostly;
      all.unlike += shares.filter((share) => share === 0).length;
      if (known.length > 0)
        checks.note(
          `${name}: ${known.length} of ${texts.length} known, ${mostly} of them by at least half of their words`,
        );
      const fits = known.length <= MAX_KNOWN_SHARE * texts.length;
      checks.check(`${name}: known`, fits, () => `${known.length} of ${texts.length}`);
    }
    checks.note(
      `all other sources: ${all.known} of ${all.prompts} known, ${all.mostly} of them by at least half of their words`,
    );
    checks.check(
      'all other sources: known',
      all.known <= MAX_KNOWN_SHARE_OF_ALL * all.prompts,
      () => `${all.known} of ${all.prompts}`,
    );
    checks.check(
      'what is known shares eight words',
      all.unlike === 0,
      () => `${all.unlike} share none with any question`,
    );
  },
};

function listShingles(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(SHINGLE_WORDS - 1).map((_, i) => words.slice(i, i + SHINGLE_WORDS).join(' '));
}
