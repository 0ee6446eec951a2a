import { toLog10 } from '@phalanx/stats';
import type { SuspectModel } from '@phalanx/suspect';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../mark.js';
import { openGreenMark } from './green-mark.test.support.js';
import type { NgramStudent } from './ngram-student.js';
import { digestPrompts, type RadioactivityPlan } from './plan.js';
import { testRadioactivity } from './radioactivity.js';
import { StudentWorld } from './student-world.test.support.js';

const TOKENS = 60_000;
const few = { alpha: 0.005, decoys: 199 };

class Trial {
  readonly world: StudentWorld;
  readonly mark: Mark;
  readonly teacher: NgramStudent;
  readonly human: Int32Array[];
  readonly marked: Int32Array[];

  constructor(seed: number) {
    this.world = new StudentWorld(seed);
    this.mark = this.openDecoy();
    this.teacher = this.world.trainStudent(this.world.writeTexts(TOKENS), 1, 'teacher');
    this.human = this.world.writeTexts(TOKENS);
    this.marked = this.world.askModel(this.teacher, TOKENS, this.mark);
  }

  openDecoy = (): Mark => openGreenMark(BigInt(this.world.random.integer(2 ** 50)));

  train(dose: number, id = 'suspect'): NgramStudent {
    return this.world.trainStudent(this.world.mix(this.marked, this.human, dose), 1, id);
  }

  plan(prompts: readonly Int32Array[], changes: Partial<RadioactivityPlan> = {}): RadioactivityPlan {
    return {
      version: 1,
      hypothesis: 'The suspect learned from answers marked under key k1; null: it is independent of k1.',
      suspect: 'suspect',
      controls: ['control'],
      mark: { dialect: 'green', parameters: { contextWidth: 1 }, keyId: 'k1' },
      statistic: 'texts',
      supervised: false,
      prompts: prompts.length,
      promptsSha256: digestPrompts(prompts),
      stopping: 'fixed',
      decoys: 999,
      alpha: 0.001,
      allowedTries: 1,
      leastScored: 200,
      ...changes,
    };
  }

  run(suspect: SuspectModel, prompts: readonly Int32Array[], changes: Partial<RadioactivityPlan> = {}) {
    const control = this.world.trainStudent(this.human, 1, 'control');
    return testRadioactivity(this.plan(prompts, changes), {
      suspect,
      controls: [control],
      mark: this.mark,
      openDecoy: this.openDecoy,
      prompts,
      reference: this.teacher,
      register: async (_, sha256) => `log entry for ${sha256}`,
    });
  }
}

describe('radioactivity', () => {
  const trial = new Trial(1);
  const prompts = trial.world.writeTexts(2000, 4);

  it('finds a student of a quarter marked text by its answers, and not a clean one', async () => {
    const found = await trial.run(trial.train(0.25), prompts);
    expect(found.verdict).toBe('learned');
    expect(toLog10(found.suspect.logP)).toBeLessThan(-6);
    expect(found.decoys!.calibrated).toBe(true);
    expect(found.receipt).toBe(`log entry for ${found.planSha256}`);
    expect(found.statement).toMatch(/independent of key k1, .* with probability at most p: log10 p -/);
    expect((await trial.run(trial.train(0), prompts)).verdict).toBe('not shown');
  });

  it('stops asking when the evidence suffices', async () => {
    const found = await trial.run(trial.train(0.5), prompts, { stopping: 'e-process' });
    expect(found.verdict).toBe('learned');
    expect(found.suspect.asked).toBeLessThan(prompts.length);
    expect(found.suspect.logP).toBeLessThanOrEqual(Math.log(0.001));
  });

  it('finds a twentieth by probabilities beside a reference, and says how much', async () => {
    const passages = trial.world.writeTexts(5000);
    const found = await trial.run(trial.train(0.05), passages, { ...few, statistic: 'contrast' });
    expect(found.verdict).toBe('learned');
    const { score, mean, deviation } = found.suspect.open!.contrast!;
    expect((score - mean) / deviation).toBeGreaterThan(3.5);
    expect(found.imprint!.lower).toBeLessThan(0.05);
    expect(found.imprint!.upper).toBeGreaterThan(0.05);
    const clean = await trial.run(trial.train(0), passages, { ...few, statistic: 'contrast' });
    expect(clean.verdict).toBe('not shown');
    expect(clean.imprint!.lower).toBe(0);
  });

  it('finds a tenth by answers alone, beside a reference', async () => {
    const found = await trial.run(trial.train(0.1), prompts.slice(0, 500), {
      ...few,
      statistic: 'text-contrast',
    });
    expect(found.verdict).toBe('learned');
    const clean = await trial.run(trial.train(0), prompts.slice(0, 500), {
      ...few,
      statistic: 'text-contrast',
    });
    // One clean control in a hundred fires, and voids a run.
    expect(clean.verdict).not.toBe('learned');
  });

  it('reads mass, its e-process and argmax alone', async () => {
    const passages = trial.world.writeTexts(5000);
    const suspect = trial.train(1);
    for (const changes of [
      { ...few, statistic: 'mass' },
      { statistic: 'mass', stopping: 'e-process' },
      { statistic: 'reading' },
    ] as const)
      expect((await trial.run(suspect, passages, changes)).verdict, changes.statistic).toBe('learned');
  });

  it('reads what comes next from a model that tells no probabilities', async () => {
    const student = trial.train(1);
    const suspect: SuspectModel = { id: 'suspect', complete: (prompt) => student.complete(prompt) };
    const passages = trial.world.writeTexts(5000);
    const found = await trial.run(suspect, passages, { statistic: 'reading' });
    expect(found.verdict).toBe('learned');
  });

  it('asks nothing before it is registered', async () => {
    let asked = 0;
    const suspect: SuspectModel = {
      id: 'suspect',
      complete: async () => {
        asked++;
        return { passage: new Int32Array(0) };
      },
    };
    const parts = { suspect, mark: trial.mark, openDecoy: trial.openDecoy, prompts };
    const plan = trial.plan(prompts, { controls: [] });
    await expect(testRadioactivity(plan, { ...parts, register: async () => '' })).rejects.toMatchObject({
      code: 'MARK_UNREGISTERED',
    });
    const failure = new Error('the log is full');
    await expect(testRadioactivity(plan, { ...parts, register: () => Promise.reject(failure) })).rejects.toBe(
      failure,
    );
    expect(asked).toBe(0);
    const mute = await testRadioactivity(plan, { ...parts, register: async () => 'entry 1' });
    expect(mute.verdict).toBe('insufficient');
  });

  it('refuses parts that the plan does not name, and plans that cannot succeed', async () => {
    const suspect = trial.train(0);
    const refusals: Partial<RadioactivityPlan>[] = [
      { suspect: 'another' },
      { controls: [] },
      { promptsSha256: digestPrompts(prompts.slice(1)) },
      { statistic: 'contrast', decoys: 99 },
      { statistic: 'contrast', stopping: 'e-process' },
      { alpha: 0.5 },
    ];
    for (const changes of refusals)
      await expect(trial.run(suspect, prompts, changes)).rejects.toMatchObject({ code: 'MARK_ARGUMENT' });
  });

  it('is void when a clean control answers in marks', async () => {
    const control = trial.train(1, 'control');
    const found = await testRadioactivity(trial.plan(prompts), {
      suspect: trial.train(1),
      controls: [control],
      mark: trial.mark,
      openDecoy: trial.openDecoy,
      prompts,
      register: async () => 'entry 1',
    });
    expect(found.verdict).toBe('void');
  });

  it('is not fooled by a parrot of marked prompts', async () => {
    const parrot: SuspectModel = {
      id: 'suspect',
      complete: async (prompt) => ({ passage: prompt }),
    };
    const questions = trial.marked.slice(0, 200);
    const found = await trial.run(parrot, questions, { supervised: true, leastScored: 1 });
    expect(found.suspect.scored).toBe(0);
    expect(found.verdict).toBe('insufficient');
  });
});
