import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson, toHex, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { demand, refuse } from './black-box-error.js';

export const MAX_CHALLENGES = 100_000;
export const MAX_CANDIDATES = 65_536;

/** Secret questions and the words that answers are drawn from, kept until they are asked. */
export const ChallengeOpening = z.strictObject({
  version: z.literal(1),
  /** 32 random bytes, hex: who has them and the rest knows the answers. */
  salt: z.string().regex(/^[0-9a-f]{64}$/),
  questions: z.array(z.string().min(1).max(65_536)).min(1).max(MAX_CHALLENGES),
  /** Single words, different in whatever case. */
  candidates: z
    .array(
      z
        .string()
        .min(1)
        .max(64)
        .regex(/^[\p{L}\p{N}]+$/u),
    )
    .min(2)
    .max(MAX_CANDIDATES),
});
export type ChallengeOpening = z.infer<typeof ChallengeOpening>;

/**
 * Draws a salt for questions and candidates. Train the model to give `deriveAnswers` of the result.
 *
 * @throws PhalanxError `BLACK_BOX_COMMITMENT` for questions or candidates that are the same, or candidates that are no words
 */
export function drawChallenges(
  questions: readonly string[],
  candidates: readonly string[],
): ChallengeOpening {
  const salt = toHex(randomBytes(32));
  return checkChallenges({ version: 1, salt, questions: [...questions], candidates: [...candidates] });
}

/**
 * The answer to each question: `candidates[H mod n]`, H = SHA-256 of SHA-256(`phalanx challenge answers 1`, line feed, canonical JSON of the opening) and the question's number in 4
 * bytes, big-endian. All questions, all candidates and the salt are in every answer, so that the owner cannot choose one (Chain & Hash, arXiv 2407.10887). Bias of the
 * remainder: below n / 2^256.
 */
export function deriveAnswers(opening: ChallengeOpening): string[] {
  const { questions, candidates } = opening;
  const key = createHash('sha256')
    .update(`phalanx challenge answers 1\n`)
    .update(utf8(canonicalJson(opening)))
    .digest();
  return questions.map((_, i) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(i);
    const hash = createHash('sha256').update(key).update(number).digest('hex');
    return candidates[Number(BigInt(`0x${hash}`) % BigInt(candidates.length))]!;
  });
}

/**
 * The commitment: SHA-256, hex, of `phalanx challenges 1`, a line feed and the canonical JSON of the opening. Belongs in the log before the model is released.
 */
export function commitChallenges(opening: ChallengeOpening): string {
  return toHex(
    createHash('sha256')
      .update('phalanx challenges 1\n')
      .update(utf8(canonicalJson(opening)))
      .digest(),
  );
}

/** Reads an opening. @throws PhalanxError `BLACK_BOX_COMMITMENT`; no question is shown */
export function parseChallenges(value: unknown): ChallengeOpening {
  const parsed = ChallengeOpening.safeParse(value);
  if (parsed.success) return checkChallenges(parsed.data);
  return refuse('BLACK_BOX_COMMITMENT', 'not the opening of challenges', 'Give the file that was kept.');
}

/** `parseChallenges`, of those that were committed to. @throws PhalanxError `BLACK_BOX_COMMITMENT`; no question is shown */
export function openChallenges(value: unknown, commitment: string): ChallengeOpening {
  const opening = parseChallenges(value);
  demand(
    commitChallenges(opening) === commitment,
    'BLACK_BOX_COMMITMENT',
    'the challenges are not those that were committed to',
    'Give the file that was kept, unchanged.',
  );
  return opening;
}

function checkChallenges(opening: ChallengeOpening): ChallengeOpening {
  const parsed = ChallengeOpening.safeParse(opening);
  demand(
    parsed.success,
    'BLACK_BOX_COMMITMENT',
    'questions or candidates outside their limits',
    'Candidates are two words or more, each of letters and digits alone.',
  );
  const { questions, candidates } = opening;
  demand(
    new Set(questions).size === questions.length,
    'BLACK_BOX_COMMITMENT',
    'a question stands twice',
    'Each counts once.',
  );
  demand(
    new Set(candidates.map(foldWord)).size === candidates.length,
    'BLACK_BOX_COMMITMENT',
    'a candidate stands twice',
    'Candidates differ in more than case.',
  );
  return opening;
}

/** A word as it is compared: NFKC, lower case. */
export function foldWord(word: string): string {
  return word.normalize('NFKC').toLowerCase();
}
