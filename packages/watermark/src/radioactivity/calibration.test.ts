import { clopperPearson, logBinomialUpperTail } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../mark.js';
import { boundWeightedSum } from './chernoff.js';
import { ClosedTest } from './closed-test.js';
import { invertDoseCurve } from './dose.js';
import { openGreenMark } from './green-mark.test.support.js';
import type { NgramStudent } from './ngram-student.js';
import { OpenTest } from './open-test.js';
import { StudentWorld } from './student-world.test.support.js';
import { massOf } from './token-mass.js';
import { WeightedNgramTable } from './weighted-ngrams.js';

/** Fails when so many p-values <= level had a chance of less than 1e-6. */
function expectCalibrated(logPs: readonly number[], level: number): void {
  const below = logPs.filter((logP) => logP <= Math.log(level)).length;
  expect(logBinomialUpperTail(below, logPs.length, level)).toBeGreaterThan(Math.log(1e-6));
}

const world = new StudentWorld(7);
const drawMark = (): Mark => openGreenMark(BigInt(world.random.integer(2 ** 50)));

function testClosed(student: NgramStudent, mark: Mark, prompts: readonly Int32Array[]): ClosedTest {
  const test = new ClosedTest(mark);
  for (const prompt of prompts) test.excludePrompt(prompt);
  for (const prompt of prompts) {
    test.addAnswer(student.generate(50, world.random, null, prompt));
    test.update();
  }
  return test;
}

describe('clean students', () => {
  // One that repeats phrases, one that memorised a handful of texts.
  const students = [
    world.trainStudent(world.writeTexts(20_000), 1),
    world.trainStudent(world.writeTexts(500), 1),
  ];

  it('are silent when closed, at the end and at every time', () => {
    for (const student of students) {
      const figures = Array.from({ length: 200 }, () =>
        testClosed(student, drawMark(), world.writeTexts(200, 4)).test(),
      );
      for (const level of [0.1, 0.01]) {
        expectCalibrated(
          figures.map(({ logP }) => logP),
          level,
        );
        expectCalibrated(
          figures.map(({ logSequentialP }) => logSequentialP!),
          level,
        );
      }
    }
  });

  it('are silent when asked with prompts that are marked, in the open too', () => {
    const teacher = world.trainStudent(world.writeTexts(20_000), 1);
    const [ranks, bounds, sequential, contrasts, closed]: number[][] = [[], [], [], [], []];
    for (let trial = 0; trial < 100; trial++) {
      const mark = drawMark();
      const student = students[trial % 2]!;
      const marked = world.askModel(teacher, 100, mark, 25);
      const test = new OpenTest(mark);
      for (const text of marked)
        for (let at = 1; at < text.length; at++) {
          const context = text.slice(at - 1, at);
          if (test.claim(context))
            test.add(context, massOf(student.predict(context)), massOf(teacher.predict(context)));
        }
      const figures = test.test(drawMark, 99);
      ranks!.push(figures.mass.logP);
      contrasts!.push(figures.contrast!.logP);
      bounds!.push(figures.logMassBound!);
      sequential!.push(figures.logSequentialP!);
      closed!.push(testClosed(student, mark, marked).test().logP);
    }
    for (const logPs of [ranks, bounds, sequential, contrasts, closed])
      for (const level of [0.1, 0.01]) expectCalibrated(logPs!, level);
  });
});

describe('a parrot of marked prompts', () => {
  it('would be accused without the exclusion of prompts', () => {
    const mark = drawMark();
    const teacher = world.trainStudent(world.writeTexts(20_000), 1);
    const prompts = world.askModel(teacher, 10_000, mark);
    const [with_, without] = [true, false].map((excluded) => {
      const test = new ClosedTest(mark);
      if (excluded) for (const prompt of prompts) test.excludePrompt(prompt);
      for (const prompt of prompts) test.addAnswer(prompt);
      return test.test().logP;
    });
    expect(with_).toBe(0);
    expect(without).toBeLessThan(Math.log(1e-20));
  });
});

describe('a dose curve', () => {
  const curve = [0, 0.1, 0.2, 0.4].map((dose) => ({
    dose,
    statistics: Array.from({ length: 39 }, () => 100 * dose + world.random.normal()),
  }));

  it('covers the dose', () => {
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const dose = 0.4 * world.random.uniform();
      const { lower, upper } = invertDoseCurve(100 * dose + world.random.normal(), curve);
      if (lower <= dose && dose <= upper) covered++;
    }
    expect(clopperPearson(covered, 200, 1e-6).upper).toBeGreaterThan(0.9);
    const { estimate, lower, upper } = invertDoseCurve(20, curve);
    expect(estimate).toBeCloseTo(0.2, 1);
    expect([lower, upper]).toEqual([0.1, 0.4]);
    expect(invertDoseCurve(-5, curve)).toMatchObject({ estimate: 0, lower: 0, upper: 0 });
    expect(invertDoseCurve(90, curve)).toMatchObject({ estimate: 0.4, lower: 0.4, upper: 1 });
  });

  it('needs students enough', () => {
    expect(() => invertDoseCurve(1, [{ dose: 0, statistics: [1] }, curve[1]!])).toThrow(/enough students/);
  });
});

describe("Chernoff's bound", () => {
  it('is above the exact tail, and by little', () => {
    const table = new WeightedNgramTable(1);
    for (let c = 0; c < 400; c++) table.add(Int32Array.of(c), [[0, 1]]);
    const rows = table.collect();
    for (let trial = 0; trial < 50; trial++) {
      const mark = drawMark();
      const greens = mark.read(rows.ngrams).reduce((sum, green) => sum + green, 0);
      const bound = boundWeightedSum(mark, rows);
      const exact = logBinomialUpperTail(greens, 400, 0.25);
      expect(bound).toBeGreaterThanOrEqual(exact - 1e-9);
      if (exact < Math.log(0.1)) expect(bound).toBeLessThan(exact + 3);
    }
  });
});
