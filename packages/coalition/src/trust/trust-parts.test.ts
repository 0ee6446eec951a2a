import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { DAY_MS, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { parseAddressRange } from '../stix/pattern/address-range.js';
import { isPromised, listCanaries, promiseCanaries } from './canary.js';
import { type OverrideBody, readOverride, signOverride } from './counsel-override.js';
import { findDisputes, STANDING_DISPUTES } from './dispute.js';
import { judgeIndependence } from './independent-support.js';
import { betaQuantile, learnPrecision, type Outcome } from './lab-precision.js';
import { decayScore, isExpired, LIFETIME_DAYS } from './lifetime.js';
import { changeState, mayMove, QUARANTINE_STATES } from './quarantine-state.js';
import { makeOpinion, makeSighting } from './sighting-objects.js';
import type { Trace } from './trace.js';
import { findWarning, permanentList, readWarningList } from './warning-list.js';

const NOW = Date.UTC(2026, 10, 23);
const range = (text: string): Trace => ({ kind: 'address-range', range: parseAddressRange(text)! });

describe('warning lists', () => {
  const list = (changes: object) =>
    readWarningList(
      utf8(
        JSON.stringify({
          name: 'egress of a cloud',
          description: 'published by the cloud',
          version: 3,
          type: 'cidr',
          matching_attributes: ['ip-src', 'ip-dst'],
          list: ['52.94.0.0/16', '2600:9000::/28', '1.2.3.4', 'not an address'],
          ...changes,
        }),
      ),
    );

  it.each([
    ['100.64.8.0/24', 'special-purpose addresses (RFC 6890)'],
    ['10.1.2.0/24', 'special-purpose addresses (RFC 6890)'],
    ['2001:db8:1::/48', 'special-purpose addresses (RFC 6890)'],
    ['52.94.7.0/24', 'egress of a cloud'],
    ['1.2.3.0/24', 'egress of a cloud'],
    ['2600:9001::/48', 'egress of a cloud'],
    ['52.80.0.0/12', 'blocks too wide for one customer'],
    ['2600::/12', 'blocks too wide for one customer'],
    ['20.1.2.0/24', null],
    ['2a00:1:2::/48', null],
  ])('%s: %s', (block, expected) => {
    expect(findWarning(range(block), [permanentList(), list({})])).toBe(expected);
  });

  it('hold client fingerprints and public templates', () => {
    const lanes = new Uint8Array(64).fill(7);
    const near = lanes.slice();
    near[3] = 9;
    const params = 'ab'.repeat(32);
    const templates = list({
      type: 'string',
      matching_attributes: ['x-llm-prompt-fingerprint'],
      list: [`${params}:${'07'.repeat(64)}`, 'x', `${params}:${'00'.repeat(64)}`],
    });
    expect(templates.unused).toBe(2);
    expect(
      findWarning({ kind: 'prompt-fingerprint', paramsDigest: params, lanes: near }, [templates]),
    ).not.toBeNull();
    expect(
      findWarning({ kind: 'prompt-fingerprint', paramsDigest: '00'.repeat(32), lanes }, [templates]),
    ).toBeNull();
    const clients = list({ type: 'string', matching_attributes: ['ja4-plus'], list: ['t13d'] });
    expect(
      findWarning({ kind: 'client-fingerprint', property: 'ja4', value: 't13d' }, [clients]),
    ).not.toBeNull();
  });

  it('run no expression, and say what they cannot use', () => {
    expect(list({ type: 'regex', list: ['(a+)+$'] }).unused).toBe(1);
    expect(list({}).unused).toBe(1);
    for (const bad of [{ type: 'other' }, { list: [1] }, { name: '' }, { version: 'x' }])
      expect(() => list(bad)).toThrowError(expect.objectContaining({ code: 'COALITION_TRUST' }));
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          readWarningList(utf8(text));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^COALITION_/) });
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('canaries', () => {
  const planting = { seed: new Uint8Array(randomBytes(32)), paramsDigest: 'ab'.repeat(32), count: 4 };

  it('are drawn from a seed that was promised before', () => {
    const promise = promiseCanaries(planting);
    expect(isPromised(promise, planting)).toBe(true);
    expect(isPromised(promise, { ...planting, count: 5 })).toBe(false);
    expect(isPromised(promise, { ...planting, seed: new Uint8Array(32) })).toBe(false);
    expect(listCanaries(planting)).toEqual(listCanaries({ ...planting }));
    expect(() => listCanaries({ ...planting, count: 0 })).toThrowError(/canaries/);
  });
});

describe("counsel's override", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keys = new Map([['counsel', publicKey]]);
  const body: OverrideBody = {
    type: 'phalanx-override-1',
    indicator: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
    digest: '00'.repeat(32),
    reason: 'own-victim',
    counsel: 'counsel',
    issuedAtMs: NOW,
    expiresAtMs: NOW + 14 * DAY_MS,
  };
  const signed = signOverride(body, privateKey);

  it('holds from its beginning to its end', () => {
    expect(readOverride(JSON.parse(JSON.stringify(signed)), keys, NOW)).toEqual(body);
  });

  it.each([
    ['before it begins', signed, NOW - 1],
    ['at its end', signed, NOW + 14 * DAY_MS],
    ['changed', { ...signed, body: { ...body, reason: 'court-order' } }, NOW],
    ['of another counsel', signOverride({ ...body, counsel: 'other' }, privateKey), NOW],
    ['by another key', signOverride(body, generateKeyPairSync('ed25519').privateKey), NOW],
    ['for too long', signOverride({ ...body, expiresAtMs: NOW + 15 * DAY_MS }, privateKey), NOW],
    ['with more', { ...signed, more: 1 }, NOW],
    ['with a signature that is none', { ...signed, signature: '!' }, NOW],
  ])('is refused %s', (_, value, atMs) => {
    expect(() => readOverride(value, keys, atMs)).toThrowError(
      expect.objectContaining({ code: 'COALITION_TRUST' }),
    );
  });
});

describe('time', () => {
  it('weights fall from one to nothing, and an indicator ends with its last trace', () => {
    expect(decayScore('address-range', NOW, NOW)).toBe(1);
    expect(decayScore('address-range', NOW, NOW + 15 * DAY_MS)).toBeCloseTo(0.75);
    expect(decayScore('address-range', NOW, NOW + 30 * DAY_MS)).toBe(0);
    const validity = { fromMs: NOW, untilMs: NOW + 365 * DAY_MS };
    const at = (days: number) =>
      isExpired(validity, ['address-range', 'prompt-fingerprint'], NOW, NOW + days * DAY_MS);
    expect([at(31), at(89), at(LIFETIME_DAYS['prompt-fingerprint'])]).toEqual([false, false, true]);
    expect(isExpired({ fromMs: NOW, untilMs: NOW + 5 }, ['prompt-fingerprint'], NOW, NOW + 5)).toBe(true);
  });
});

describe('states', () => {
  it('what is retracted stays so, and nothing becomes enforceable but by a replay', () => {
    expect(QUARANTINE_STATES.filter((to) => mayMove('retracted', to))).toEqual([]);
    expect(QUARANTINE_STATES.filter((from) => mayMove(from, 'enforceable'))).toEqual([
      'quarantined',
      'replayed',
      'disputed',
    ]);
    expect(() => changeState('i', 'refused', 'enforceable', 'all-hold', NOW)).toThrowError(/refused/);
    expect(changeState('i', 'replayed', 'replayed', 'not-seen', NOW)).toBeNull();
  });
});

describe('precision', () => {
  const outcome = (wasRight: boolean, atMs: number): Outcome => ({
    member: 'b',
    kind: 'opinion',
    subject: `${wasRight}`,
    wasRight,
    weight: 1,
    atMs,
  });

  it('begins low for claims and in favour of doubt for opinions, and fades back', () => {
    expect(learnPrecision([], 'address-range', NOW, DAY_MS).low).toBeCloseTo(0.1);
    expect(learnPrecision([], 'opinion', NOW, DAY_MS).mean).toBeCloseTo(2 / 3);
    expect(learnPrecision([outcome(false, NOW)], 'opinion', NOW, DAY_MS).mean).toBe(0.5);
    expect(learnPrecision([outcome(false, NOW - 20 * DAY_MS)], 'opinion', NOW, DAY_MS).mean).toBeCloseTo(
      2 / 3,
      5,
    );
    expect(learnPrecision([outcome(true, NOW + 1)], 'opinion', NOW, DAY_MS).mean).toBeCloseTo(2 / 3);
  });

  it('has the quantiles of the beta distribution', () => {
    // Beta(a, 1) has p^(1/a), Beta(1, b) has 1 - (1 - p)^(1/b).
    expect(betaQuantile(0.1, 4, 1)).toBeCloseTo(0.1 ** 0.25, 6);
    expect(betaQuantile(0.1, 1, 5)).toBeCloseTo(1 - 0.9 ** 0.2, 6);
  });
});

describe('who only repeats', () => {
  const claim = (traceKey: string, member: string, atMs: number, evidenceDigest: string | null = null) => ({
    traceKey,
    member,
    atMs,
    objectId: `${member}-${traceKey}`,
    evidenceDigest,
  });

  it('is found by never being first, and keeps what it told first', () => {
    const claims = Array.from({ length: 40 }, (_, i) => [
      claim(`t${i}`, i % 2 ? 'b' : 'c', 0),
      claim(`t${i}`, 'copier', 1),
    ]).flat();
    claims.push(claim('own', 'copier', 0), claim('own', 'b', 1));
    const { followers, isIndependent } = judgeIndependence(claims, 0);
    expect([...followers]).toEqual(['copier']);
    expect(isIndependent(claims.find(({ objectId }) => objectId === 'copier-t1')!)).toBe(false);
    expect(isIndependent(claims.find(({ objectId }) => objectId === 'copier-own')!)).toBe(true);
    // Under an embargo nobody could have read it.
    expect(judgeIndependence(claims, 1).followers.size).toBe(0);
  });

  it('spares labs that are sometimes first', () => {
    const claims = Array.from({ length: 60 }, (_, i) =>
      ['b', 'c', 'd'].map((lab, j) => claim(`t${i}`, lab, (i + j) % 3)),
    ).flat();
    expect(judgeIndependence(claims, 0).followers.size).toBe(0);
  });

  it('counts the same long list of traces once', () => {
    const [first, again] = [claim('t', 'b', 0, 'e'), claim('t', 'c', 1, 'e')];
    const { isIndependent } = judgeIndependence([first, again], 0);
    expect([isIndependent(first), isIndependent(again)]).toEqual([true, false]);
  });
});

describe('disputes', () => {
  it('of one lab count up to a number', () => {
    const opinions = Array.from({ length: STANDING_DISPUTES + 50 }, (_, i) => ({
      indicatorId: `i${i}`,
      member: 'c',
      isAgainst: true,
      atMs: i,
      caseId: null,
    }));
    const makers = new Map(opinions.map(({ indicatorId }) => [indicatorId, 'b']));
    expect(findDisputes(opinions, makers, () => true).size).toBe(STANDING_DISPUTES);
    expect(findDisputes(opinions, makers, () => false).size).toBe(0);
    const taken = [...opinions, { ...opinions[0]!, isAgainst: false, atMs: 999 }];
    expect(findDisputes(taken, makers, () => true).has('i0')).toBe(false);
  });
});

describe('what is told of a replay', () => {
  const authorship = {
    createdByRef: 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
    atMs: NOW,
    markingRefs: [makeTlpMarking('amber').id] as [string],
  };
  const indicatorId = 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09';

  it.each([
    [0, 0],
    [1, undefined],
    [9, undefined],
    [10, 10],
    [99, 10],
    [1000, 1000],
    [12_345, 10_000],
  ])('%i hits are told as %i', (hits, count) => {
    const sighting = makeSighting({ indicatorId, hits, fromMs: NOW - 1, toMs: NOW + 1 }, authorship);
    expect(sighting.count).toBe(count);
    expect(sighting).toMatchObject({
      first_seen: '2026-11-22T00:00:00.000Z',
      last_seen: '2026-11-23T23:59:59.999Z',
    });
  });

  it('an opinion holds a word, and the number of its case where it has one', () => {
    const caseId = '0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a10';
    expect(makeOpinion(indicatorId, 'disagree', authorship).external_references).toBeUndefined();
    expect(makeOpinion(indicatorId, 'agree', authorship, caseId).external_references).toEqual([
      { source_name: 'phalanx-appeal', external_id: caseId },
    ]);
  });
});
