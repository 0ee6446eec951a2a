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

/**
 * A model that may have learned from marked answers. Nothing is assumed of it but that it was not given the key. It
 * may tell the truth about its probabilities or not: under the null no answer can depend on the key.
 */
export interface SuspectModel {
  /** Names it in the registration: provider, address and version. */
  readonly id: string;
  /** @throws PhalanxError `MARK_SUSPECT` when there is no answer. */
  complete(prompt: Passage): Promise<Answer>;
  /** Distribution of the token after `context`, of the likeliest candidates at least. */
  logProbabilities?(context: Passage): Promise<Prediction>;
}
