import { Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectCalibrated, expectEValues } from './calibration.test.support.js';
import { commitOrder, digestText, drawOrder, openOrder, recordOrder } from './order-commitment.js';
import { testOrder } from './order-test.js';

const digests = Array.from({ length: 40 }, (_, i) => digestText(`text ${i}`));

describe('commitment to an order', () => {
  it('opens itself and nothing else', () => {
    const opening = drawOrder(digests);
    const commitment = commitOrder(opening);
    expect(openOrder(JSON.parse(JSON.stringify(opening)), commitment)).toEqual(opening);
    expect([...opening.texts].sort()).toEqual([...digests].sort());
    expect(commitOrder(drawOrder(digests))).not.toBe(commitment);
    const [first, second, ...rest] = opening.texts;
    const swapped = { ...opening, texts: [second, first, ...rest] };
    expect(() => openOrder(swapped, commitment)).toThrow(/does not follow from its seed/);
    const recorded = { ...recordOrder(opening.texts), salt: opening.salt };
    expect(() => openOrder(recorded, commitment)).toThrow(/not the one that was committed to/);
    expect(() => openOrder({ ...opening, salt: 'x' }, commitment)).toThrow(/not the opening/);
  });

  it('has the order and digest of the specification', () => {
    // From Python's hashlib and hmac.
    const texts = ['a', 'b', 'c', 'd'].map(digestText);
    const opening = { ...drawOrder(texts, 'ab'.repeat(32)), salt: '00'.repeat(32) };
    expect(opening.texts.map((digest) => texts.indexOf(digest))).toEqual([3, 1, 0, 2]);
    expect(commitOrder(opening)).toBe('310d129e01e829a00c13231ae1d7ebaf954a67e45d5d41ffbbb8f26578fc9e87');
  });

  it('has each text once, in an order that the seed gives', () => {
    expect(() => recordOrder([digests[0]!, digests[0]!])).toThrow(/twice/);
    const seed = 'ab'.repeat(32);
    expect(drawOrder(digests, seed).texts).toEqual(drawOrder([...digests].reverse(), seed).texts);
    expect(() => drawOrder(digests, 'short')).toThrow(/seed/);
  });
});

describe('order test', () => {
  const likelihoods: Record<string, (i: number, random: Random) => number> = {
    'heavy-tailed': (_, random) => -Math.exp(3 * random.normal()),
    'a few values': (_, random) => -random.integer(3),
    'all the same': () => -2,
    'in blocks, as texts of one source are': (i) => -Math.floor(i / 25),
    'one outlier': (i) => (i === 0 ? -1e6 : -1),
  };

  it.each(Object.entries(likelihoods))('is calibrated where likelihoods are %s', (_, draw) => {
    const random = new Random(21);
    const results = Array.from({ length: 500 }, () => {
      const positions = random.shuffle(Array.from({ length: 60 }, (_, i) => i * i));
      const texts = positions.map((position, i) => ({
        position,
        logLikelihood: draw(i, random),
        reference: i % 2 === 0 ? -i : -3,
      }));
      return testOrder(texts, { random });
    });
    expectCalibrated(
      results.map(({ logP }) => logP),
      0.001,
      0.01,
      0.05,
      0.2,
    );
    expectEValues(results.map(({ logE }) => logE));
  });

  it('is stronger with a reference, and goes as deep as the evidence does', () => {
    const random = new Random(22);
    const texts = Array.from({ length: 2000 }, (_, position) => {
      const easy = 3 * random.normal();
      return {
        position,
        logLikelihood: -5 + easy + 0.0004 * position + 0.3 * random.normal(),
        reference: -5 + easy + 0.3 * random.normal(),
      };
    });
    random.shuffle(texts);
    const alone = testOrder(
      texts.map((text) => ({ ...text, reference: null })),
      { random },
    );
    const both = testOrder(texts, { random, drawn: true });
    expect(both.logP).toBeLessThan(Math.log(1e-30));
    expect(both.logP).toBeLessThan(alone.logP);
    expect(both.correlation).toBeGreaterThan(0.3);
    expect([alone.standing, both.standing]).toEqual(['triage', 'proof']);
    expect(both.logE).toBeGreaterThan(Math.log(1e25));
  });

  it('never gives less than what a perfect order earns, never NaN', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e9, max: 0, noNaN: true }), { minLength: 8, maxLength: 40 }),
        fc.integer({ min: 0, max: 1000 }),
        (values, seed) => {
          const texts = values.map((logLikelihood, position) => ({
            position,
            logLikelihood,
            reference: null,
          }));
          const { logP, logE } = testOrder(texts, { random: new Random(seed) });
          expect(logP).toBeLessThanOrEqual(0);
          expect(Number.isFinite(logP)).toBe(true);
          expect(Number.isNaN(logE)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is asked of eight texts or more, each at a place of its own', () => {
    const text = { position: 1, logLikelihood: -1, reference: null };
    const random = new Random(1);
    expect(() => testOrder(Array(8).fill(text), { random })).toThrow(/one position/);
    expect(() => testOrder([text], { random })).toThrow(/texts/);
  });
});
