import { generateKeyPairSync } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDomainObject } from '../stix/made-object.js';
import { makeTlpMarking } from '../stix/marking/tlp.js';
import { signObject } from '../stix/signed-object.js';
import type { StixObject } from '../stix/stix-object.js';
import { admitObject, type KnownMembers, SAME_EVIDENCE } from './admission.js';
import { makeOpinion } from './sighting-objects.js';

const NOW = Date.UTC(2026, 10, 23);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const identity = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
const known: KnownMembers = {
  keys: new Map([['k', { publicKey, identity }]]),
  members: new Map([[identity, 'b']]),
};
const authorship = {
  createdByRef: identity,
  atMs: NOW - DAY_MS,
  markingRefs: [makeTlpMarking('amber').id] as [string],
};
const sign = (object: StixObject) => signObject(object, { kid: 'k', privateKey });
const tell = (pattern: string, changes = {}) =>
  makeDomainObject('indicator', authorship, {
    name: 'address-range',
    indicator_types: ['malicious-activity'],
    pattern,
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: new Date(NOW).toISOString(),
    ...changes,
  });
const indicator = tell("[ipv4-addr:value = '20.1.2.3']");
const admit = (object: StixObject) => admitObject(object, known, null, NOW);

describe('what is taken in', () => {
  it('is what a known lab has signed, and nothing that differs from it', () => {
    const signed = sign(indicator);
    expect(admit(signed)).toMatchObject({ kind: 'indicator', member: 'b', evidenceDigest: null });
    const names = Object.keys(signed).filter((name) => name !== 'type');
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }), (name, value) => {
        fc.pre(JSON.stringify(value) !== JSON.stringify(signed[name]));
        expect(['invalid', 'unsigned', 'wrong-signature']).toContain(
          admit({ ...signed, [name]: value as string }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is no object that was drawn, and none makes it fail', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('indicator', 'sighting', 'opinion', 'x'),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (type, members) => {
          expect(typeof admit({ ...(members as object), type, id: `${type}--x` } as StixObject)).toBe(
            'string',
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has a pattern that can be read, or is kept out', () => {
    expect(admit(sign({ ...indicator, pattern: '['.repeat(5) }))).toBe('invalid');
    expect(admit(sign(tell('[x:a = 1] FOLLOWEDBY [x:a = 2]')))).toMatchObject({ traces: null });
    expect(
      admit(sign(tell('rule x {}', { pattern_type: 'yara', pattern_version: undefined }))),
    ).toMatchObject({ traces: null });
  });

  it('names equal evidence only where it names much', () => {
    const many = (count: number, from = 0) =>
      `[${Array.from({ length: count }, (_, i) => `ipv4-addr:value = '20.1.2.${(i + from) % count}'`).join(' OR ')}]`;
    const digestOf = (pattern: string) =>
      (admit(sign(tell(pattern))) as { evidenceDigest: string | null }).evidenceDigest;
    expect(digestOf(many(SAME_EVIDENCE - 1))).toBeNull();
    expect(digestOf(many(SAME_EVIDENCE))).toBe(digestOf(many(SAME_EVIDENCE, 3)));
  });

  it('belongs to a case only by a number that could have been drawn', () => {
    const caseOf = (id: string) =>
      (admit(sign(makeOpinion(indicator.id, 'disagree', authorship, id))) as { caseId: string | null })
        .caseId;
    expect(caseOf('0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a10')).toBe('0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a10');
    expect(caseOf('customer ACME')).toBeNull();
  });
});
