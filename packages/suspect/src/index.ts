export { type ApiSuspectOptions, openApiSuspect } from './api-suspect.js';
export type { PostLimits } from './bounded-post.js';
export { keepAnswers } from './kept-answers.js';
export { limitQuestions, type QuestionBudget } from './question-budget.js';
export { openRecordedSuspect, type RecordedAnswer } from './recorded-suspect.js';
export type { SuspectErrorCode } from './suspect-error.js';
export type {
  Answer,
  AnswerStep,
  AskOptions,
  Passage,
  Prediction,
  SuspectModel,
  TextScore,
} from './suspect-model.js';
