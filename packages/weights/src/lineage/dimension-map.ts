import type { WeightFile } from '../formats/weight-file.js';
import { findPartners } from '../kernels/inner-products.js';
import { keepDistinctFeatures } from './distinct-features.js';
import { countVocabulary, findOne } from './neuron-sketch.js';
import { countInOrder, logOrderCountP } from './order-count.js';
import { viewUnits } from './shared-units.js';
import { readUnits, type SampleWindow, standardiseRows } from './unit-sample.js';

/** Dimensions of two residual streams that are each other's best match by the embeddings of common tokens. */
export interface DimensionMap {
  /** In rising order. */
  readonly left: Int32Array;
  /** The partner of each. */
  readonly right: Int32Array;
  /** Dimensions of the narrower stream, those of them whose best matches rise, and ln of the bound on that. */
  readonly units: number;
  readonly matches: number;
  readonly logP: number;
}

const TOKENS = 1_024;
const LARGEST = 16_384;

/**
 * Pairs dimensions of streams that may be of unequal width, by up to 1,024 tokens in the middle of the common vocabulary. The count is that of
 * `countInOrder` in one group: a test of its own, whose null is that the dimensions of one model stand in an order that owes nothing to the
 * other.
 *
 * Null without embeddings, or above 16,384 dimensions.
 */
export async function matchDimensions(left: WeightFile, right: WeightFile): Promise<DimensionMap | null> {
  const places = [findOne(left, 'embedding'), findOne(right, 'embedding')];
  const views = places.map((place) => (place === null ? null : viewUnits(place, 'column')));
  const [mine, theirs] = views;
  if (mine == null || theirs == null || Math.max(mine.units, theirs.units) > LARGEST) return null;
  const vocabulary = Math.min(countVocabulary(left), countVocabulary(right));
  const features = Math.min(TOKENS, vocabulary);
  const windowOf = (units: number): SampleWindow => ({
    firstUnit: 0,
    units,
    width: 1,
    firstFeature: Math.floor((vocabulary - features) / 2),
    features,
  });
  const [a, b] = keepDistinctFeatures([
    await readUnits(left, mine, windowOf(mine.units)),
    await readUnits(right, theirs, windowOf(theirs.units)),
  ]);
  standardiseRows(a);
  standardiseRows(b);
  const [there, back] = [findPartners(a, b), findPartners(b, a)];
  const paired = Array.from(there.keys()).filter((i) => there[i]! >= 0 && back[there[i]!] === i);
  const [units, partners] = mine.units <= theirs.units ? [mine.units, there] : [theirs.units, back];
  const matches = countInOrder(partners);
  return {
    left: Int32Array.from(paired),
    right: Int32Array.from(paired, (i) => there[i]!),
    units,
    matches,
    logP: logOrderCountP(matches, units, 1),
  };
}
