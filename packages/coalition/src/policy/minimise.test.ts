import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeCampaign } from '../stix/campaign-objects.js';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { AT_MS, CAMPAIGN } from '../stix/sample-objects.test.support.js';
import type { StixObject } from '../stix/stix-object.js';
import { validateObject } from '../stix/validate-object.js';
import { minimiseObjects, widen } from './minimise.js';
import { checkPrecision } from './precision.js';
import { LAB_A } from './sample-release.test.support.js';

const authorship = { createdByRef: LAB_A, atMs: AT_MS, markingRefs: [makeTlpMarking('amber').id] as const };
const fine = (objects: readonly StixObject[]) =>
  objects.flatMap((object, i) => checkPrecision(object, i, new Map()));

describe('minimising', () => {
  it('makes days, decades, two digits and blocks, once and for all', () => {
    const told = describeCampaign({ ...CAMPAIGN, poolsExamined: 1187 }, authorship);
    expect(fine(told)).not.toEqual([]);
    const coarse = minimiseObjects(told, new Map());
    expect(fine(coarse)).toEqual([]);
    expect(coarse.flatMap(validateObject)).toEqual([]);
    expect(minimiseObjects(coarse, new Map())).toEqual(coarse);
    expect(coarse.find(({ type }) => type === 'x-llm-account-cluster')!.features).toMatchObject({
      pools_examined: 1200,
    });
  });

  it('widens what was seen of one machine, in objects, references and patterns', () => {
    const address = {
      type: 'ipv4-addr',
      spec_version: '2.1',
      id: 'ipv4-addr--0f6c2a52-3c3f-5b44-9c1c-6f2d3d1f0a01',
      value: '203.0.113.77',
      object_marking_refs: [],
    };
    const again = {
      ...address,
      id: 'ipv4-addr--0f6c2a52-3c3f-5b44-9c1c-6f2d3d1f0a02',
      value: '203.0.113.78/32',
    };
    const traffic = {
      type: 'network-traffic',
      id: 'network-traffic--0f6c2a52-3c3f-5b44-9c1c-6f2d3d1f0a03',
      src_ref: again.id,
    };
    const indicator = {
      type: 'indicator',
      id: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a04',
      pattern: "[network-traffic:src_ref.value = '203.0.113.77']",
    };
    const coarse = minimiseObjects([address, again, traffic, indicator], new Map());
    expect(coarse).toHaveLength(3);
    expect(coarse[0]!.value).toBe('203.0.113.0/24');
    expect(coarse[1]!.src_ref).toBe(coarse[0]!.id);
    expect(coarse[2]!.pattern).toBe("[network-traffic:src_ref.value ISSUBSET '203.0.113.0/24']");
  });

  it('keeps a sighting of nothing, and says of few only that there were some', () => {
    const sighting = (count: number) => ({
      type: 'sighting',
      id: `sighting--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a${10 + (count % 80)}`,
      count,
    });
    const counts = [0, 3, 10, 99, 16_402].map(
      (count) => minimiseObjects([sighting(count)], new Map())[0]!.count,
    );
    expect(counts).toEqual([0, undefined, 10, 10, 10_000]);
  });

  it('never tells of evidence stronger, nor of fewer tries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: -1e5, max: -1e-3, noNaN: true }),
        (tries, p) => {
          const [mark] = minimiseObjects(
            [{ type: 'x-llm-watermark-detection', id: 'x', tries, p_value_log10: p }],
            new Map(),
          );
          expect(Number(mark!.tries)).toBeGreaterThanOrEqual(tries);
          expect(Number(mark!.p_value_log10)).toBeGreaterThanOrEqual(p);
          expect(fine([mark!])).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['203.0.113.0/25', '203.0.113.0/24'],
    ['203.0.0.0/16', '203.0.0.0/16'],
    ['203.0.113.9/16', '203.0.0.0/16'],
    ['2001:db8:12:34::1', '2001:db8:12::/48'],
    ['2001:db8::/32', '2001:db8::/32'],
    ['::1', '::/48'],
    ['no address', 'no address'],
  ])('%s becomes %s', (text, wide) => {
    expect(widen(text, new Map())).toBe(wide);
  });
});
