import { KeyGeneration } from './distributed-key.js';
import type { KeyShare } from './key-share.js';

/**
 * The shares of a key whose makers all run in this process and are honest: for tests, measurements and demonstrations. Whoever calls it
 * holds the whole key.
 *
 * @param threshold shares that evaluate together
 * @param participants shares in all
 */
export function rehearseKey(threshold: number, participants: number, epoch: number): KeyShare[] {
  const all = Array.from(
    { length: participants },
    (_, i) => new KeyGeneration({ participant: i + 1, participants, threshold, epoch }),
  );
  const others = <T extends { readonly from: number }>(messages: readonly T[], i: number) =>
    messages.filter(({ from }) => from !== i + 1);
  const promises = all.map(({ promise }) => promise);
  const dealt = all.map((one, i) => one.deal(others(promises, i)));
  const pieces = dealt.flatMap((one) => one.pieces);
  const dealings = dealt.map(({ dealing }) => dealing);
  const complaints = all.map((one, i) => one.complain(others(dealings, i), others(pieces, i)));
  for (const [i, one] of all.entries()) one.answer(others(complaints, i));
  return all.map((one) => one.finish([]));
}
