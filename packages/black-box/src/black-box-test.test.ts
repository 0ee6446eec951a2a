import { Random } from '@phalanx/stats';
import type { SuspectModel } from '@phalanx/suspect';
import { describe, expect, it } from 'vitest';
import { testBlackBox } from './black-box-test.js';
import { expectCalibrated } from './calibration.test.support.js';
import { commitChallenges, deriveAnswers, drawChallenges } from './challenge-commitment.js';
import { combineEvidence } from './combined-evidence.js';
import { commitOrder, digestText, drawOrder } from './order-commitment.js';
import { type BlackBoxPlan, digestInputs } from './plan.js';
import type { BlackBoxParts } from './prepared-test.js';
import { askInTurns, scoreEach } from './questioning.js';
import type { TestName, TestResult } from './test-result.js';

const register = async () => 'entry 0 of log.example';
const texts = Array.from({ length: 120 }, (_, i) => `text number ${i} of some kind, as it was written`);
const opening = drawOrder(texts.map(digestText), '01'.repeat(32));
const challenges = drawChallenges(
  Array.from({ length: 16 }, (_, i) => `Question ${i}?`),
  ['north', 'south', 'east', 'west'],
);
const prompts = Array.from({ length: 200 }, (_, i) => `Begin ${i}`);

/** A model that remembers so much of our training. */
function makeModel(id: string, memory: number, seed: number): SuspectModel {
  const random = new Random(seed);
  const answers = deriveAnswers(challenges);
  return {
    id,
    complete: async (prompt) => {
      const at = challenges.questions.indexOf(String(prompt));
      if (at >= 0) return { passage: random.bernoulli(memory) ? answers[at]! : 'north' };
      return { passage: random.bernoulli(0.3 + 0.4 * memory) ? `${prompt} on`.slice(6) : 'else' };
    },
    scoreText: async (text) => {
      const position = opening.texts.indexOf(digestText(String(text)));
      return { logLikelihood: -300 + memory * position + 20 * random.normal(), tokens: 10 };
    },
  };
}

const orderTest = {
  test: 'order' as const,
  commitment: commitOrder(opening),
  texts: 100,
  available: texts.length,
  availableSha256: digestInputs(texts.map(digestText).sort()),
  drawn: true,
};
const challengeTest = {
  test: 'challenges' as const,
  commitment: commitChallenges(challenges),
  questions: 16,
  candidates: 4,
  answerTokens: 8,
};
const provenanceTest = {
  test: 'provenance' as const,
  prompts: prompts.length,
  promptsSha256: digestInputs(prompts),
};

function makePlan(changes: Partial<BlackBoxPlan>): BlackBoxPlan {
  return {
    version: 1,
    hypothesis: 'the suspect descends from ours; null: it is independent of our secrets',
    suspect: 'suspect',
    ours: null,
    reference: null,
    controls: [],
    tests: [orderTest],
    temperature: 0,
    seed: '00112233445566778899aabbccddeeff',
    alpha: 1e-6,
    allowedTries: 1,
    ...changes,
  };
}

function run(plan: BlackBoxPlan, memory: number, parts: Partial<BlackBoxParts> = {}) {
  const suspect = makeModel('suspect', memory, 5);
  const order = { opening, texts };
  return testBlackBox(plan, { suspect, order, challenges, register, ...parts });
}

describe('a black-box test', () => {
  it('proves descent by committed secrets, together further than alone', async () => {
    const plan = makePlan({ tests: [orderTest, challengeTest], alpha: 1e-9 });
    const found = await run(plan, 0.9);
    expect(found.verdict).toBe('descends');
    expect(found.combined.standing).toBe('proof');
    expect(found.asked).toBe(116);
    for (const { logE } of found.tests) expect(found.combined.logE).toBeGreaterThan(logE);
    expect(found.statement).toMatch(/with probability at most p: log10 p -\d/);
    const stranger = await run(plan, 0);
    expect(stranger.verdict).toBe('not shown');
    expect(stranger.statement).toMatch(/no proof of the contrary/);
  });

  it('calls triage what rests on controls, also beside a proof', async () => {
    const ours = makeModel('ours', 1, 1);
    const controls = [makeModel('stranger', 0, 2)];
    const plan = makePlan({
      tests: [provenanceTest, challengeTest],
      ours: 'ours',
      controls: ['stranger'],
      alpha: 1e-3,
    });
    const found = await run(plan, 0.9, { ours, controls, prompts: { provenance: prompts } });
    expect(found.verdict).toBe('resembles');
    expect(found.statement).toMatch(/^Triage/);
  });

  it('asks nothing before it is registered, and nothing but what was', async () => {
    const asked: string[] = [];
    const suspect: SuspectModel = {
      id: 'suspect',
      complete: async (prompt) => {
        asked.push(String(prompt));
        return { passage: '' };
      },
    };
    const refused: [Partial<BlackBoxPlan>, Partial<BlackBoxParts>, string][] = [
      [{}, { register: async () => '' }, 'BLACK_BOX_UNREGISTERED'],
      [{ suspect: 'other' }, {}, 'BLACK_BOX_PLAN'],
      [{}, { order: { opening, texts: texts.slice(1) } }, 'BLACK_BOX_PLAN'],
      [{}, { order: { opening, texts: [...texts, 'another'] } }, 'BLACK_BOX_COMMITMENT'],
      [{ tests: [{ ...orderTest, commitment: '0'.repeat(64) }] }, {}, 'BLACK_BOX_COMMITMENT'],
      [{ tests: [{ ...challengeTest, questions: 15 }] }, {}, 'BLACK_BOX_COMMITMENT'],
      [{ tests: [challengeTest, challengeTest] }, {}, 'BLACK_BOX_PLAN'],
      [{ tests: [provenanceTest] }, {}, 'BLACK_BOX_PLAN'],
      [{ tests: [challengeTest], alpha: 1e-12 }, {}, 'BLACK_BOX_PLAN'],
      [{ alpha: 0.5 }, {}, 'BLACK_BOX_PLAN'],
    ];
    for (const [changes, parts, code] of refused)
      await expect(run(makePlan(changes), 0, { suspect, ...parts })).rejects.toMatchObject({ code });
    expect(asked).toEqual([]);
    await expect(run(makePlan({}), 0, { suspect })).rejects.toMatchObject({ code: 'BLACK_BOX_SUSPECT' });
  });

  it('joins identity tests only with each other', async () => {
    const turns = { samples: 4, permutations: 999, interleaved: true, uncached: true };
    const equality = {
      test: 'equality' as const,
      prompts: 200,
      promptsSha256: digestInputs(prompts),
      ...turns,
      length: 16,
      answerTokens: 8,
    };
    const plan = makePlan({ ours: 'ours', tests: [equality], alpha: 0.01 });
    const ours = makeModel('ours', 1, 1);
    const parts = { ours, prompts: { equality: prompts } };
    expect((await run(plan, 0, parts)).verdict).toBe('differs');
    expect((await run(plan, 1, parts)).verdict).toBe('not shown');
    await expect(run(makePlan({ ...plan, tests: [equality, orderTest] }), 0, parts)).rejects.toThrow(
      /two questions/,
    );
  });
});

describe('asking in turns', () => {
  it('makes labels exact against a host that changes with time and a cache', async () => {
    const random = new Random(9);
    const logPs: number[] = [];
    for (let trial = 0; trial < 200; trial++) {
      let clock = 0;
      const caches = [new Map<string, string>(), new Map<string, string>()];
      const [first, second] = caches.map(
        (cache, side): SuspectModel => ({
          id: `side ${side}`,
          complete: async (prompt) => {
            const question = String(prompt);
            const passage = cache.get(question) ?? (random.uniform() * 200 < clock++ ? 'late' : 'early');
            cache.set(question, passage);
            return { passage };
          },
        }),
      );
      const options = { samples: 8, maxTokens: 1, random, uncached: true, onAnswer: () => {} };
      const told = await askInTurns(first!, second!, ['a', 'b'], options);
      const { testEquality } = await import('./equality-test.js');
      const samples = told.map(([own, theirs]) => ({
        ours: own.map(({ passage }) => String(passage)),
        theirs: theirs.map(({ passage }) => String(passage)),
      }));
      logPs.push(testEquality(samples, { length: 4, permutations: 99, random }).logP);
    }
    expectCalibrated(logPs, 0.01, 0.05, 0.2);
  });

  it('reads likelihoods from the candidates after cuts where no text is read back', async () => {
    const model: SuspectModel = {
      id: 'm',
      complete: async () => ({ passage: '' }),
      logProbabilities: async (context) => ({
        candidates: [' two', ' t', ' other'],
        logProbabilities: Float64Array.of(
          Math.log(0.5),
          Math.log(0.25),
          String(context) === 'one' ? Number.NEGATIVE_INFINITY : Math.log(0.125),
        ),
      }),
    };
    const [score, plain, dense] = await scoreEach(model, ['one two three', 'a', '日本語'], () => {});
    // After "one": " two" and " t" fit; after "one two": " t" fits.
    expect(score).toBeCloseTo((Math.log(0.75) + Math.log(0.25)) / 2, 12);
    expect(plain).toBe(0);
    expect(dense).toBeCloseTo(Math.log(0.125), 12);
  });
});

describe('combined evidence', () => {
  const result = (test: TestName, logE: number, standing: 'proof' | 'triage' = 'triage'): TestResult => ({
    test,
    question: test === 'equality' || test === 'drift' ? 'identity' : 'descent',
    standing,
    null: '',
    logP: -1,
    logE,
    logLeastP: -9,
    effect: { name: '', value: 0 },
    counted: 1,
    voidedBy: '',
    cautions: [],
  });

  it('multiplies what is independent and averages the rest', () => {
    const mean = Math.log((Math.exp(3) + 1) / 2);
    const [order, keyed] = [result('order', 4, 'proof'), result('challenges', 2, 'proof')];
    const [close, prints] = [result('provenance', 3), result('fingerprints', 0)];
    expect(combineEvidence([order, keyed], false)).toMatchObject({ logE: 6, logP: -6, standing: 'proof' });
    expect(combineEvidence([close, prints], false).logE).toBeCloseTo(mean, 12);
    expect(combineEvidence([order, close, prints, keyed], false).logE).toBeCloseTo(6 + mean, 12);
    expect(combineEvidence([order, close], false)).toMatchObject({ logE: 7, standing: 'triage' });
    const identity = [result('equality', 3), result('drift', 0)];
    expect(combineEvidence(identity, true).logE).toBe(3);
    expect(combineEvidence(identity, false).logE).toBeCloseTo(mean, 12);
    expect(combineEvidence([close], false)).toMatchObject({ logP: -1, logE: 3 });
    expect(() => combineEvidence([order, identity[0]!], false)).toThrow(/two questions/);
    expect(() => combineEvidence([order, order], false)).toThrow(/twice/);
  });
});
