import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDomainObject, makeRelationship } from '../made-object.js';
import {
  AT_MS,
  AUTHORSHIP,
  emitEverything,
  LAB,
  LAB_KEYS,
  OTHER_LAB,
} from '../sample-objects.test.support.js';
import { signObject } from '../signed-object.js';
import type { StixObject } from '../stix-object.js';
import { validateObject } from '../validate-object.js';
import { makeNextVersion } from '../version-chain.js';
import { type ExchangePolicy, makeIepMarking, readIepPolicy } from './iep.js';
import type { Recipient } from './marking-verdict.js';
import { redactBundle } from './redact-bundle.js';
import { redactObject } from './redact-object.js';
import { findTlpLevel, isCleared, makeTlpMarking, TLP_LEVELS, type TlpLevel } from './tlp.js';

const reader = (clearance: TlpLevel, changes: Partial<Recipient> = {}): Recipient => ({
  clearance,
  identity: OTHER_LAB,
  encrypted: true,
  atMs: AT_MS,
  ...changes,
});
const none = new Map<string, StixObject>();
const red = makeTlpMarking('red').id;
const green = makeTlpMarking('green').id;

const note = (
  properties: Record<string, unknown>,
  markingRefs: [string, ...string[]] = [green],
): StixObject =>
  makeDomainObject('note', { ...AUTHORSHIP, markingRefs }, {
    content: 'c',
    object_refs: [LAB.id],
    ...properties,
  } as never);

describe('TLP', () => {
  it('orders its levels', () => {
    for (const [at, level] of TLP_LEVELS.entries()) {
      const object = note({}, [makeTlpMarking(level).id]);
      for (const [to, clearance] of TLP_LEVELS.entries()) {
        expect(isCleared(clearance, level)).toBe(to >= at);
        expect(redactObject(object, none, reader(clearance)) !== null).toBe(to >= at);
      }
    }
  });

  it('reads the markings of TLP 1.0', () => {
    expect(findTlpLevel('marking-definition--f88d31f6-486f-44da-b317-01333bde0b82')).toBe('amber');
  });

  it('is not believed when a marking of another id calls itself clear', () => {
    const own = { ...makeTlpMarking('clear'), id: red };
    expect(redactObject(note({}, [red]), new Map([[red, own]]), reader('amber'))).toBeNull();
  });
});

describe('redactObject', () => {
  it('holds back what carries a marking that nobody knows, or of a kind that nobody knows', () => {
    const id = 'marking-definition--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09';
    const object = note({}, [id]);
    expect(redactObject(object, none, reader('red'))).toBeNull();
    const make = (properties: object) =>
      new Map([[id, { type: 'marking-definition', id, ...properties } as StixObject]]);
    expect(
      redactObject(object, make({ extensions: { 'extension-definition--x': {} } }), reader('red')),
    ).toBeNull();
    expect(
      redactObject(object, make({ definition_type: 'other', definition: {} }), reader('red')),
    ).toBeNull();
    expect(
      redactObject(object, make({ definition_type: 'statement', definition: {} }), reader('clear')),
    ).toBe(object);
  });

  it('shows its maker everything', () => {
    const object = note({}, [red]);
    expect(redactObject(object, none, reader('clear', { identity: LAB.id }))).toBe(object);
  });

  it('strips what a granular marking hides, below it too, and closes lists', () => {
    const object = note({
      abstract: 'secret',
      authors: ['a', 'b', 'c', 'd'],
      labels: ['only'],
      external_references: [
        { source_name: 's', description: 'open', url: 'https://example.com/' },
        { source_name: 't', description: 'hidden' },
      ],
      granular_markings: [
        { marking_ref: red, selectors: ['abstract', 'authors.[1]', 'authors.[2]', 'labels.[0]'] },
        { marking_ref: red, selectors: ['external_references.[0].url', 'external_references.[1]'] },
        { marking_ref: green, selectors: ['authors.[3]', 'authors.[1]', 'content', 'labels'] },
      ],
    });
    expect(validateObject(object)).toEqual([]);
    const left = redactObject(object, none, reader('amber'))!;
    expect(left).toMatchObject({
      authors: ['a', 'd'],
      external_references: [{ source_name: 's', description: 'open' }],
      granular_markings: [{ marking_ref: green, selectors: ['authors.[1]', 'content'] }],
    });
    expect(left).not.toHaveProperty('labels');
    expect(JSON.stringify(left)).not.toMatch(/secret|hidden|example\.com|"only"/);
    expect(validateObject(left)).toEqual([]);
    expect(redactObject(object, none, reader('red'))).toBe(object);
  });

  it('lets no inner marking open what is closed around it', () => {
    const object = note({
      external_references: [{ source_name: 's', description: 'd' }],
      granular_markings: [
        { marking_ref: green, selectors: ['external_references.[0].description'] },
        { marking_ref: red, selectors: ['external_references'] },
      ],
    });
    expect(redactObject(object, none, reader('green'))).not.toHaveProperty('external_references');
  });

  it('holds back whole what cannot lose the place', () => {
    for (const selector of ['content', 'id', 'type', 'object_refs.[0]', 'created']) {
      const object = note({ granular_markings: [{ marking_ref: red, selectors: [selector] }] });
      expect(redactObject(object, none, reader('green'))).toBeNull();
    }
  });

  it('holds back whole what would lose a marking', () => {
    for (const selector of ['object_marking_refs', 'object_marking_refs.[0]', 'granular_markings.[0]']) {
      const object = note({ granular_markings: [{ marking_ref: red, selectors: [selector] }] });
      expect(validateObject(object)).toEqual([]);
      expect(redactObject(object, none, reader('green'))).toBeNull();
    }
  });

  it('holds back whole what hides a place that is not there', () => {
    const object = { ...note({}), granular_markings: [{ marking_ref: red, selectors: ['abstract'] }] };
    expect(redactObject(object, none, reader('green'))).toBeNull();
  });

  it('takes signature and digest of the version before off a copy', () => {
    const object = note({
      abstract: 'x',
      granular_markings: [{ marking_ref: red, selectors: ['abstract'] }],
    });
    const signed = signObject(makeNextVersion(object, {}, AT_MS + 1), {
      kid: 'a',
      privateKey: LAB_KEYS.privateKey,
    });
    expect(Object.keys(signed.extensions as object)).toHaveLength(2);
    expect(redactObject(signed, none, reader('green'))).not.toHaveProperty('extensions');
    expect(redactObject(signed, none, reader('red'))).toBe(signed);
  });

  it('never shows a hidden text, whatever is marked', () => {
    const places = [
      'abstract',
      'authors',
      'authors.[0]',
      'authors.[1]',
      'labels.[0]',
      'external_references.[0]',
    ];
    const marks = fc.array(
      fc.record({ level: fc.constantFrom(...TLP_LEVELS), selector: fc.constantFrom(...places) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(marks, fc.constantFrom(...TLP_LEVELS), (chosen, clearance) => {
        const object = note(
          {
            abstract: 'T:abstract',
            authors: ['T:authors.[0]', 'T:authors.[1]'],
            labels: ['T:labels.[0]'],
            external_references: [{ source_name: 'T:external_references.[0]', description: 'd' }],
            granular_markings: chosen.map(({ level, selector }) => ({
              marking_ref: makeTlpMarking(level).id,
              selectors: [selector],
            })),
          },
          [makeTlpMarking('clear').id],
        );
        const left = JSON.stringify(redactObject(object, none, reader(clearance)));
        const hidden = chosen
          .filter(({ level }) => !isCleared(clearance, level))
          .map(({ selector }) => selector);
        for (const leaf of places.filter((place) => place !== 'authors')) {
          const isHidden = hidden.some((selector) => leaf === selector || leaf.startsWith(`${selector}.`));
          expect(left.includes(`T:${leaf}"`)).toBe(!isHidden);
        }
      }),
    );
  });
});

describe('IEP 2.0', () => {
  const policy: ExchangePolicy = {
    policyId: 'a8e1b7c4-2b6e-4b53-9a0a-4a7a6f2f8a11',
    name: 'p',
    description: 'd',
    tlp: 'amber',
    encryptInTransit: 'must',
    permittedActions: 'none',
    affectedPartyNotifications: 'may',
    providerAttribution: 'may',
    unmodifiedResale: 'must-not',
    startMs: AT_MS,
    endMs: AT_MS + 1000,
  };
  const see = (changes: Partial<ExchangePolicy>, recipient: Recipient) => {
    const marking = makeIepMarking({ ...policy, ...changes }, AT_MS);
    expect(validateObject(marking)).toEqual([]);
    return redactObject(note({}, [marking.id]), new Map([[marking.id, marking]]), recipient);
  };

  it('comes back as it was', () => {
    expect(readIepPolicy(makeIepMarking(policy, AT_MS))).toEqual(policy);
    expect(readIepPolicy(makeIepMarking({ ...policy, tlp: 'amber+strict' }, AT_MS))!.tlp).toBe('red');
  });

  it('hides by level, by channel and outside of its time', () => {
    expect(see({}, reader('amber'))).not.toBeNull();
    expect(see({}, reader('green'))).toBeNull();
    expect(see({}, reader('amber', { encrypted: false }))).toBeNull();
    expect(see({ encryptInTransit: 'may' }, reader('amber', { encrypted: false }))).not.toBeNull();
    expect(see({}, reader('amber', { atMs: AT_MS - 1 }))).toBeNull();
    expect(see({}, reader('amber', { atMs: AT_MS + 1000 }))).toBeNull();
    expect(see({ endMs: null }, reader('amber', { atMs: AT_MS + 1e12 }))).not.toBeNull();
  });

  it('hides who provided it where that must not be said', () => {
    const marking = makeIepMarking({ ...policy, providerAttribution: 'must-not' }, AT_MS);
    const signed = signObject(note({}, [marking.id]), { kid: 'lab-a-1', privateKey: LAB_KEYS.privateKey });
    const left = redactObject(signed, new Map([[marking.id, marking]]), reader('amber'));
    expect(JSON.stringify(left)).not.toMatch(/lab-a-1|created_by_ref/);
  });

  it('hides what it says badly', () => {
    const marking = makeIepMarking(policy, AT_MS);
    const broken = JSON.parse(JSON.stringify(marking).replace('"must"', '"maybe"'));
    expect(() => readIepPolicy(broken)).toThrowError(/encrypt_in_transit/);
    expect(redactObject(note({}, [marking.id]), new Map([[marking.id, broken]]), reader('red'))).toBeNull();
  });
});

describe('redactBundle', () => {
  it('leaves no trace of the id of what is held back', () => {
    const secret = note({ content: 'secret' }, [red]);
    const other = note({}, [green]);
    const relationship = makeRelationship('related-to', other.id, secret.id, {
      ...AUTHORSHIP,
      markingRefs: [green],
    });
    const report = makeDomainObject(
      'report',
      { ...AUTHORSHIP, markingRefs: [green] },
      {
        name: 'r',
        published: '2026-11-20T00:00:00Z',
        object_refs: [secret.id, other.id, relationship.id],
      },
    );
    const onlySecrets = makeDomainObject(
      'grouping',
      { ...AUTHORSHIP, markingRefs: [green] },
      {
        context: 'unspecified',
        object_refs: [secret.id, relationship.id],
      },
    );
    const shown = redactBundle([secret, other, relationship, report, onlySecrets], reader('green'));
    expect(shown.map(({ type }) => type)).toEqual(['note', 'report']);
    expect(shown[1]!.object_refs).toEqual([other.id]);
    expect(JSON.stringify(shown)).not.toContain(secret.id);
    expect(redactBundle([secret, other, relationship], reader('red'))).toEqual([secret, other, relationship]);
  });

  it('lets no object lose a marking that is held back itself', () => {
    const statement: StixObject = {
      type: 'marking-definition',
      spec_version: '2.1',
      id: 'marking-definition--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
      created: '2026-11-20T00:00:00.000Z',
      definition_type: 'statement',
      definition: { statement: 'not for sale' },
      object_marking_refs: [red],
    };
    const marked = note({}, [green, statement.id]);
    expect(redactBundle([marked, statement], reader('green'))).toEqual([]);
    expect(redactBundle([marked], reader('green'), [statement])).toEqual([marked]);
  });

  it('shows of everything emitted only what is clear to somebody without clearance', () => {
    const objects = emitEverything();
    const shown = redactBundle(objects, reader('clear'));
    expect(new Set(shown.map(({ type }) => type))).toEqual(
      new Set(['extension-definition', 'identity', 'marking-definition']),
    );
    expect(redactBundle(objects, reader('amber'))).toEqual(objects);
  });
});
