import { createHash } from 'node:crypto';
import { canonicalJson, type Json, toHex, utf8 } from '@phalanx/core';
import { refuse } from './suspect-error.js';
import type { Answer, Passage, Prediction, SuspectModel } from './suspect-model.js';

/** A prompt and the answer that somebody got, with what the host told besides. */
export interface RecordedAnswer {
  readonly prompt: string;
  readonly answer: string;
  /** Candidates for the first token of the answer, with ln of their probabilities. */
  readonly top?: Readonly<Record<string, number>>;
  /** ln of the probability of the prompt itself, where the host read it back, over so many tokens. */
  readonly logLikelihood?: number;
  readonly tokens?: number;
}

/**
 * A suspect whose answers were collected before. Each prompt is answered from the record, equal ones in the order recorded. Its id holds
 * the digest of the record, so that a registered test cannot be given another.
 *
 * @param name of the model that was asked
 */
export function openRecordedSuspect(name: string, record: readonly RecordedAnswer[]): SuspectModel {
  const answers = new Map<string, RecordedAnswer[]>();
  for (const row of record) {
    const queue = answers.get(row.prompt);
    if (queue === undefined) answers.set(row.prompt, [row]);
    else queue.push(row);
  }
  const told = new Map<string, number>();
  const take = (passage: Passage): RecordedAnswer => {
    const prompt = String(passage);
    const at = told.get(prompt) ?? 0;
    told.set(prompt, at + 1);
    const row = answers.get(prompt)?.[at];
    if (row !== undefined) return row;
    return refuse(
      'SUSPECT_UNRECORDED',
      'a prompt whose answer was not recorded',
      'Test with the prompts of the record, as often as they were asked.',
    );
  };
  const isTold = record.some(({ top }) => top !== undefined);
  const isScored = record.some(({ logLikelihood }) => logLikelihood !== undefined);
  return {
    id: `${name} recorded ${digestRecord(record)}`,
    complete: async (prompt) => toAnswer(take(prompt)),
    ...(isTold && {
      logProbabilities: async (context: Passage) => {
        const { top } = take(context);
        if (top !== undefined) return toPrediction(top);
        return refuse(
          'SUSPECT_UNRECORDED',
          'a prompt whose candidates were not recorded',
          'Leave it out of the record and the test.',
        );
      },
    }),
    ...(isScored && {
      scoreText: async (text: Passage) => {
        const { logLikelihood, tokens } = take(text);
        if (logLikelihood !== undefined && tokens !== undefined) return { logLikelihood, tokens };
        return refuse(
          'SUSPECT_UNRECORDED',
          'a text whose probability was not recorded',
          'Leave it out of the record and the test.',
        );
      },
    }),
  };
}

function toAnswer({ answer, top }: RecordedAnswer): Answer {
  if (top === undefined) return { passage: answer };
  return { passage: answer, steps: [{ text: answer, prediction: toPrediction(top) }] };
}

function toPrediction(top: Readonly<Record<string, number>>): Prediction {
  return { candidates: Object.keys(top), logProbabilities: Float64Array.from(Object.values(top)) };
}

/** SHA-256, hex, of the canonical JSON of rows: prompt, answer, and what was told besides, if anything was. */
function digestRecord(record: readonly RecordedAnswer[]): string {
  const rows = record.map(({ prompt, answer, ...more }) =>
    Object.keys(more).length === 0 ? [prompt, answer] : [prompt, answer, more],
  );
  return toHex(
    createHash('sha256')
      .update(utf8(canonicalJson(rows as Json)))
      .digest(),
  );
}
