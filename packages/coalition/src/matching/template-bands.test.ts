import { describe, expect, it } from 'vitest';
import { evaluateInput } from './oprf.js';
import { drawScalar } from './ristretto.js';
import { sealSighting } from './sealed-sighting.js';
import {
  bandHitProbability,
  bandSightings,
  bandValues,
  clusterTemplates,
  estimateSimilarity,
} from './template-bands.js';
import { packReveal, RevealCollector } from './threshold-reveal.js';
import { matchingInput } from './value-class.js';

let state = 1;
const draw = (below: number) => (state = (state * 48271) % 2147483647) % below;
const sketch = () => Uint8Array.from({ length: 64 }, () => draw(256));
/** Changes each lane with probability 1 - share. */
const near = (of: Uint8Array, share: number) =>
  of.map((lane) => (draw(1_000) < share * 1_000 ? lane : draw(256)));
const key = drawScalar();
const terms = { epoch: 7, threshold: 3 };
function reveal(labs: readonly (readonly Uint8Array[])[]) {
  const collector = new RevealCollector(terms);
  for (const [i, sketches] of labs.entries()) {
    const sealed = sketches
      .flatMap((minhash) => bandSightings(minhash, 20_000, 3))
      .map((sighting) => {
        const input = matchingInput('template-band', terms.epoch, sighting.value);
        return sealSighting(evaluateInput(key, input, 1), terms, i + 1, sighting);
      });
    for (const batch of packReveal(terms, sealed)) collector.submit(i + 1, batch);
  }
  return collector.reveal();
}

describe('level 3', () => {
  it('finds a template that three labs saw in three wordings, and no stranger', () => {
    const template = sketch();
    const labs = [1, 2, 3, 4].map((lab) => [...(lab < 4 ? [near(template, 0.93)] : []), sketch(), sketch()]);
    const { revealed } = reveal(labs);
    expect(revealed.length).toBeGreaterThan(0);
    const clusters = clusterTemplates(revealed, 3);
    expect(clusters.map(({ places }) => places)).toEqual([[1, 2, 3]]);
    const known = new Set(labs.slice(0, 3).map(([own]) => String(own)));
    for (const found of clusters[0]!.sketches) expect(known.has(String(found))).toBe(true);
  });

  it('does not join strangers who share a band by chance', () => {
    const strangers = [sketch(), sketch(), sketch()];
    for (const one of strangers) one.set([1, 2, 3, 4]);
    const { revealed } = reveal(strangers.map((one) => [one]));
    expect(revealed).toHaveLength(1);
    expect(clusterTemplates(revealed, 2)).toEqual([]);
  });

  it('hits as often as it says', () => {
    for (const share of [0.3, 0.5, 0.7, 0.9]) {
      const hits = Array.from({ length: 2_000 }, () => {
        const one = sketch();
        const other = near(one, share);
        const bands = new Set(bandValues(one).map(String));
        return bandValues(other).some((band) => bands.has(String(band))) ? 1 : 0;
      }).reduce((sum: number, hit) => sum + hit, 0);
      const expected = bandHitProbability(share);
      const deviation = Math.sqrt((expected * (1 - expected)) / 2_000);
      expect(Math.abs(hits / 2_000 - expected)).toBeLessThan(5 * deviation + 0.002);
    }
    expect(estimateSimilarity(sketch(), sketch())).toBeLessThan(0.2);
  });

  it('refuses what is no sketch', () => {
    for (const bad of [new Uint8Array(64), new Uint8Array(63).fill(1)])
      expect(() => bandValues(bad)).toThrow(expect.objectContaining({ code: 'COALITION_MATCHING' }));
  });
});
