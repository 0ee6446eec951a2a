import { clopperPearson } from '@phalanx/stats';
import { StudentTrial } from '@phalanx/testing';
import { testKey } from '@phalanx/watermark';
import type { World } from './dose-curve.js';
import type { Scheme } from './schemes.js';

const LEVELS = [0.05, 0.01, 0.001];
const ANSWERS = 200;
const DECOYS = 99;
const CONTEXTS = 150;

/**
 * Prints how often suspects that never saw the key reach p <= 0.05, 0.01 and 0.001 under `keys` fresh keys, with Clopper-Pearson
 * intervals at 95 %: students of people's texts, memorisers, students of an unmarked teacher, parrots of marked prompts with and
 * without exclusion, and open tests at passages and at marked texts.
 */
export function measureCleanStudents(scheme: Scheme, world: World, keys: number): void {
  console.log(
    `\n${scheme.name}: clean suspects, ${keys} keys each; share with p <= 0.05, 0.01, 0.001 (95 % interval)`,
  );
  const trial = new StudentTrial({ ...world, ...scheme, seed: 1000 });
  const students = {
    'people’s texts': trial.train(0),
    memoriser: trial.trainMemoriser(600),
    'unmarked teacher': trial.trainUnmarked(),
  };
  for (const [name, student] of Object.entries(students)) {
    const closed: number[] = [];
    const sequential: number[] = [];
    const counted: number[] = [];
    const ranks: number[] = [];
    const contrasts: number[] = [];
    const atMarked: [number[], number[], number[]] = [[], [], []];
    const passages = trial.passages.slice(0, 300);
    for (let k = 0; k < keys; k++) {
      const mark = scheme.openMark();
      const prompts = trial.drawPrompts(ANSWERS);
      const answers = trial.answer(student, prompts);
      const { test } = trial.testClosed(mark, prompts, answers);
      const tallied = trial.testCounted(mark, prompts, answers, CONTEXTS);
      counted.push(tallied.test(scheme.openMark, DECOYS, 1).contrast!.logP);
      closed.push(testKey(mark, test.collect()).logP);
      sequential.push(test.test().logSequentialP ?? 0);
      const open = trial.testOpen(student, mark, passages, CONTEXTS).test(scheme.openMark, DECOYS);
      ranks.push(open.mass.logP);
      contrasts.push(open.contrast!.logP);
      const marked = trial.askTeacher(mark, 20);
      const supervised = trial.testOpen(student, mark, marked, CONTEXTS).test(scheme.openMark, DECOYS);
      atMarked[0].push(supervised.mass.logP);
      atMarked[1].push(supervised.contrast!.logP);
      atMarked[2].push(supervised.logSequentialP ?? 0);
    }
    report(`${name}, closed`, closed);
    report(`${name}, closed, at any time`, sequential);
    report(`${name}, text contrast`, counted);
    report(`${name}, open, rank of mass`, ranks);
    report(`${name}, open, rank of contrast`, contrasts);
    report(`${name}, open at marked texts, rank of mass`, atMarked[0]);
    report(`${name}, open at marked texts, rank of contrast`, atMarked[1]);
    report(`${name}, open at marked texts, at any time`, atMarked[2]);
  }
  const parrots: [number[], number[]] = [[], []];
  for (let k = 0; k < keys; k++) {
    const mark = scheme.openMark();
    const prompts = trial.askTeacher(mark, ANSWERS);
    // Repeats the question, then goes on by itself.
    const own = trial.answer(students['people’s texts'], prompts);
    const answers = prompts.map((prompt, i) => Int32Array.of(...prompt, ...own[i]!));
    for (const [i, excludes] of [true, false].entries())
      parrots[i]!.push(testKey(mark, trial.testClosed(mark, prompts, answers, excludes).test.collect()).logP);
  }
  report('parrot of marked prompts', parrots[0]);
  report('parrot, prompts not excluded: what others report', parrots[1]);
}

function report(name: string, logPs: readonly number[]): void {
  const shares = LEVELS.map((level) => {
    const below = logPs.filter((logP) => logP <= Math.log(level) + 1e-9).length;
    const { lower, upper } = clopperPearson(below, logPs.length, 0.05);
    return `${percent(below / logPs.length)} (${percent(lower)} to ${percent(upper)})`;
  });
  console.log(`${name}: ${shares.join(', ')}`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
