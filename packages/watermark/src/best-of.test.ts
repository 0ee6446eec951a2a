import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { chooseDraft } from './best-of.js';
import { testMark } from './detect/log-p.js';
import { openPhalanxGumbel } from './dialects/phalanx-gumbel.js';
import { collectNgrams } from './ngrams.js';

const VOCABULARY = 5000;
const PIECE = 60;

/** z of the score of a whole text of `pieces` pieces, each the best of `drafts`, read with `reader`. */
function markText(random: Random, drafts: number, pieces: number, writer: Uint8Array, reader: Uint8Array) {
  const mark = openPhalanxGumbel({ contextWidth: 2, secondShare: 0 }, writer);
  let text = new Int32Array(0);
  for (let piece = 0; piece < pieces; piece++) {
    const options = Array.from({ length: drafts }, () =>
      Int32Array.from({ length: PIECE }, () => random.integer(VOCABULARY)),
    );
    text = Int32Array.from([...text, ...options[chooseDraft(mark, text, options).index]!]);
  }
  const other = openPhalanxGumbel({ contextWidth: 2, secondShare: 0 }, reader);
  const test = testMark(other.pivot, other.read(collectNgrams([text], other)));
  return { z: test.excess * Math.sqrt(test.scored), logP: test.logP };
}

describe('best of drafts', () => {
  const key = (random: Random) => Uint8Array.from({ length: 16 }, () => random.integer(256));

  it.each([
    [4, 1.03],
    [8, 1.42],
  ])('of %i drafts is worth z = %f a piece', (drafts, expected) => {
    const random = new Random(drafts);
    const texts = 150;
    const pieces = 4;
    let sum = 0;
    for (let i = 0; i < texts; i++) {
      const secret = key(random);
      sum += markText(random, drafts, pieces, secret, secret).z;
    }
    const perPiece = sum / texts / Math.sqrt(pieces);
    // The mean of 600 pieces has a standard error below 0.03; the score is skewed, which adds some 0.04.
    expect(Math.abs(perPiece - expected)).toBeLessThan(0.13);
  });

  it('leaves the null of every other key as it was', () => {
    const random = new Random(11);
    const trials = 600;
    let below = 0;
    for (let i = 0; i < trials; i++)
      if (markText(random, 4, 2, key(random), key(random)).logP < Math.log(0.05)) below++;
    // 600 draws at 5 %: 30 expected; 55 or more has probability 1e-5.
    expect(below).toBeLessThan(55);
    expect(below).toBeGreaterThan(10);
  });

  it('does not count what the answer has said already', () => {
    const mark = openPhalanxGumbel({ contextWidth: 2, secondShare: 0 }, new Uint8Array(16));
    const before = Int32Array.of(1, 2, 3, 4, 1, 2);
    expect(chooseDraft(mark, before, [Int32Array.of(3, 4), new Int32Array(0)]).logP).toEqual(
      Float64Array.of(0, 0),
    );
  });
});
