/** Text, or token ids of the vocabulary that the marks were made with. */
export type Passage = string | Int32Array;

/** What a model says may come next, in any order, with natural logarithms of the probabilities. */
export interface Prediction {
  /** Each candidate as text of the suspect's own vocabulary, or all as token ids of ours. */
  readonly candidates: readonly string[] | Int32Array;
  readonly logProbabilities: Float64Array;
}

/** One token of an answer and what else might have come in its place. */
export interface AnswerStep {
  /** Text of the token that came; null when the prediction has token ids. */
  readonly text: string | null;
  readonly prediction: Prediction;
}

export interface Answer {
  readonly passage: Passage;
  /** Present when the model tells probabilities: its tokens in order, which together spell the passage. */
  readonly steps?: readonly AnswerStep[];
}

/** How one question is asked, where it is not as the model was opened. */
export interface AskOptions {
  /** Of the answer at most. */
  readonly maxTokens?: number;
}

/**
 * A model of somebody else's. Nothing is assumed of it, not even that it tells the truth about its probabilities: a test's null says
 * what its answers cannot depend on.
 */
export interface SuspectModel {
  /** Names it in the registration: provider, address and version. */
  readonly id: string;
  /** @throws PhalanxError `SUSPECT_ANSWER` when there is no answer. */
  complete(prompt: Passage, options?: AskOptions): Promise<Answer>;
  /** Distribution of the token after `context`, of the likeliest candidates at least. */
  logProbabilities?(context: Passage): Promise<Prediction>;
  /** ln of the probability of a text after its first token, and how many tokens that is. */
  scoreText?(text: Passage): Promise<TextScore>;
}

/** ln of a text's probability, summed over `tokens` of it: those whose probability the model told. */
export interface TextScore {
  readonly logLikelihood: number;
  readonly tokens: number;
}
