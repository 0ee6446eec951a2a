import { refuse, requireInteger } from './suspect-error.js';
import type { Passage, SuspectModel } from './suspect-model.js';

/** What may be spent on one model: hosts charge for both. */
export interface QuestionBudget {
  readonly questions: number;
  /** Of prompts and texts that are sent, UTF-16 code units (tokens for token ids). */
  readonly characters: number;
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
  let { questions, characters } = budget;
  const spend = (passage: Passage) => {
    questions--;
    characters -= passage.length;
    if (questions < 0 || characters < 0)
      refuse(
        'SUSPECT_BUDGET',
        `${model.id}: ${questions < 0 ? `${budget.questions} questions` : `${budget.characters} characters`} are spent`,
        'Ask less, or allow more before the test begins.',
      );
  };
  const { logProbabilities, scoreText } = model;
  return {
    id: model.id,
    complete: async (prompt, options) => {
      spend(prompt);
      return model.complete(prompt, options);
    },
    ...(logProbabilities !== undefined && {
      logProbabilities: async (context: Passage) => {
        spend(context);
        return logProbabilities.call(model, context);
      },
    }),
    ...(scoreText !== undefined && {
      scoreText: async (text: Passage) => {
        spend(text);
        return scoreText.call(model, text);
      },
    }),
  };
}
