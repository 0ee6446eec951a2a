import { createCipheriv, randomBytes } from 'node:crypto';
import { concatBytes, fromUtf8, toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed } from './framed-bytes.js';
import { decodeMessage, encodeMessage } from './message.js';
import { evaluateInput } from './oprf.js';
import { drawScalar } from './ristretto.js';
import {
  decadeOf,
  keyOfSecret,
  makesTag,
  openBox,
  type RevealTerms,
  revealSecretOf,
  type SealedSighting,
  type Sighting,
  sealSighting,
} from './sealed-sighting.js';
import { evaluatePolynomial, interpolateAtZero, lagrangeAtZero } from './shamir.js';
import { MAX_REVEAL_TEXT, packReveal, RevealCollector, revealBatchSchema } from './threshold-reveal.js';
import { matchingInput } from './value-class.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
// The key servers in one: what they give together is tested in threshold-oprf.test.ts.
const key = drawScalar();
/** An identifier of 16 characters or more. */
const identifierOf = (name: string) => utf8(name.replaceAll(' ', '-').padEnd(16, '_'));
const nameOf = (value: Uint8Array) => fromUtf8(value).replaceAll('-', ' ').replace(/_+$/, '');
const outputs = new Map<string, Uint8Array>();
function outputOf(name: string): Uint8Array {
  if (!outputs.has(name))
    outputs.set(name, evaluateInput(key, matchingInput('device', 7, identifierOf(name)), 1));
  return outputs.get(name)!;
}
const sightingOf = (name: string, day = 20_000): Sighting => ({
  valueClass: 'device',
  value: identifierOf(name),
  day,
  decade: 2,
  detail: new Uint8Array(),
});
const seal = (terms: RevealTerms, place: number, name: string, day?: number) =>
  sealSighting(outputOf(name), terms, place, sightingOf(name, day));
function collect(terms: RevealTerms, submissions: readonly (readonly [number, SealedSighting])[]) {
  const collector = new RevealCollector(terms);
  for (const [place, sealed] of submissions)
    for (const batch of packReveal(terms, [sealed])) collector.submit(place, batch);
  return collector.reveal();
}
const namesIn = (result: ReturnType<typeof collect>) =>
  result.revealed.map(({ sightings }) => nameOf(sightings[0]!.sighting.value)).sort();

describe('level 2', () => {
  it('reveals exactly what t distinct labs have seen: 5 to 50 labs, repeats count once', () => {
    const world = fc
      .record({ labs: fc.integer({ min: 5, max: 50 }), threshold: fc.integer({ min: 2, max: 6 }) })
      .chain(({ labs, threshold }) =>
        fc.record({
          threshold: fc.constant(threshold),
          // For each value the labs that saw it, some of them several times.
          seen: fc.array(fc.array(fc.integer({ min: 1, max: labs }), { minLength: 1, maxLength: 9 }), {
            minLength: 1,
            maxLength: 6,
          }),
        }),
      );
    fc.assert(
      fc.property(world, ({ threshold, seen }) => {
        const terms = { epoch: 7, threshold };
        const submissions = seen.flatMap((places, value) =>
          places.map((place, day) => [place, seal(terms, place, `value ${value}`, day)] as const),
        );
        const result = collect(terms, submissions);
        const expected = seen.flatMap((places, value) =>
          new Set(places).size >= threshold ? [`value ${value}`] : [],
        );
        expect(namesIn(result)).toEqual(expected.sort());
        for (const { places, sightings } of result.revealed) {
          const value = Number(nameOf(sightings[0]!.sighting.value).slice(6));
          expect(places).toEqual([...new Set(seen[value]!)].sort((a, b) => a - b));
          expect(sightings.length).toBe(seen[value]!.length);
        }
        expect([result.falseSubmissions, result.unopened]).toEqual([[], []]);
        const hidden = seen.map((places) => new Set(places).size).filter((labs) => labs < threshold);
        expect(result.hidden.reduce((sum, count) => sum + count, 0)).toBe(hidden.length);
      }),
      { numRuns: 60 },
    );
  });

  it('reveals despite labs that cheat, and names each of them and nobody else', () => {
    const cheats = ['share', 'box', 'place', 'stolen'] as const;
    const world = fc.record({
      threshold: fc.integer({ min: 2, max: 4 }),
      honest: fc.integer({ min: 4, max: 8 }),
      false_: fc.array(fc.constantFrom(...cheats), { minLength: 1, maxLength: 4 }),
      first: fc.boolean(),
    });
    fc.assert(
      fc.property(world, ({ threshold, honest, false_, first }) => {
        const terms = { epoch: 7, threshold };
        const offset = first ? false_.length : 0;
        const good = Array.from(
          { length: honest },
          (_, i) => [offset + i + 1, seal(terms, offset + i + 1, 'value')] as const,
        );
        const bad = false_.map((cheat, i) => {
          const place = first ? i + 1 : honest + i + 1;
          const right = seal(terms, place, 'value');
          const sealed = {
            share: { ...right, share: drawScalar() },
            box: { ...right, box: new Uint8Array(right.box.length).fill(7) },
            place: seal(terms, place + 100, 'value'),
            stolen: good[0]![1],
          }[cheat];
          return [place, sealed] as const;
        });
        const result = collect(terms, [...bad, ...good]);
        expect(namesIn(result)).toEqual(['value']);
        expect(result.revealed[0]!.places).toEqual(good.map(([place]) => place));
        expect(result.falseSubmissions.map(({ place }) => place).sort((a, b) => a - b)).toEqual(
          bad.map(([place]) => place).sort((a, b) => a - b),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('does not count a lab by what it invents under the tag of others', () => {
    const terms = { epoch: 7, threshold: 3 };
    const good = [1, 2].map((place) => [place, seal(terms, place, 'value')] as const);
    for (const share of [drawScalar(), good[0]![1].share, new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      const result = collect(terms, [...good, [3, { ...good[0]![1], share }]]);
      expect(result.revealed).toEqual([]);
      expect(result.unopened.map(({ places }) => places)).toEqual([[1, 2, 3]]);
    }
  });

  it('t - 1 labs and the collector together lack one share: what they hold fits every secret', () => {
    const terms = { epoch: 7, threshold: 4 };
    const { coefficients, key: right } = revealSecretOf(outputOf('value'), terms);
    const places = [3, 9, 27];
    const shares = places.map((place) => evaluatePolynomial(coefficients, place));
    // For any other secret there is a fourth share that leads to it, and nothing in the three tells the two apart.
    const weights = lagrangeAtZero([...places, 40]);
    const other = interpolateAtZero(weights, [...shares, drawScalar()]);
    expect(keyOfSecret(other)).not.toEqual(right);
    const box = seal(terms, 3, 'value');
    expect(openBox(keyOfSecret(other), terms, 3, box)).toBeNull();
    expect(openBox(keyOfSecret(interpolateAtZero(lagrangeAtZero(places), shares)), terms, 3, box)).toBeNull();
    expect(openBox(right, terms, 3, box)?.sighting).toEqual(sightingOf('value'));
  });

  it('a submission says nothing of its value by length, and two of a lab share only tag and share', () => {
    const terms = { epoch: 7, threshold: 3 };
    const short = seal(terms, 1, 'a');
    expect(short.box.length).toBe(seal(terms, 1, 'a much longer value of forty bytes in all').box.length);
    const again = seal(terms, 1, 'a');
    expect([again.tag, again.share]).toEqual([short.tag, short.share]);
    expect(again.box).not.toEqual(short.box);
    expect(seal({ ...terms, threshold: 4 }, 1, 'a').tag).not.toEqual(short.tag);
    expect(seal({ ...terms, epoch: 8 }, 1, 'a').tag).not.toEqual(short.tag);
  });

  it('marks what labs call by different names under one tag; the key servers say who is right', () => {
    const terms = { epoch: 7, threshold: 2 };
    const liar = sealSighting(outputOf('value'), terms, 2, sightingOf('customer of a rival'));
    const [group] = collect(terms, [
      [1, seal(terms, 1, 'value')],
      [2, liar],
    ]).revealed;
    expect(group!.isDisputed).toBe(true);
    const verdicts = group!.sightings.map(({ place, sighting }) => [
      place,
      makesTag(outputOf(nameOf(sighting.value)), terms, group!.tag),
    ]);
    expect(verdicts).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it('opens with one honest set among many cheats, by drawn sets, in bounded time', () => {
    const terms = { epoch: 7, threshold: 3 };
    const submissions = Array.from({ length: 50 }, (_, i) => {
      const sealed = seal(terms, i + 1, 'value');
      return [i + 1, i < 16 ? { ...sealed, share: drawScalar() } : sealed] as const;
    });
    const result = collect(terms, submissions);
    expect(result.revealed[0]!.places).toHaveLength(34);
    expect(result.falseSubmissions).toHaveLength(16);
    const hopeless = submissions.map(
      ([place, sealed]) => [place, { ...sealed, share: drawScalar() }] as const,
    );
    expect(collect(terms, hopeless).unopened).toHaveLength(1);
  });

  it('takes the place from the caller, its own terms only, and 200,000 submissions of a lab', () => {
    const terms = { epoch: 7, threshold: 2 };
    const [batch] = packReveal(terms, [seal(terms, 1, 'value')]);
    const collector = new RevealCollector(terms);
    for (const place of [0, 256, 1.5])
      expect(() => collector.submit(place, batch!)).toThrow(fails('COALITION_MATCHING', /no lab/));
    for (const change of [{ epoch: 8 }, { threshold: 3 }])
      expect(() => collector.submit(1, { ...batch!, ...change })).toThrow(
        fails('COALITION_MATCHING', /terms/),
      );
    const many = { ...batch!, short: Array(100_000).fill(batch!.short[0]) };
    collector.submit(1, many);
    expect(() => collector.submit(1, { ...many, short: Array(100_001).fill(batch!.short[0]) })).toThrow(
      fails('COALITION_LIMIT', /one lab/),
    );
    expect(collector.reveal().revealed).toEqual([]);
  });

  it('passes through JSON, long values too, and survives hostile bytes', () => {
    const terms = { epoch: 7, threshold: 2 };
    const long: Sighting = {
      ...sightingOf('x'),
      value: utf8(`${'x'.repeat(242)}@example.org`),
      valueClass: 'email',
      detail: new Uint8Array(64).fill(9),
    };
    const sealed = [1, 2].map((place) => sealSighting(outputOf('long'), terms, place, long));
    const collector = new RevealCollector(terms);
    for (const [i, one] of sealed.entries())
      for (const batch of packReveal(terms, [one, seal(terms, i + 1, 'value')])) {
        const text = encodeMessage(revealBatchSchema, batch);
        collector.submit(i + 1, decodeMessage(revealBatchSchema, text, MAX_REVEAL_TEXT));
      }
    const { revealed } = collector.reveal();
    expect(revealed.map(({ sightings }) => sightings[0]!.sighting)).toEqual([sightingOf('value'), long]);
    expect(() =>
      sealSighting(outputOf('x'), terms, 1, { ...sightingOf('x'), value: new Uint8Array(255) }),
    ).toThrow(fails('COALITION_LIMIT', /too long/));
    const noise = Array.from({ length: 40 }, () => new Uint8Array(randomBytes(236)));
    for (const place of [3, 4])
      collector.submit(place, { type: 'phalanx-reveal-batch-v1', ...terms, short: noise, long: [] });
    expect(collector.reveal().unopened).toHaveLength(40);
    expect(collector.reveal().revealed).toHaveLength(2);
  });

  it('reads what a lab seals by hand under the right key, or names the lab', () => {
    const terms = { epoch: 7, threshold: 2 };
    const { seed, tag, coefficients, key: boxKey } = revealSecretOf(outputOf('value'), terms);
    const good = seal(terms, 1, 'value');
    const aad = framed(
      utf8('phalanx-reveal-box-v1'),
      tag,
      Uint8Array.of(0, 0, 0, 7),
      Uint8Array.of(2),
      Uint8Array.of(2),
    );
    const forge = (plain: Uint8Array): SealedSighting => {
      const nonce = new Uint8Array(randomBytes(12));
      const cipher = createCipheriv('aes-256-gcm', boxKey, nonce).setAAD(aad);
      const box = concatBytes([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return { tag, share: evaluatePolynomial(coefficients, 2), nonce, box };
    };
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 128, maxLength: 128 }),
        fc.integer({ min: 0, max: 7 }),
        (rest, code) => {
          const plain = concatBytes([seed, rest]);
          plain[32] = code;
          const { falseSubmissions, unopened } = collect(terms, [
            [1, good],
            [2, forge(plain)],
          ]);
          expect(falseSubmissions.map(({ place, what }) => [place, what])).toEqual([[2, 'box']]);
          expect(unopened).toHaveLength(1);
        },
      ),
      { numRuns: 100 },
    );
    const text = concatBytes([
      seed,
      Uint8Array.of(4, 0, 0, 0, 1, 2, 20),
      utf8('terminate customer X'),
      Uint8Array.of(0),
    ]);
    const spoken = new Uint8Array(160);
    spoken.set(text);
    expect(
      collect(terms, [
        [1, good],
        [2, forge(spoken)],
      ]).falseSubmissions,
    ).toHaveLength(1);
    const taken = new Uint8Array(160);
    taken.set(
      concatBytes([seed, Uint8Array.of(4, 0, 0, 0, 1, 2, 16), identifierOf('value'), Uint8Array.of(0)]),
    );
    expect(
      collect(terms, [
        [1, good],
        [2, forge(taken)],
      ]).revealed,
    ).toHaveLength(1);
  });

  it('seals nothing out of range', () => {
    const terms = { epoch: 7, threshold: 2 };
    for (const place of [0, 256, 1.5])
      expect(() => seal(terms, place, 'value')).toThrow(fails('COALITION_LIMIT', /no lab/));
    for (const change of [{ day: -1 }, { day: 2 ** 32 }, { decade: 10 }, { day: Number.NaN }])
      expect(() => sealSighting(outputOf('value'), terms, 1, { ...sightingOf('value'), ...change })).toThrow(
        fails('COALITION_LIMIT', /decade/),
      );
    expect(() =>
      sealSighting(outputOf('value'), terms, 1, { ...sightingOf('value'), value: utf8('short') }),
    ).toThrow(fails('COALITION_MATCHING', /no value of class device/));
    for (const threshold of [1, 51, 2.5])
      expect(() => seal({ epoch: 7, threshold }, 1, 'value')).toThrow(fails('COALITION_LIMIT', /threshold/));
  });

  it('counts in decades', () => {
    expect([0, 1, 9, 10, 99, 100, 54_321, 10 ** 9, 1e15].map(decadeOf)).toEqual([0, 0, 0, 1, 1, 2, 4, 9, 9]);
    expect(toHex(revealSecretOf(outputOf('a'), { epoch: 7, threshold: 2 }).tag)).toHaveLength(32);
  });
});
