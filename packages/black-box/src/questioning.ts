import { createHash } from 'node:crypto';
import { logSumExp, Random } from '@phalanx/stats';
import type { Answer, Prediction, SuspectModel } from '@phalanx/suspect';
import { demand, refuse } from './black-box-error.js';

/** Told after every answer. */
export type OnAnswer = () => void;

/** Questions under way at a time. */
const CONCURRENCY = 4;

/** A generator for one use of one try of a plan. */
export function openRandom(seed: string, use: string): Random {
  const digest = createHash('sha256').update(`${seed} ${use}`).digest();
  return new Random([
    digest.readUInt32BE(0),
    digest.readUInt32BE(4),
    digest.readUInt32BE(8),
    (digest.readUInt32BE(12) | 1) >>> 0,
  ]);
}

/** Text of one answer to each prompt, in order. */
export async function askEach(
  model: SuspectModel,
  prompts: readonly string[],
  maxTokens: number,
  onAnswer: OnAnswer,
): Promise<string[]> {
  return eachOf(prompts, async (prompt) => {
    const { passage } = await model.complete(prompt, { maxTokens });
    onAnswer();
    return textOf(passage);
  });
}

export interface TurnOptions {
  /** Answers of each side to a prompt. */
  readonly samples: number;
  readonly maxTokens: number;
  readonly random: Random;
  /** Puts random signs before each question, drawn before it is decided who is asked. */
  readonly uncached: boolean;
  readonly onAnswer: OnAnswer;
}

/**
 * Asks two models the same in turns: all questions in random order, and within each prompt a random half of them goes to either model. So what changes with time or
 * load falls on both alike, and labels drawn anew within a prompt are as likely as the ones used: a permutation test is exact if it makes no
 * difference who was asked.
 *
 * @returns for each prompt the answers of the first and of the second model
 */
export async function askInTurns(
  first: SuspectModel,
  second: SuspectModel,
  prompts: readonly string[],
  { samples, maxTokens, random, uncached, onAnswer }: TurnOptions,
): Promise<[Answer[], Answer[]][]> {
  const turns = prompts.flatMap((prompt, at) => {
    const sides = Array.from({ length: 2 * samples }, (_, i) => i % 2);
    random.shuffle(sides);
    return sides.map((side) => ({
      at,
      side,
      question: uncached ? `[${sign(random)}]\n\n${prompt}` : prompt,
    }));
  });
  random.shuffle(turns);
  const answers = prompts.map((): [Answer[], Answer[]] => [[], []]);
  const told = await eachOf(turns, async ({ side, question }) => {
    const answer = await (side === 0 ? first : second).complete(question, { maxTokens });
    onAnswer();
    return answer;
  });
  for (const [i, { at, side }] of turns.entries()) answers[at]![side]!.push(told[i]!);
  return answers;
}

function sign(random: Random): string {
  return random.uint32().toString(36).padStart(7, '0');
}

/** The text of an answer. @throws PhalanxError `BLACK_BOX_SUSPECT` for token ids */
export function textOf(passage: Answer['passage']): string {
  if (typeof passage === 'string') return passage;
  return refuse('BLACK_BOX_SUSPECT', 'the model answers in token ids', 'Decode them.');
}

/** What came first in an answer. @throws PhalanxError `BLACK_BOX_SUSPECT` when the model tells no probabilities */
export function firstPrediction(model: SuspectModel, { steps }: Answer): Prediction {
  if (steps === undefined)
    return refuse('BLACK_BOX_SUSPECT', `${model.id} tells no log-probabilities`, 'Test equality of texts.');
  return steps[0]?.prediction ?? { candidates: [], logProbabilities: new Float64Array(0) };
}

/**
 * ln of the probability that a model gives each text, a token: read back by the host (`scoreText`), else from the likeliest candidates after eight cuts of the
 * text, where a candidate that begins the rest counts, and what is not told counts as the least that is.
 *
 * @throws PhalanxError `BLACK_BOX_SUSPECT` when the model tells neither
 */
export async function scoreEach(
  model: SuspectModel,
  texts: readonly string[],
  onAnswer: OnAnswer,
): Promise<number[]> {
  const { scoreText, logProbabilities } = model;
  if (scoreText === undefined && logProbabilities === undefined)
    return refuse(
      'BLACK_BOX_SUSPECT',
      `${model.id} tells no probabilities of texts`,
      'The order test needs completions with log-probabilities.',
    );
  return eachOf(texts, async (text) => {
    let score: number;
    if (scoreText !== undefined) {
      const { logLikelihood, tokens } = await scoreText.call(model, text);
      score = logLikelihood / tokens;
    } else score = await scoreByCuts((context) => logProbabilities!.call(model, context), text);
    demand(Number.isFinite(score), 'BLACK_BOX_SUSPECT', `${model.id} tells what is no number`, 'Ask again.');
    onAnswer();
    return score;
  });
}

const CUTS = 8;
/** Signs from white space to white space on average, above which a script is taken to have none. */
const LONGEST_WORD = 20;
const FLOOR = -100;

async function scoreByCuts(ask: (context: string) => Promise<Prediction>, text: string): Promise<number> {
  const cuts = chooseCuts(text);
  let sum = 0;
  for (const cut of cuts) {
    const { candidates, logProbabilities } = await ask(text.slice(0, cut));
    const rest = text.slice(cut);
    const told = [...logProbabilities].map((logP) => Math.max(FLOOR, logP));
    const fitting = told.filter((_, i) => {
      const candidate = candidates[i];
      return typeof candidate === 'string' && candidate !== '' && rest.startsWith(candidate);
    });
    sum += fitting.length > 0 ? Math.min(0, logSumExp(fitting)) : Math.min(0, ...told);
  }
  return cuts.length === 0 ? 0 : sum / cuts.length;
}

/** Places before white space, spread evenly; in a script without it, before any sign. */
function chooseCuts(text: string): number[] {
  const spaces = [...text.matchAll(/\S(?=\s)/g)].map(({ index }) => index + 1);
  const signs = [...text.matchAll(/./gsu)].map(({ index }) => index).slice(1);
  const places = spaces.length * LONGEST_WORD < signs.length ? signs : spaces;
  const count = Math.min(CUTS, places.length);
  return Array.from({ length: count }, (_, i) => places[Math.floor(((i + 0.5) * places.length) / count)]!);
}

async function eachOf<Item, Result>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += CONCURRENCY)
    results.push(...(await Promise.all(items.slice(from, from + CONCURRENCY).map(ask))));
  return results;
}
