import { expect, it } from 'vitest';
import { limitQuestions } from './question-budget.js';
import type { SuspectModel } from './suspect-model.js';

const echo: SuspectModel = {
  id: 'echo',
  complete: async (prompt) => ({ passage: prompt }),
  scoreText: async (text) => ({ logLikelihood: -text.length, tokens: text.length }),
};

it('counts questions and what is sent, of every kind', async () => {
  const few = limitQuestions(echo, { questions: 2, characters: 100, answerTokens: 99 });
  await few.complete('a');
  await few.scoreText!('b');
  await expect(few.complete('c')).rejects.toMatchObject({ code: 'SUSPECT_BUDGET' });
  const short = limitQuestions(echo, { questions: 9, characters: 3, answerTokens: 99 });
  await short.complete('abc');
  await expect(short.complete('d')).rejects.toThrow(/3 characters allowed are spent/);
  const terse = limitQuestions(echo, { questions: 9, characters: 99, answerTokens: 9 });
  await terse.complete('a', { maxTokens: 8 });
  await terse.scoreText!('b');
  await expect(terse.complete('c', { maxTokens: 1 })).rejects.toThrow(/9 answer tokens/);
  expect(few.logProbabilities).toBeUndefined();
  expect(() => limitQuestions(echo, { questions: 0, characters: 1, answerTokens: 1 })).toThrow(/questions/);
});
