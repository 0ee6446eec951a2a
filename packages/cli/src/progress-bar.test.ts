import { expect, it } from 'vitest';
import { drawBar, openProgressBar } from './progress-bar.js';

it('draws share, label and remaining time within the width', () => {
  expect(drawBar(0.5, '12 rows', 95, 80)).toBe(
    `${'━'.repeat(12)}${'╌'.repeat(12)}  50%  12 rows, 1 min left`,
  );
  expect(drawBar(null, 'rows', null, 80)).toContain('?  rows');
  expect(drawBar(2, 'x'.repeat(200), 5, 40)).toHaveLength(39);
});

it('writes to a screen only, ten times a second at most', () => {
  const said: string[] = [];
  let now = 0;
  const talk = (text: string) => said.push(text);
  openProgressBar({ talk, talkIsScreen: false, columns: 80 }, () => now).show(0.5, 'a');
  expect(said).toEqual([]);
  const bar = openProgressBar({ talk, talkIsScreen: true, columns: 80 }, () => now);
  for (; now < 1000; now += 10) bar.show(now / 1000, 'a');
  expect(said).toHaveLength(10);
  bar.clear();
  bar.clear();
  expect(said).toHaveLength(11);
});
