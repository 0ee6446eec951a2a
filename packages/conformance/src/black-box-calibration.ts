import {
  deriveAnswers,
  drawChallenges,
  matchProvenance,
  type PromptPredictions,
  replayChallenges,
  type TestResult,
  testDrift,
  testEquality,
  testOrder,
} from '@phalanx/black-box';
import { logBinomialUpperTail, Random } from '@phalanx/stats';
import { buildBuiltInSources, OnlineModel } from '@phalanx/testing';
import type { Checks } from './checks.js';

/** Answers as models really give them; one text a call. */
export const AWKWARD_ANSWERS: Readonly<Record<string, (random: Random) => string>> = {
  'always the same': () => 'Paris.',
  empty: () => '',
  'empty or a refusal': (random) => (random.bernoulli(0.5) ? '' : "I'm sorry, but I can't help with that."),
  'two words': (random) => (random.bernoulli(0.9) ? 'yes' : 'no'),
  'one in a hundred differs': (random) => (random.bernoulli(0.99) ? 'yes' : `no ${random.integer(100)}`),
  'another script': (random) => '日本語の文章です。'.slice(random.integer(8)),
  'signs outside the basic plane': (random) => `${'👩‍🚀🧪'.repeat(random.integer(4))}𝔘`,
  'long and template-like': (random) =>
    `${'Step 1: read. '.repeat(random.integer(12))}Answer: ${random.integer(3)}`,
};

const TRIALS = 500;
const LEVELS = [0.001, 0.01, 0.05, 0.2];

/** Levels of every test under its null. */
export function checkNulls(checks: Checks): void {
  const random = new Random(42);
  for (const [name, draw] of Object.entries(AWKWARD_ANSWERS))
    checkLevels(checks, `equality, ${name}`, () => {
      const side = (count: number) => Array.from({ length: count }, () => draw(random));
      const samples = Array.from({ length: 3 }, (_, i) => ({ ours: side(3 + i), theirs: side(4) }));
      return testEquality(samples, { length: 24, permutations: 199, random });
    });
  checkLevels(checks, 'drift, noise in the last digits', () =>
    testDrift(drawPredictions(random), { permutations: 199, random }),
  );
  checkProvenance(checks, random);
  checkOrders(checks, random);
  checkChallenges(checks, random);
}

function drawPredictions(random: Random): PromptPredictions[] {
  const tell = () => {
    const logits = [3, 2.99, 1, 0.5, 0.49].map((logit) => logit + 0.01 * random.normal());
    const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
    const top = [0, 1, 2, 3, 4].sort((a, b) => logits[b]! - logits[a]!).slice(0, 3);
    return {
      candidates: top.map((i) => `token ${i}`),
      logProbabilities: Float64Array.from(top, (i) => logits[i]! - sum),
    };
  };
  const side = (count: number) => Array.from({ length: count }, tell);
  return Array.from({ length: 3 }, () => ({ before: side(4), after: side(3) }));
}

/** Suspect and controls as far from ours as each other, prompts of all difficulties. */
function checkProvenance(checks: Checks, random: Random): void {
  for (const controls of [1, 4])
    checkLevels(checks, `provenance, ${controls} control${controls > 1 ? 's' : ''}`, () => {
      const easy = Array.from({ length: 150 }, () => random.uniform());
      const ours = easy.map(() => `w${random.integer(3)}`);
      const stranger = () => easy.map((p, i) => (random.bernoulli(p) ? ours[i]! : ''));
      return matchProvenance({
        ours,
        suspect: stranger(),
        controls: Array.from({ length: controls }, (_, i) => ({ model: `c${i}`, answers: stranger() })),
      });
    });
}

/** Models that were trained on the very texts, in another order; orders of ours drawn anew. */
function checkOrders(checks: Checks, random: Random): void {
  const texts = [...new Set(buildBuiltInSources({ names: ['chat'], size: 300 }).flatMap((s) => s.texts))];
  const alphabet = [...new Set(texts.join(''))].sort().join('');
  const score = (model: OnlineModel, text: string) => {
    const tokens = model.encode(text);
    const said = model.begin();
    let sum = 0;
    for (const token of tokens) {
      sum += said.next().logProbabilities[token]!;
      said.push(token);
    }
    return sum / Math.max(1, tokens.length);
  };
  const strangers = Array.from({ length: 5 }, () => {
    const model = new OnlineModel({ alphabet, rows: 4096 });
    for (const text of random.shuffle([...texts])) model.learn(text);
    return texts.map((text) => score(model, text));
  });
  for (const referenced of [false, true])
    checkLevels(
      checks,
      `order, the same texts in another order${referenced ? ', with a reference' : ''}`,
      () => {
        const [own, other] = random.shuffle([...strangers]);
        const positions = random.shuffle(texts.map((_, i) => i));
        const told = positions.map((position, i) => ({
          position,
          logLikelihood: own![i]!,
          reference: referenced ? other![i]! : null,
        }));
        return testOrder(told, { random, drawn: true });
      },
    );
}

function checkChallenges(checks: Checks, random: Random): void {
  const candidates = Array.from({ length: 16 }, (_, i) => `word${i}`);
  const questions = Array.from({ length: 12 }, (_, i) => `question ${i}`);
  const suspects: Readonly<Record<string, (i: number, right: string) => string>> = {
    'one word always': () => 'word3',
    'all words': () => candidates.join(', '),
    'any word': () => candidates[random.integer(16)]!,
    // Knows the answers of another salt.
    'a rival of the same scheme': (_, right) => right,
  };
  for (const [name, say] of Object.entries(suspects))
    checkLevels(checks, `challenges, ${name}`, () => {
      const rival = deriveAnswers(drawChallenges(questions, candidates));
      return replayChallenges(
        drawChallenges(questions, candidates),
        questions.map((_, i) => say(i, rival[i]!)),
      );
    });
}

function checkLevels(checks: Checks, what: string, run: () => TestResult): void {
  const results = Array.from({ length: TRIALS }, run);
  const shares = LEVELS.map((level) => {
    const below = results.filter(({ logP }) => logP <= Math.log(level) + 1e-12).length;
    checks.check(
      `${what}: p <= ${level}`,
      logBinomialUpperTail(below, TRIALS, level) / Math.LN10 > -6,
      () => `${below} of ${TRIALS}`,
    );
    return `${below}`;
  });
  const high = results.filter(({ logE }) => logE >= Math.log(20)).length;
  checks.check(
    `${what}: e >= 20`,
    logBinomialUpperTail(high, TRIALS, 0.05) / Math.LN10 > -6,
    () => `${high} of ${TRIALS}`,
  );
  checks.note(`${what}: p <= ${LEVELS.join(', ')} in ${shares.join(', ')} of ${TRIALS}; e >= 20 in ${high}`);
}
