import { createHash } from 'node:crypto';
import { canonicalJson, toHex, utf8 } from '@phalanx/core';
import { refuse } from './suspect-error.js';
import type { SuspectModel } from './suspect-model.js';

/** A prompt and the answer that somebody got. */
export interface RecordedAnswer {
  readonly prompt: string;
  readonly answer: string;
}

/**
 * A suspect whose answers were collected before. Each prompt is answered from the record, equal ones in the order recorded. Its id holds
 * the digest of the record, so that a registered test cannot be given another.
 *
 * @param name of the model that was asked
 */
export function openRecordedSuspect(name: string, record: readonly RecordedAnswer[]): SuspectModel {
  const answers = new Map<string, string[]>();
  for (const { prompt, answer } of record) {
    const queue = answers.get(prompt);
    if (queue === undefined) answers.set(prompt, [answer]);
    else queue.push(answer);
  }
  const told = new Map<string, number>();
  const rows = record.map(({ prompt, answer }) => [prompt, answer]);
  const digest = createHash('sha256')
    .update(utf8(canonicalJson(rows)))
    .digest();
  return {
    id: `${name} recorded ${toHex(digest)}`,
    complete: async (prompt) => {
      const key = String(prompt);
      const at = told.get(key) ?? 0;
      told.set(key, at + 1);
      const passage = answers.get(key)?.[at];
      return passage === undefined
        ? refuse(
            'SUSPECT_UNRECORDED',
            'a prompt whose answer was not recorded',
            'Test with the prompts of the record.',
          )
        : { passage };
    },
  };
}
