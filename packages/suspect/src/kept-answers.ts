import type { RecordedAnswer } from './recorded-suspect.js';
import type { Answer, Passage, SuspectModel } from './suspect-model.js';

/**
 * A model whose answers are told to `keep` as they come, in rows that `openRecordedSuspect` reads, so that others can judge the same answers again. Kept are prompt,
 * answer, what was told of its first token, and likelihoods that were read back; of `logProbabilities` the candidates, beside an empty answer.
 */
export function keepAnswers(model: SuspectModel, keep: (row: RecordedAnswer) => void): SuspectModel {
  const { logProbabilities, scoreText } = model;
  return {
    id: model.id,
    complete: async (prompt, options) => {
      const answer = await model.complete(prompt, options);
      keep(toRow(prompt, answer));
      return answer;
    },
    ...(logProbabilities !== undefined && {
      logProbabilities: async (context: Passage) => {
        const prediction = await logProbabilities.call(model, context);
        keep(toRow(context, { passage: '', steps: [{ text: null, prediction }] }));
        return prediction;
      },
    }),
    ...(scoreText !== undefined && {
      scoreText: async (text: Passage) => {
        const { logLikelihood, tokens } = await scoreText.call(model, text);
        keep({ prompt: String(text), answer: '', logLikelihood, tokens });
        return { logLikelihood, tokens };
      },
    }),
  };
}

function toRow(prompt: Passage, { passage, steps }: Answer): RecordedAnswer {
  const prediction = steps?.[0]?.prediction;
  const row = { prompt: String(prompt), answer: String(passage) };
  if (prediction === undefined || !Array.isArray(prediction.candidates)) return row;
  const told = prediction.candidates.map((name, i): [string, number] => [
    name,
    // JSON has no -Infinity, which hosts tell for "none".
    Math.max(LEAST, prediction.logProbabilities[i]!),
  ]);
  return { ...row, top: Object.fromEntries(told) };
}

const LEAST = -9999;
