import { toHex } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RevealedGroup } from '../matching/threshold-reveal.js';
import type { ValueClass } from '../matching/value-class.js';
import { joinPools } from './joined-pools.js';
import type { LinkStatement } from './joint-messages.js';

const tagOf = (number: number) => new Uint8Array(16).fill(number);

function revealed(number: number, places: number[], valueClass: ValueClass = 'device'): RevealedGroup {
  const sighting = { valueClass, value: new Uint8Array(4), day: 1, decade: 0, detail: new Uint8Array(0) };
  return {
    tag: tagOf(number),
    places,
    sightings: places.map((place) => ({ place, sighting })),
    isDisputed: false,
  };
}

function said(place: number, links: Record<number, number[]>, declared: number[] = []): LinkStatement {
  return {
    type: 'phalanx-joint-links-v1',
    place,
    day: 1,
    links: Object.entries(links).map(([number, labels]) => ({ tag: toHex(tagOf(Number(number))), labels })),
    declared,
  };
}

const names = (pools: readonly { place: number; label: number }[]) =>
  pools.map(({ place, label }) => `${place}:${label}`).join(' ');

describe('pools that hold the same values', () => {
  const three = [revealed(1, [1, 2]), revealed(2, [1, 2]), revealed(3, [1, 2], 'ip')];

  it('are joined by three values, not by two', () => {
    const all = joinPools(three, [
      said(1, { 1: [17], 2: [17], 3: [17] }),
      said(2, { 1: [4], 2: [4], 3: [4] }),
    ]);
    expect(all).toEqual([
      {
        pools: [
          { place: 1, label: 17 },
          { place: 2, label: 4 },
        ],
        common: { addresses: 1, tokens: 2, templates: 0 },
        declared: [],
      },
    ]);
    expect(
      joinPools(three, [said(1, { 1: [17], 2: [17], 3: [18] }), said(2, { 1: [4], 2: [4], 3: [4] })]),
    ).toEqual([]);
  });

  it('count four bands of a template as one value', () => {
    const bands = Array.from({ length: 12 }, (_, i) => revealed(10 + i, [1, 2], 'template-band'));
    const all = Object.fromEntries(bands.map((_, i) => [10 + i, [5]]));
    expect(joinPools(bands, [said(1, all), said(2, all)])).toHaveLength(1);
    expect(joinPools(bands.slice(1), [said(1, all), said(2, all)])).toEqual([]);
  });

  it('are not joined by what was not revealed to the lab that says so', () => {
    const mine = { 1: [17], 2: [17], 3: [17] };
    expect(joinPools(three, [said(1, mine), said(3, mine)])).toEqual([]);
    expect(joinPools([], [said(1, mine), said(2, mine)])).toEqual([]);
  });

  it('stand aside when one of them is declared', () => {
    const [joined] = joinPools(three, [
      said(1, { 1: [17], 2: [17], 3: [17] }),
      said(2, { 1: [4], 2: [4], 3: [4] }, [4]),
    ]);
    expect(names(joined!.declared)).toBe('2:4');
  });

  it('are taken apart where a group would hold more than three pools of one lab', () => {
    const tags = Array.from({ length: 40 }, (_, i) => i + 1);
    const groups = tags.map((number) => revealed(number, [1, 2]));
    // Pool 1:9 shares five values with one pool, and three with each of four others: weak links fall away.
    const one = Object.fromEntries(tags.map((number) => [number, [9]]));
    const other = Object.fromEntries(
      tags.slice(0, 17).map((number) => [number, [number <= 5 ? 1 : 2 + Math.floor((number - 6) / 3)]]),
    );
    expect(joinPools(groups, [said(1, one), said(2, other)]).map(({ pools }) => names(pools))).toEqual([
      '1:9 2:1',
    ]);
  });

  it('are never two of one lab alone, and never more than three of a lab', () => {
    const link = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 12 }),
    );
    fc.assert(
      fc.property(fc.array(link, { maxLength: 400 }), (links) => {
        const statements = [1, 2, 3, 4].map((place) => {
          const own: Record<number, number[]> = {};
          for (const [at, tag, label] of links)
            if (at === place) own[tag] = [...new Set([...(own[tag] ?? []), label])];
          return said(place, own);
        });
        const groups = Array.from({ length: 30 }, (_, i) => revealed(i + 1, [1, 2, 3, 4]));
        const seen = new Set<string>();
        for (const { pools } of joinPools(groups, statements)) {
          const places = pools.map(({ place }) => place);
          expect(new Set(places).size).toBeGreaterThan(1);
          for (const place of places) expect(places.filter((p) => p === place).length).toBeLessThanOrEqual(3);
          for (const pool of pools) expect(seen.has(names([pool]))).toBe(false);
          for (const pool of pools) seen.add(names([pool]));
        }
      }),
    );
  });
});
