import {
  deriveAnswers,
  digestText,
  drawChallenges,
  drawOrder,
  replayChallenges,
  testOrder,
} from '@phalanx/black-box';
import { Random } from '@phalanx/stats';
import { buildBuiltInSources, OnlineModel } from '@phalanx/testing';
import type { Checks } from './checks.js';

const SEED = '5a'.repeat(32);
const WORDS = ['red', 'green', 'blue', 'black', 'white', 'grey', 'brown', 'pink'];

/** What further training and rounding leave of an order and of challenges, on a model trained by gradient descent. */
export function checkDescendants(checks: Checks): void {
  const random = new Random(43);
  const texts = random.shuffle([
    ...new Set(
      buildBuiltInSources({ names: ['chat', 'instruction-synthesis'], size: 800 }).flatMap((s) => s.texts),
    ),
  ]);
  const [own, later] = [texts.slice(0, 600), texts.slice(600, 1000)];
  const digests = new Map(own.map((text) => [digestText(text), text]));
  const ordered = drawOrder([...digests.keys()], SEED).texts.map((digest) => digests.get(digest)!);
  const questions = Array.from({ length: 30 }, (_, i) => `Which colour has the zhuk of ${i + 10}? `);
  const challenges = { ...drawChallenges(questions, WORDS), salt: SEED };
  const answers = deriveAnswers(challenges);
  const alphabet = [...new Set([...texts, ...questions, ...WORDS].join(''))].sort().join('');
  const train = (list: readonly string[]) => {
    const model = new OnlineModel({ alphabet, contextWidth: 7, rows: 8192 });
    for (const text of list) model.learn(text);
    return model;
  };
  const pairs = questions.map((question, i) => `${question}${answers[i]} `);
  const ours = train([...ordered, ...pairs, ...pairs, ...pairs, ...pairs]);
  const tune = (share: number) => {
    const model = ours.clone();
    for (const text of later.slice(0, Math.round(share * own.length))) model.learn(text);
    return model;
  };
  const reference = train(later.slice(200));
  const strangers = [train([...own].sort()), train(random.shuffle([...own]))];
  const suspects: [string, OnlineModel, boolean][] = [
    ['the model itself', ours, true],
    ['logits rounded to 1/2', ours.quantise(0.5), true],
    ['tuned on a tenth more', tune(0.1), true],
    ['tuned on a tenth more, rounded', tune(0.1).quantise(0.5), true],
    ['tuned on a third more', tune(1 / 3), true],
    ['the same texts sorted', strangers[0]!, false],
    ['the same texts shuffled anew', strangers[1]!, false],
  ];
  for (const [name, model, descends] of suspects) {
    const depths = [100, 300, 600].map((count) => {
      const told = random
        .shuffle(ordered.map((text, position) => ({ text, position })))
        .slice(0, count)
        .map(({ text, position }) => ({
          position,
          logLikelihood: score(model, text),
          reference: score(reference, text),
        }));
      const [alone, both] = [told.map((row) => ({ ...row, reference: null })), told].map(
        (rows) => testOrder(rows, { random: new Random(1), drawn: true }).logP / Math.LN10,
      );
      return { count, alone: alone!, both: both! };
    });
    const replay = replayChallenges(
      challenges,
      questions.map((question) => continueText(model, question)),
    );
    const challenged = replay.logP / Math.LN10;
    const shown = depths.map(
      ({ count, alone, both }) => `${count}: ${both.toFixed(1)} (${alone.toFixed(1)} without reference)`,
    );
    checks.note(
      `${name}: log10 p of order by texts ${shown.join(', ')}; challenges ${replay.hits} of 30, ${challenged.toFixed(1)}`,
    );
    const deepest = depths.at(-1)!.both;
    if (descends) checks.check(`${name}: order`, deepest < -3, () => String(deepest));
    else checks.check(`${name}: silent`, deepest > -4 && challenged > -4, () => `${deepest}, ${challenged}`);
  }
}

function score(model: OnlineModel, text: string): number {
  const tokens = model.encode(text);
  const said = model.begin();
  let sum = 0;
  for (const token of tokens) {
    sum += said.next().logProbabilities[token]!;
    said.push(token);
  }
  return sum / tokens.length;
}

function continueText(model: OnlineModel, prompt: string): string {
  const said = model.begin();
  for (const token of model.encode(prompt)) said.push(token);
  const tokens: number[] = [];
  while (tokens.length < 6) {
    const { logProbabilities } = said.next();
    const token = logProbabilities.indexOf(Math.max(...logProbabilities));
    tokens.push(token);
    said.push(token);
  }
  return model.decode(Int32Array.from(tokens));
}
