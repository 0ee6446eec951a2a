import { toHex } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import type { Sighting } from './sealed-sighting.js';
import type { RevealedGroup } from './threshold-reveal.js';

/** Lanes of a template's MinHash, one byte each: `docs/spec/template-fingerprint.md`. */
export const SKETCH_LANES = 64;
/** Bands of a template, and lanes of a band: sixteen evaluations a template. */
export const BANDS = 16;
export const BAND_LANES = 4;

/**
 * Level 3: the exact items that stand for a template, so that near-duplicates share some. Under a sketch key that all labs of the coalition
 * have, and nobody else.
 *
 * @param minhash 64 lanes
 * @returns 16 values of class `template-band`: number of the band and its four lanes
 * @throws PhalanxError `COALITION_MATCHING` for another length, or a text without words, whose lanes are all 0
 */
export function bandValues(minhash: Uint8Array): Uint8Array[] {
  if (minhash.length !== SKETCH_LANES || minhash.every((lane) => lane === 0))
    refuse(
      'COALITION_MATCHING',
      'this is no sketch of a template',
      `Give ${SKETCH_LANES} lanes of a text with words.`,
    );
  return Array.from({ length: BANDS }, (_, band) =>
    Uint8Array.of(band, ...minhash.subarray(band * BAND_LANES, (band + 1) * BAND_LANES)),
  );
}

/** The sightings of one template: its bands, with the whole sketch as a detail that is shown only where a band is. */
export function bandSightings(minhash: Uint8Array, day: number, decade: number): Sighting[] {
  return bandValues(minhash).map((value) => ({
    valueClass: 'template-band',
    value,
    day,
    decade,
    detail: minhash.slice(),
  }));
}

/**
 * Probability that two templates share at least one band: 1 - (1 - e^4)^16, where e = J + (1 - J)/256 is the probability of an equal lane.
 *
 * @param similarity Jaccard similarity J of their shingles, 0 to 1
 */
export function bandHitProbability(similarity: number): number {
  const equal = similarity + (1 - similarity) / 256;
  return 1 - (1 - equal ** BAND_LANES) ** BANDS;
}

/** Unbiased estimate of J from two sketches; may be slightly negative. */
export function estimateSimilarity(a: Uint8Array, b: Uint8Array): number {
  const equal = a.reduce((sum, lane, i) => sum + (lane === b[i] ? 1 : 0), 0);
  return (256 * (equal / a.length) - 1) / 255;
}

/** Templates of several labs that are near one another. */
export interface TemplateCluster {
  readonly places: readonly number[];
  /** Different sketches, each once. */
  readonly sketches: readonly Uint8Array[];
}

/**
 * Puts revealed bands together: sketches that shared a band and are alike by all their lanes. A band that strangers share by chance joins nobody.
 *
 * @param leastSimilarity estimated J between two sketches of a cluster that are joined, default 0.5
 * @param threshold labs that a cluster needs; below it is left out
 */
export function clusterTemplates(
  groups: readonly RevealedGroup[],
  threshold: number,
  leastSimilarity = 0.5,
): TemplateCluster[] {
  const sketches = new Map<string, { sketch: Uint8Array; places: Set<number>; root: string }>();
  const rootOf = (name: string): string => {
    let at = name;
    while (sketches.get(at)!.root !== at) at = sketches.get(at)!.root;
    return at;
  };
  for (const { sightings } of groups) {
    const names = sightings.flatMap(({ place, sighting: { valueClass, detail } }) => {
      if (valueClass !== 'template-band' || detail.length !== SKETCH_LANES) return [];
      const name = toHex(detail);
      if (!sketches.has(name)) sketches.set(name, { sketch: detail, places: new Set(), root: name });
      sketches.get(name)!.places.add(place);
      return [name];
    });
    for (const [i, a] of names.entries())
      for (const b of names.slice(i + 1))
        if (
          a !== b &&
          estimateSimilarity(sketches.get(a)!.sketch, sketches.get(b)!.sketch) >= leastSimilarity
        )
          sketches.get(rootOf(b))!.root = rootOf(a);
  }
  const clusters = new Map<string, { places: Set<number>; sketches: Uint8Array[] }>();
  for (const [name, { sketch, places }] of sketches) {
    const root = rootOf(name);
    const cluster = clusters.get(root) ?? { places: new Set(), sketches: [] };
    clusters.set(root, cluster);
    for (const place of places) cluster.places.add(place);
    cluster.sketches.push(sketch);
  }
  return [...clusters.values()]
    .filter(({ places }) => places.size >= threshold)
    .map(({ places, sketches: all }) => ({ places: [...places].sort((a, b) => a - b), sketches: all }));
}
