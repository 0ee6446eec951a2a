import { DAY_MS } from '@phalanx/core';
import type { Exchange } from '@phalanx/domain';
import { buildBuiltInSources, NgramModel, Random, trainByteVocabulary } from '@phalanx/testing';
import { type Mark, makeSampler, openTokenizer, type Sampling, type Tokenizer } from '@phalanx/watermark';

/** Accounts of the simulated provider; the last few are a thief's. */
const ACCOUNTS = 40;
const THIEVES = 3;
const ANSWERS = 6;
const ANSWER_TOKENS = 220;
const LEARNED_MERGES = 768;
/** Texts that one answer's model is counted on. */
const LEARNED = 150;
const BACK_OFF = 0.4;
const START_MS = Date.UTC(2026, 1, 2);
const SAMPLING: Sampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  deduplicateContexts: 'single_turn',
  history: 8192,
};
/** Words of a stolen answer that the thief replaces. */
const EDITED = 0.05;

/**
 * A model small enough to run here: for each answer the n-grams of some made-up texts are counted, so that answers differ from prompt to
 * prompt as those of a real model do. What it writes looks like text from afar.
 */
export interface Teacher {
  readonly tokenizerFile: Uint8Array;
  readonly tokenizer: Tokenizer;
  readonly prompts: readonly string[];
}

/** A thief's spoils, and what he made of them. */
export interface Loot {
  readonly thieves: readonly string[];
  /** Rows for training: stolen answers, edited, among rows from elsewhere. */
  readonly rows: readonly string[];
  readonly stolen: number;
  /** One stolen answer inside a longer text. */
  readonly document: string;
}

/** The same seed, the same teacher. */
export function trainTeacher(seed: string): Teacher {
  const prompts = buildBuiltInSources({ size: 600, seed }).flatMap(({ texts }) => texts);
  const tokenizerFile = trainByteVocabulary(prompts.slice(0, 2000), LEARNED_MERGES);
  const tokenizer = openTokenizer(tokenizerFile);
  return { tokenizerFile, tokenizer, prompts };
}

/** Ids of all accounts. */
export function listAccounts(): string[] {
  return Array.from({ length: ACCOUNTS }, (_, i) => `acct-${String(i + 1).padStart(2, '0')}`);
}

/** A day of answers, each marked under the key of the account that asked. */
export function answerAccounts(
  teacher: Teacher,
  openTenant: (account: string) => Mark,
  seed: string,
): Exchange[] {
  const random = new Random(`${seed} answers`);
  return listAccounts().flatMap((accountId, account) => {
    const sampler = makeSampler(openTenant(accountId), SAMPLING, { random: () => random.uniform() });
    return Array.from({ length: ANSWERS }, (_, i): Exchange => {
      const prompt = teacher.prompts[random.integer(0, teacher.prompts.length - 1)]!;
      const response = write(
        teacher,
        prompt,
        random,
        ({ candidates, answer }) => sampler.next({ candidates, answer }).token,
      );
      return {
        sourceId: `${accountId}-${i}`,
        accountId,
        startedAtMs: START_MS + Math.floor(((account * ANSWERS + i) / (ACCOUNTS * ANSWERS)) * DAY_MS),
        model: 'demo',
        operation: 'chat',
        status: 'ok',
        messages: [{ role: 'user', text: prompt }],
        response,
        inputTokens: teacher.tokenizer.encode(prompt).length,
        outputTokens: ANSWER_TOKENS,
      };
    });
  });
}

/** What the thief's accounts received, edited, wrapped, and mixed with ten times as many rows of a model without marks. */
export function stealAnswers(teacher: Teacher, exchanges: readonly Exchange[], seed: string): Loot {
  const random = new Random(`${seed} loot`);
  const thieves = listAccounts().slice(-THIEVES);
  const stolen = exchanges
    .filter(({ accountId }) => thieves.includes(accountId))
    .map(({ response }) => response!);
  const elsewhere = Array.from({ length: 10 * stolen.length }, () => writeUnmarked(teacher, random));
  const rows = [...stolen.map((text) => `Answer: ${edit(text, teacher, random)}`), ...elsewhere];
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  const around = () => Array.from({ length: 4 }, () => writeUnmarked(teacher, random)).join('\n');
  return { thieves, rows, stolen: stolen.length, document: `${around()}\n${stolen[0]}\n${around()}` };
}

type Choose = (step: { candidates: ReturnType<NgramModel['next']>; answer: Int32Array }) => number;

function write({ tokenizer, prompts }: Teacher, prompt: string, random: Random, choose: Choose): string {
  const model = new NgramModel({ order: 3, vocabularySize: tokenizer.vocabularySize, backOff: BACK_OFF });
  for (let i = 0; i < LEARNED; i++)
    model.learn(tokenizer.encode(`${prompts[random.integer(0, prompts.length - 1)]!}\n`));
  const start = tokenizer.encode(`${prompt}\n`);
  const text = new Int32Array(start.length + ANSWER_TOKENS);
  text.set(start);
  for (let at = start.length; at < text.length; at++)
    text[at] = choose({
      candidates: model.next(text.subarray(at - 2, at)),
      answer: text.subarray(start.length, at),
    });
  return tokenizer.decode(text.subarray(start.length));
}

function writeUnmarked(teacher: Teacher, random: Random): string {
  const prompt = teacher.prompts[random.integer(0, teacher.prompts.length - 1)]!;
  return write(teacher, prompt, random, ({ candidates: { tokens, logProbabilities } }) => {
    let left = random.uniform();
    let i = 0;
    while (i < tokens.length - 1 && (left -= Math.exp(logProbabilities[i]!)) > 0) i++;
    return tokens[i]!;
  });
}

function edit(text: string, { prompts }: Teacher, random: Random): string {
  return text
    .split(' ')
    .map((word) => {
      if (!random.chance(EDITED)) return word;
      const words = prompts[random.integer(0, prompts.length - 1)]!.split(' ');
      return words[random.integer(0, words.length - 1)]!;
    })
    .join(' ');
}
