import { expect, it } from 'vitest';
import { keepAnswers } from './kept-answers.js';
import { openRecordedSuspect, type RecordedAnswer } from './recorded-suspect.js';

const rows: RecordedAnswer[] = [
  { prompt: 'a', answer: 'one', top: { one: -0.1, two: -2 } },
  { prompt: 'a', answer: 'two' },
  { prompt: 'a long text', answer: '', logLikelihood: -12, tokens: 3 },
];

it('answers from the record, in its order, with what was told', async () => {
  const suspect = openRecordedSuspect('m', rows);
  const first = await suspect.complete('a');
  expect(first.steps![0]!.prediction.candidates).toEqual(['one', 'two']);
  expect([...first.steps![0]!.prediction.logProbabilities]).toEqual([-0.1, -2]);
  expect(await suspect.complete('a')).toEqual({ passage: 'two' });
  await expect(suspect.complete('a')).rejects.toMatchObject({ code: 'SUSPECT_UNRECORDED' });
  expect(await suspect.scoreText!('a long text')).toEqual({ logLikelihood: -12, tokens: 3 });
});

it('is what was kept of another', async () => {
  const kept: RecordedAnswer[] = [];
  const first = keepAnswers(openRecordedSuspect('m', rows), (row) => kept.push(row));
  await first.complete('a');
  await first.complete('a');
  await first.scoreText!('a long text');
  expect(kept).toEqual(rows);
  const told = keepAnswers(
    {
      id: 'm',
      complete: async () => ({ passage: 'x' }),
      logProbabilities: async () => ({
        candidates: ['x', 'y'],
        logProbabilities: Float64Array.of(0, Number.NEGATIVE_INFINITY),
      }),
    },
    (row) => kept.push(row),
  );
  await told.logProbabilities!('context');
  expect(kept.at(-1)).toEqual({ prompt: 'context', answer: '', top: { x: 0, y: -9999 } });
  const again = openRecordedSuspect('m', JSON.parse(JSON.stringify(kept)));
  expect((await again.logProbabilities!('context')).candidates).toEqual(['x', 'y']);
});

it('is known by what it holds', () => {
  const id = (record: readonly RecordedAnswer[]) => openRecordedSuspect('m', record).id;
  expect(id(rows)).toBe(id([...rows]));
  expect(id([...rows].reverse())).not.toBe(id(rows));
  expect(id([{ ...rows[0]!, top: { one: -0.1, two: -3 } }, ...rows.slice(1)])).not.toBe(id(rows));
  expect(openRecordedSuspect('m', [rows[1]!]).scoreText).toBeUndefined();
});
