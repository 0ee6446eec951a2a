import { type Random, testByRandomization } from '@phalanx/stats';

/** Samples of one prompt: how many there are, and how many of them, which come first, are of one side. */
export interface LabelledSamples {
  readonly first: number;
  readonly all: number;
}

/**
 * A statistic of labels (1 for the first side) against labels drawn anew within each prompt, `permutations` times: a p-value that is exact where samples of
 * one prompt are exchangeable.
 */
export function testLabels(
  prompts: readonly LabelledSamples[],
  statistic: (labels: readonly Uint8Array[]) => number,
  { permutations, random }: { readonly permutations: number; readonly random: Random },
): { readonly observed: number; readonly logP: number } {
  const observed = prompts.map(({ first, all }) =>
    Uint8Array.from({ length: all }, (_, i) => Number(i < first)),
  );
  const drawn = observed.map((labels) => labels.slice());
  return testByRandomization({
    observed,
    statistic,
    draw: (source) => {
      for (const labels of drawn) shuffleLabels(labels, source);
      return drawn;
    },
    draws: permutations,
    random,
    tieScale: 1,
  });
}

/** Puts labels into a random order in place, every order equally likely; as `Random.shuffle`, without its boxed elements. */
export function shuffleLabels(labels: Uint8Array, random: Random): void {
  for (let i = labels.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = labels[i]!;
    labels[i] = labels[j]!;
    labels[j] = held;
  }
}
