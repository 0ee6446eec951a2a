import type { IngestStatus } from '@phalanx/ingest';
import { expect, it } from 'vitest';
import { showIngestStatus } from './ingest-progress.js';
import { openProgressBar } from './progress-bar.js';

const READING: IngestStatus = {
  phase: 'reading',
  file: 'a.jsonl',
  fileNumber: 1,
  files: 1,
  rows: 1500,
  exchanges: 1500,
  rejected: 0,
  bytes: 750,
  totalBytes: 1000,
  exchangesPerSecond: 500,
  remainingSeconds: 1,
};
const COMPACTING: IngestStatus = {
  ...READING,
  phase: 'compacting',
  file: '',
  bytes: 1000,
  remainingSeconds: 0,
};

it.each([
  ['files', 1000, '75%', 'left'],
  ['standard input', null, '?', '/s'],
])('says that it is compacting after reading %s, however soon', (_source, totalBytes, share, end) => {
  const said: string[] = [];
  const bar = openProgressBar({ talk: (text) => said.push(text), talkIsScreen: true, columns: 80 }, () => 0);
  showIngestStatus(bar, { ...READING, totalBytes, remainingSeconds: totalBytes === null ? null : 1 });
  showIngestStatus(bar, { ...COMPACTING, totalBytes, remainingSeconds: totalBytes === null ? null : 0 });
  expect(said).toHaveLength(2);
  expect(said[0]).toContain(`${share}  1,500 exchanges, 500/s`);
  expect(said[0]!.endsWith(end)).toBe(true);
  expect(said[1]!.endsWith('100%  1,500 exchanges stored, compacting')).toBe(true);
});

it('says nothing where there is no screen', () => {
  const said: string[] = [];
  const bar = openProgressBar({ talk: (text) => said.push(text), talkIsScreen: false, columns: 80 });
  showIngestStatus(bar, COMPACTING);
  expect(said).toEqual([]);
});
