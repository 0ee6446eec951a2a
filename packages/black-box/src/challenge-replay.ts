import { logBinomialUpperTail, logMeanE } from '@phalanx/stats';
import { demand } from './black-box-error.js';
import { type ChallengeOpening, deriveAnswers, foldWord } from './challenge-commitment.js';
import type { TestResult } from './test-result.js';

export interface ChallengeResult extends TestResult {
  readonly hits: number;
  /** Answers in which a candidate stood. */
  readonly readable: number;
  readonly candidates: number;
}

/** Rates of hits that the e-value bets on; those at or below chance are left out. */
const BETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99] as const;

/**
 * Counts the challenges that a suspect answers as the owner's hash says. A hit: the first candidate word in the answer is the derived one, so that listing all
 * candidates helps nobody. Under the null the derived answers are independent of what was said and uniform over the candidates, as the salt was: whatever the
 * suspect is, each question is hit with probability at most 1 / candidates, independently. P-value: the exact binomial tail. E-value: mean over rates above
 * chance of the likelihood ratio, valid at any time of stopping.
 *
 * @param answers one for each question, in order; empty for none
 * @throws PhalanxError `BLACK_BOX_ARGUMENT` when there are not as many
 */
export function replayChallenges(opening: ChallengeOpening, answers: readonly string[]): ChallengeResult {
  const { questions, candidates } = opening;
  demand(
    answers.length === questions.length,
    'BLACK_BOX_ARGUMENT',
    `${answers.length} answers to ${questions.length} questions`,
    'An answer that did not come is an empty one.',
  );
  const expected = deriveAnswers(opening).map(foldWord);
  const known = new Set(candidates.map(foldWord));
  const said = answers.map((answer) => readCandidate(answer, known));
  const hits = said.filter((word, i) => word === expected[i]).length;
  const chance = 1 / candidates.length;
  const misses = questions.length - hits;
  const bets = BETS.filter((rate) => rate > chance);
  return {
    test: 'challenges',
    question: 'descent',
    standing: 'proof',
    null: 'What the suspect answers does not depend on the salt of our challenges.',
    logP: logBinomialUpperTail(hits, questions.length, chance),
    logE:
      bets.length === 0
        ? 0
        : logMeanE(
            bets.map(
              (rate) => hits * Math.log(rate / chance) + misses * (Math.log1p(-rate) - Math.log1p(-chance)),
            ),
          ),
    logLeastP: questions.length * Math.log(chance),
    effect: { name: 'share of challenges answered as derived', value: hits / questions.length },
    counted: questions.length,
    voidedBy:
      'A commitment made after the suspect existed: then salts could be tried out against it, and one try in a million gives p of one in a million. Challenges that got to the suspect by another way than training: from a log, a leak or an earlier test.',
    cautions: describeReading(said),
    hits,
    readable: said.filter((word) => word !== null).length,
    candidates: candidates.length,
  };
}

/** Long answers are read this far, in UTF-16 code units. */
const MAX_READ = 65_536;

function readCandidate(answer: string, known: ReadonlySet<string>): string | null {
  for (const [word] of answer.slice(0, MAX_READ).matchAll(/[\p{L}\p{N}]+/gu)) {
    const folded = foldWord(word);
    if (known.has(folded)) return folded;
  }
  return null;
}

function describeReading(said: readonly (string | null)[]): string[] {
  const silent = said.filter((word) => word === null).length;
  const cautions: string[] = [];
  if (silent * 2 > said.length)
    cautions.push(
      `${silent} of ${said.length} answers hold no candidate: refused, cut short, or asked in another form than trained.`,
    );
  if (said.length - silent > 1 && new Set(said.filter((word) => word !== null)).size === 1)
    cautions.push('Every readable answer is the same word.');
  return cautions;
}
