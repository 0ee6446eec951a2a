import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { toHex } from '@phalanx/core';
import { clopperPearson, Random, toLog10 } from '@phalanx/stats';
import { encodeWords, StudentTrial } from '@phalanx/testing';
import { estimateImprint, type MarkRank, openMark, testKey } from '@phalanx/watermark';
import type { Suite } from './suite.js';

const SOURCES = ['ag_news', 'alpaca', 'p3_templates'];
const VOCABULARY = 1024;
const MAX_TEXTS = 20_000;
const KEYS = 200;
const PARAMETERS = { contextWidth: 1, gamma: 0.25, delta: 2 };
const random = new Random(2026);
const drawMark = () =>
  openMark('phalanx-kgw', PARAMETERS, toHex(Uint8Array.from({ length: 16 }, () => random.integer(256))));

/** Students of public texts, clean and with known shares of marked answers, before the tests of radioactivity. */
export const radioactivity: Suite = {
  name: 'radioactivity',
  what: 'students counted on public texts: a tenth of marked answers found closed and open, its share estimated, clean ones silent',
  async run(checks, { vectors }) {
    if (vectors === null) return checks.skip('no folder of vectors');
    for (const [seed, source] of SOURCES.entries()) {
      const rows = readTexts(join(vectors, 'data/prompts', `${source}.jsonl.gz`)).slice(0, MAX_TEXTS);
      const texts = encodeWords(rows, VOCABULARY);
      const trial = new StudentTrial({
        texts,
        vocabularySize: VOCABULARY,
        contextWidth: 1,
        openMark: drawMark,
        seed: seed + 1,
      });
      checkThief(trial, source);
      checkClean(trial, source);
    }

    function checkThief(trial: StudentTrial, source: string): void {
      const { mark } = trial;
      const student = trial.train(0.1);
      const prompts = trial.drawPrompts(500);
      const answers = trial.answer(student, prompts);
      const closed = testKey(mark, trial.testClosed(mark, prompts, answers).test.collect());
      const counted = trial.testCounted(mark, prompts, answers).test(drawMark, 199, 1).contrast!;
      const open = trial.testOpen(student, mark, trial.passages, 2000);
      const { mass, contrast } = open.test(drawMark, 199);
      const { estimate, lower, upper } = estimateImprint(mark, open.listReferenced());
      checks.check(`${source}, a tenth, open beside a reference`, distance(contrast!) > 6, () =>
        String(distance(contrast!)),
      );
      checks.check(`${source}, a tenth, by texts beside a reference`, distance(counted) > 4, () =>
        String(distance(counted)),
      );
      checks.check(
        `${source}, a tenth, its share`,
        lower > 0.05 && upper < 0.2,
        () => `${lower} to ${upper}`,
      );
      checks.note(
        `${source}, a tenth marked: closed log10 p ${toLog10(closed.logP).toFixed(1)}; z of texts beside a reference ${distance(counted).toFixed(1)}, of mass ${distance(mass).toFixed(1)}, of contrast ${distance(contrast!).toFixed(1)}; share ${estimate.toFixed(3)}, ${lower.toFixed(3)} to ${upper.toFixed(3)}`,
      );
    }

    function checkClean(trial: StudentTrial, source: string): void {
      const student = trial.train(0);
      const closed: number[] = [];
      const ranks: number[] = [];
      for (let k = 0; k < KEYS; k++) {
        const mark = drawMark();
        const prompts = trial.drawPrompts(100);
        closed.push(
          testKey(mark, trial.testClosed(mark, prompts, trial.answer(student, prompts)).test.collect()).logP,
        );
        ranks.push(
          trial.testOpen(student, mark, trial.passages.slice(0, 200), 60).test(drawMark, 99, 1).contrast!
            .logP,
        );
      }
      for (const [name, logPs] of Object.entries({ closed, contrast: ranks })) {
        const below = logPs.filter((logP) => logP <= Math.log(0.05) + 1e-9).length;
        const { lower } = clopperPearson(below, KEYS, 1e-5);
        checks.check(`${source}, clean, ${name}: p <= 0.05 by chance only`, lower <= 0.05, () =>
          String(below),
        );
        checks.note(`${source}, clean, ${name}: ${below} of ${KEYS} keys with p <= 0.05`);
      }
    }
  },
};

function distance({ score, mean, deviation }: MarkRank): number {
  return (score - mean) / deviation;
}

function readTexts(path: string): string[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => String(JSON.parse(line).text));
}
