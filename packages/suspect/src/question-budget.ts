import { refuse, requireInteger } from './suspect-error.js';
import type { Passage, SuspectModel } from './suspect-model.js';

/** What may be spent on one model: hosts charge for all of it. */
export interface QuestionBudget {
  readonly questions: number;
  /** Of prompts and texts that are sent, UTF-16 code units (tokens for token ids). */
  readonly characters: number;
  /** Of answers at most, as far as a question limits its own (`maxTokens`; one where only probabilities are asked for). */
  readonly answerTokens: number;
}

/**
 * A model that answers until the budget is spent and then refuses. A question counts before it is asked, whether it is answered or
 * not; tries again within one question do not.
 *
 * @throws PhalanxError `SUSPECT_ARGUMENT` for a budget that is no count; its methods `SUSPECT_BUDGET`
 */
export function limitQuestions(model: SuspectModel, budget: QuestionBudget): SuspectModel {
  requireInteger(budget.questions, 'questions', 1, 10_000_000);
  requireInteger(budget.characters, 'characters', 1, 100_000_000_000);
  requireInteger(budget.answerTokens, 'answer tokens', 1, 100_000_000_000);
  const left = { ...budget };
  const spend = (passage: Passage, tokens: number) => {
    left.questions--;
    left.characters -= passage.length;
    left.answerTokens -= tokens;
    const spent = (['questions', 'characters', 'answerTokens'] as const).find((name) => left[name] < 0);
    if (spent === undefined) return;
    const name = spent === 'answerTokens' ? 'answer tokens' : spent;
    refuse(
      'SUSPECT_BUDGET',
      `${model.id}: the ${budget[spent]} ${name} allowed are spent`,
      'Ask less, or allow more before the test begins.',
    );
  };
  const { logProbabilities, scoreText } = model;
  return {
    id: model.id,
    complete: async (prompt, options) => {
      spend(prompt, options?.maxTokens ?? 0);
      return model.complete(prompt, options);
    },
    ...(logProbabilities !== undefined && {
      logProbabilities: async (context: Passage) => {
        spend(context, 1);
        return logProbabilities.call(model, context);
      },
    }),
    ...(scoreText !== undefined && {
      scoreText: async (text: Passage) => {
        spend(text, 1);
        return scoreText.call(model, text);
      },
    }),
  };
}
