import { KeyGeneration } from './distributed-key.js';
import type { KeyComplaint, KeyDealing, KeyPiece, KeyPromise } from './key-messages.js';
import type { KeyShare } from './key-share.js';

/** What somebody on the way, or a participant who lies, makes of the messages. */
export interface Interference {
  promise?(promise: KeyPromise): KeyPromise | null;
  dealing?(dealing: KeyDealing): KeyDealing | null;
  piece?(piece: KeyPiece): KeyPiece | null;
  complaint?(complaint: KeyComplaint): KeyComplaint | null;
  answer?(piece: KeyPiece): KeyPiece | null;
}

/** Runs all participants in one place. Messages are cloned, as between processes. */
export function generateKey(
  threshold: number,
  participants: number,
  epoch = 7,
  { promise, dealing, piece, complaint, answer }: Interference = {},
): (KeyShare | Error)[] {
  const all = Array.from(
    { length: participants },
    (_, i) => new KeyGeneration({ participant: i + 1, participants, threshold, epoch }),
  );
  const pass = <T>(messages: T[], change?: (message: T) => T | null): T[] =>
    messages.flatMap((message) => change?.(structuredClone(message)) ?? (change ? [] : [message]));
  const others = <T extends { from: number }>(messages: T[], i: number) =>
    structuredClone(messages.filter(({ from }) => from !== i + 1));
  const promises = pass(
    all.map((one) => one.promise),
    promise,
  );
  const dealt = all.map((one, i) => one.deal(others(promises, i)));
  const dealings = pass(
    dealt.map((one) => one.dealing),
    dealing,
  );
  const pieces = pass(
    dealt.flatMap((one) => one.pieces),
    piece,
  );
  const complaints = pass(
    all.map((one, i) => one.complain(others(dealings, i), others(pieces, i))),
    complaint,
  );
  const failures = new Map<number, Error>();
  const attempt = <T>(i: number, work: () => T): T[] => {
    try {
      return failures.has(i) ? [] : [work()];
    } catch (error) {
      failures.set(i, error as Error);
      return [];
    }
  };
  const answered = all.flatMap((one, i) => attempt(i, () => one.answer(others(complaints, i))).flat());
  const answers = pass(answered, answer);
  return all.map((one, i) => attempt(i, () => one.finish(others(answers, i)))[0] ?? failures.get(i)!);
}
