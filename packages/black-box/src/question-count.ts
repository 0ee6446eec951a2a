import type { BlackBoxPlan } from './plan.js';

/** What a plan will ask of all models together, at most. */
export interface QuestionCount {
  readonly questions: number;
  /** Of answers. */
  readonly answerTokens: number;
}

/** Tokens that are asked for where the first word of an answer counts. */
export const WORD_TOKENS = 8;

/** Counts the questions of a plan before any is asked. Texts that no host reads back are cut eight times, and cost eight questions. */
export function countQuestions({ tests, controls, reference }: BlackBoxPlan, reads = 1): QuestionCount {
  let [questions, answerTokens] = [0, 0];
  const add = (count: number, tokens: number) => {
    questions += count;
    answerTokens += count * tokens;
  };
  for (const test of tests)
    switch (test.test) {
      case 'equality':
        add(2 * test.samples * test.prompts, test.answerTokens);
        break;
      case 'drift':
        add(2 * test.samples * test.prompts, 1);
        break;
      case 'provenance':
        add((2 + controls.length) * test.prompts, WORD_TOKENS);
        break;
      case 'fingerprints':
        add((1 + controls.length) * test.prompts, test.answerTokens);
        break;
      case 'order':
        add((reference === null ? 1 : 2) * test.texts * reads, 1);
        break;
      case 'challenges':
        add(test.questions, test.answerTokens);
    }
  return { questions, answerTokens };
}
