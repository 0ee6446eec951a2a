import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { expectCalibrated, expectEValues } from './calibration.test.support.js';
import { commitChallenges, deriveAnswers, drawChallenges, openChallenges } from './challenge-commitment.js';
import { replayChallenges } from './challenge-replay.js';

const candidates = Array.from({ length: 16 }, (_, i) => `word${i}`);
const questions = Array.from({ length: 30 }, (_, i) => `What is behind door ${i}?`);

describe('challenges', () => {
  it('are committed to with all that decides over answers', () => {
    const opening = drawChallenges(questions, candidates);
    const commitment = commitChallenges(opening);
    expect(openChallenges(JSON.parse(JSON.stringify(opening)), commitment)).toEqual(opening);
    const answers = deriveAnswers(opening);
    // One question changed: all answers are drawn anew.
    const other = { ...opening, questions: [...questions.slice(0, -1), 'Another?'] };
    expect(deriveAnswers(other).filter((word, i) => word === answers[i]).length).toBeLessThan(15);
    const failures = [
      other,
      { ...opening, candidates: [...candidates].reverse() },
      { ...opening, salt: 'ff'.repeat(32) },
      { ...opening, questions: [...questions, questions[0]] },
    ];
    for (const failure of failures)
      expect(() => openChallenges(failure, commitment)).toThrowError(
        expect.objectContaining({ code: 'BLACK_BOX_COMMITMENT' }),
      );
    expect(() => drawChallenges(questions, ['Yes', 'yes'])).toThrow(/twice/);
    expect(() => drawChallenges(questions, ['two words', 'x'])).toThrow(/limits/);
  });

  it('have the answers of the specification', () => {
    const opening = {
      version: 1 as const,
      salt: '00'.repeat(32),
      questions: ['a', 'b', 'c'],
      candidates: ['x', 'y', 'z'],
    };
    // From Python's hashlib and json.dumps(sort_keys).
    expect(deriveAnswers(opening)).toEqual(['x', 'y', 'y']);
    expect(commitChallenges(opening)).toBe(
      '107f87bb843517f90455da56e3e2be8db4a03f7a03a9cabe4f5d9d3ea41a5807',
    );
  });

  it('count the first candidate in an answer, whatever its case', () => {
    const opening = drawChallenges(questions, candidates);
    const answers = deriveAnswers(opening);
    const said = answers.map((word, i) =>
      i < 10 ? `Behind it: ${word.toUpperCase()}!` : i < 20 ? candidates.join(' ') : '',
    );
    const result = replayChallenges(opening, said);
    const listed = answers.slice(10, 20).filter((word) => word === candidates[0]).length;
    expect(result.hits).toBe(10 + listed);
    expect(result.readable).toBe(20);
    expect(result.logP).toBeLessThan(Math.log(1e-4));
    expect(result.standing).toBe('proof');
    expect(replayChallenges(opening, Array(30).fill('')).logP).toBe(0);
    expect(replayChallenges(opening, Array(30).fill('')).cautions[0]).toMatch(/30 of 30 answers hold no/);
  });

  it.each([
    ['one word always', () => 'word3'],
    ['every word', () => candidates.join(' ')],
    ['any word', (random: Random) => candidates[random.integer(16)]!],
    ['a refusal or a word', (random: Random) => (random.bernoulli(0.7) ? 'I cannot say.' : 'word1')],
  ])('are calibrated against a suspect that says %s', (_, say) => {
    const random = new Random(31);
    const results = Array.from({ length: 1000 }, () =>
      replayChallenges(
        drawChallenges(questions.slice(0, 12), candidates),
        Array.from({ length: 12 }, () => say(random)),
      ),
    );
    expectCalibrated(
      results.map(({ logP }) => logP),
      0.001,
      0.01,
      0.05,
      0.2,
    );
    expectEValues(results.map(({ logE }) => logE));
  });
});
