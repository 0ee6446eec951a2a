import type { Random } from '@phalanx/stats';

/** Puts labels into a random order in place, every order equally likely; as `Random.shuffle`, without its boxed elements. */
export function shuffleLabels(labels: Uint8Array, random: Random): void {
  for (let i = labels.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = labels[i]!;
    labels[i] = labels[j]!;
    labels[j] = held;
  }
}
