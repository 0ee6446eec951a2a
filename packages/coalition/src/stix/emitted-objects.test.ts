import { describe, expect, it } from 'vitest';
import { formatBundle, parseBundle } from './bundle.js';
import { describeCampaign } from './campaign-objects.js';
import { describeLineage, describeMarkDetection } from './evidence-objects.js';
import { EXTENSIONS } from './extensions/register.js';
import { bucketCount, dayOf, roundFigure } from './order-of-magnitude.js';
import { compilePattern } from './pattern/matcher.js';
import { readObservations } from './pattern/observation.js';
import { AT_MS, AUTHORSHIP, CAMPAIGN, emitEverything } from './sample-objects.test.support.js';
import { parseId } from './stix-id.js';
import type { StixObject } from './stix-object.js';
import { validateObject } from './validate-object.js';

describe('what this package emits', () => {
  const objects = emitEverything();

  it('is valid, and survives a bundle unchanged', () => {
    expect(objects.flatMap((object) => validateObject(object))).toEqual([]);
    expect(parseBundle(formatBundle(objects)).objects).toEqual(objects);
  });

  it('uses every new type and defines every extension', () => {
    const types = new Set(objects.map(({ type }) => type));
    const newTypes = EXTENSIONS.filter(({ kind }) => kind !== 'property-extension').map(({ name }) => name);
    expect(newTypes.filter((name) => !types.has(name))).toEqual([]);
    const ids = new Set(objects.map(({ id }) => id));
    expect(EXTENSIONS.filter(({ id }) => !ids.has(id))).toEqual([]);
  });

  it('gives observables deterministic ids and everything else random ones', () => {
    for (const { id, created } of objects) {
      const version = parseId(id)!.version;
      expect(version).toBe(created === undefined ? 5 : 4);
    }
    const again = emitEverything();
    const observables = (list: readonly StixObject[]) =>
      list.filter(({ created }) => created === undefined).map(({ id }) => id);
    expect(observables(again)).toEqual(observables(objects));
  });

  it('tells a campaign by days, decades and two digits', () => {
    const campaign = describeCampaign(CAMPAIGN, AUTHORSHIP);
    const text = JSON.stringify(campaign.filter(({ type }) => type !== 'relationship'));
    expect(text).not.toContain('16400');
    expect(text).not.toContain('41.73');
    expect(campaign.find(({ type }) => type === 'x-llm-account-cluster')).toMatchObject({
      size_bucket: '10-99',
      request_bucket: '10000-99999',
      first_day: '2026-11-11',
      features: { log10_e_coordination: 42, log10_e_demand: 12, pools_examined: 118 },
    });
    expect(campaign.find(({ type }) => type === 'campaign')!.first_seen).toBe('2026-11-11T00:00:00.000Z');
    const uses = campaign.filter(({ relationship_type: type }) => type === 'uses');
    expect(uses).toHaveLength(2);
  });

  it('has indicators that match what they came from, and nothing near it', () => {
    const campaign = describeCampaign(CAMPAIGN, AUTHORSHIP);
    const observe = (observables: readonly StixObject[]) =>
      readObservations([
        ...observables,
        {
          type: 'observed-data',
          id: 'observed-data--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a03',
          first_observed: '2026-11-20T10:00:00Z',
          last_observed: '2026-11-20T10:00:00Z',
          number_observed: 1,
          object_refs: observables.map(({ id }) => id),
        },
      ]);
    const patternOf = (name: string) =>
      compilePattern(String(campaign.find((object) => object.name === name)!.pattern));
    const fingerprint = campaign[0]!;
    expect(patternOf('prompt-fingerprint').match(observe([fingerprint]))).toHaveLength(1);
    const other = { ...fingerprint, params_digest: '00'.repeat(32) };
    expect(patternOf('prompt-fingerprint').match(observe([other]))).toBeNull();
    const traffic = (value: string): StixObject[] => [
      { type: 'ipv4-addr', id: 'a', value },
      { type: 'network-traffic', id: 'b', src_ref: 'a' },
    ];
    expect(patternOf('address-range').match(observe(traffic('203.0.113.77')))).toHaveLength(1);
    expect(patternOf('address-range').match(observe(traffic('203.0.114.77')))).toBeNull();
  });

  it('keeps small clusters, narrow blocks and empty campaigns at home', () => {
    const refused = (changes: Partial<typeof CAMPAIGN>) => () =>
      describeCampaign({ ...CAMPAIGN, ...changes }, AUTHORSHIP);
    expect(refused({ accounts: 9 })).toThrowError(/below 10/);
    expect(refused({ addressRanges: ['203.0.113.7'] })).toThrowError(/narrower/);
    expect(refused({ addressRanges: ['2001:db8::/64'] })).toThrowError(/narrower/);
    expect(refused({ fingerprints: [], tokens: [], addressRanges: [] })).toThrowError(/without a trace/);
  });

  it('never states a p-value stronger than was found', () => {
    const make = (log10P: number) =>
      describeMarkDetection(
        {
          scheme: 'kgw',
          keyCommitment: '34'.repeat(32),
          scored: 10,
          statistic: 's',
          excess: 1,
          log10P,
          nullHypothesis: 'n',
          assumption: 'a',
          tries: 1,
        },
        AUTHORSHIP,
      ).p_value_log10 as number;
    for (let log10P = -0.0001; log10P > -1e6; log10P *= 1.37) {
      expect(make(log10P)).toBeGreaterThanOrEqual(log10P);
      expect(make(log10P)).toBeLessThanOrEqual(log10P * 0.89);
    }
    expect(make(0)).toBe(0);
  });

  it('tells of lineage that finds nothing without an indicator', () => {
    const lineage = describeLineage(
      {
        verdict: 'nothing shared seen',
        log10P: -0.2,
        share: null,
        method: 'm',
        nullHypothesis: 'n',
        tries: 1,
        suspectSha256: ['78'.repeat(32)],
        referenceCommitment: 'bc'.repeat(32),
        validDays: 1,
      },
      AUTHORSHIP,
    );
    expect(lineage.map(({ type }) => type)).toEqual(['file', 'x-llm-model-lineage']);
  });
});

describe('orders of magnitude', () => {
  it.each([
    [10, '10-99'],
    [99, '10-99'],
    [100, '100-999'],
    [999_999, '100000-999999'],
    [1_000_000, '1000000+'],
    [Number.MAX_SAFE_INTEGER, '1000000+'],
  ])('%d is %s', (count, decade) => {
    expect(bucketCount(count)).toBe(decade);
  });

  it('rounds to days and two digits', () => {
    expect(dayOf(AT_MS)).toBe('2026-11-20');
    expect([roundFigure(41.73), roundFigure(0.0731), roundFigure(-1234)]).toEqual([42, 0.073, -1200]);
  });
});
