import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DAY_MS, fromHex } from '@phalanx/core';
import { expect, it } from 'vitest';
import { parseAddressRange } from '../stix/pattern/address-range.js';
import { listCanaries, promiseCanaries } from './canary.js';
import { readOverride, signOverride } from './counsel-override.js';
import { learnPrecision } from './lab-precision.js';
import { decayScore } from './lifetime.js';
import { boundReplay, judgeReplay } from './replay-statistics.js';
import { DEFAULT_TERMS } from './terms.js';
import { keyOfTrace, readTraces } from './trace.js';
import { findWarning, permanentList } from './warning-list.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../docs/spec/vectors/coalition-trust.json', import.meta.url), 'utf8'),
);

it('traces and warnings are as published', () => {
  for (const { pattern, keys } of vectors.traces)
    expect(readTraces(pattern)?.map(keyOfTrace) ?? null).toEqual(keys);
  for (const { block, list } of vectors.warnings)
    expect(findWarning({ kind: 'address-range', range: parseAddressRange(block)! }, [permanentList()])).toBe(
      list,
    );
});

it('judgements of replays are as published', () => {
  for (const { population, families, hits, judgements, bounds } of vectors.replays) {
    const own = hits.map(([accounts, good, suspected]: number[]) => ({
      accounts,
      good,
      suspected,
      findings: [],
    }));
    expect(judgeReplay(own, population, families, DEFAULT_TERMS)).toEqual(judgements);
    for (const [i, hit] of own.entries()) {
      const { falsePositives, suspected } = boundReplay(hit, population);
      expect(falsePositives).toBeCloseTo(bounds[i].falsePositives, 12);
      expect(suspected).toBeCloseTo(bounds[i].suspected, 12);
    }
  }
});

it('precision, decay, canaries and overrides are as published', () => {
  const { outcomes, kind, atMs, learnt } = vectors.precision;
  expect(learnPrecision(outcomes, kind, atMs, 90 * DAY_MS).low).toBeCloseTo(learnt.low, 8);
  for (const { kind: of, days, left } of vectors.decay)
    expect(decayScore(of, 0, days * DAY_MS)).toBeCloseTo(left, 12);
  const { seed, params_digest: paramsDigest, count, keys, promise } = vectors.canaries;
  const planting = { seed: fromHex(seed), paramsDigest, count };
  expect(listCanaries(planting).map(keyOfTrace)).toEqual(keys);
  expect(promiseCanaries(planting).commitment).toBe(promise);
  const { private_key: pkcs8, message } = vectors.override;
  const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' });
  expect(signOverride(message.body, key)).toEqual(message);
  expect(
    readOverride(message, new Map([['counsel', createPublicKey(key)]]), message.body.issuedAtMs),
  ).toEqual(message.body);
});
