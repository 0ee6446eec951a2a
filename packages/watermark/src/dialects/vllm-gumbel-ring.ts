import { logIncompleteGamma } from '@phalanx/stats';
import type { KeyTest } from '../detect/attribution.js';
import type { Ngrams } from '../ngrams.js';
import { sumPhiloxScores } from '../prf/philox.js';

/** A key of vLLM's single-key Gumbel-max, and whose it is. */
export interface VllmRingKey {
  readonly id: string;
  readonly key: bigint;
}

const BATCH = 4096;

/**
 * The test of each of many 64-bit keys on the same n-grams, as `openVllmGumbel` and `testKey` give it, without a mark or an array a
 * key: sums of scores are made in the kernel. For `judgeKeys`.
 *
 * @throws PhalanxError `MARK_KEY` unless every key is of 64 bits.
 */
export function* testVllmGumbelRing(ngrams: Ngrams, ring: Iterable<VllmRingKey>): Generator<KeyTest> {
  const scored = ngrams.count;
  let batch: VllmRingKey[] = [];
  function* testBatch(): Generator<KeyTest> {
    const sums = sumPhiloxScores(
      ngrams,
      batch.map(({ key }) => key),
    );
    for (const [i, { id }] of batch.entries()) {
      const logP = scored === 0 ? 0 : logIncompleteGamma(scored, Math.max(0, sums[i]!)).logUpper;
      yield { id, test: { logP, scored, excess: scored === 0 ? 0 : sums[i]! / scored - 1 } };
    }
    batch = [];
  }
  for (const key of ring) {
    batch.push(key);
    if (batch.length === BATCH) yield* testBatch();
  }
  if (batch.length > 0) yield* testBatch();
}
