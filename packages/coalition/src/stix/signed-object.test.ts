import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBJECT_SIGNATURE } from './extensions/object-signature.js';
import { makeDomainObject } from './made-object.js';
import { AUTHORSHIP, LAB, LAB_KEYS, OTHER_LAB } from './sample-objects.test.support.js';
import { type SignerKey, signObject, verifyObject } from './signed-object.js';
import { asRecord, type StixObject } from './stix-object.js';
import { validateObject } from './validate-object.js';

const signer = { kid: 'lab-a-1', privateKey: LAB_KEYS.privateKey };
const keys = new Map<string, SignerKey>([['lab-a-1', { publicKey: LAB_KEYS.publicKey, identity: LAB.id }]]);
const note = makeDomainObject('note', AUTHORSHIP, { content: 'seen again', object_refs: [LAB.id] });

describe('signed objects', () => {
  const signed = signObject(note, signer, 42);

  it('verify, are valid, and name key and place in the log', () => {
    expect(verifyObject(signed, keys)).toMatchObject({ kid: 'lab-a-1', identity: LAB.id, logIndex: 42 });
    expect(validateObject(signed)).toEqual([]);
    expect(verifyObject(note, keys)).toBeNull();
  });

  it('do not depend on the order of members, as after another server', () => {
    const shuffled = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(signed).reverse())));
    expect(verifyObject(shuffled, keys)).not.toBeNull();
  });

  it('cannot be changed in any member', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(note)), fc.string(), (name, value) => {
        fc.pre(note[name] !== value);
        expect(() => verifyObject({ ...signed, [name]: value } as StixObject, keys)).toThrowError();
      }),
    );
    expect(() => verifyObject({ ...signed, confidence: 99 }, keys)).toThrowError(/something else/);
  });

  const tamper = (changes: object) => {
    const extensions = asRecord(signed.extensions)!;
    const extension = { ...asRecord(extensions[OBJECT_SIGNATURE.id]), ...changes };
    return { ...signed, extensions: { ...extensions, [OBJECT_SIGNATURE.id]: extension } } as StixObject;
  };
  const jws = asRecord(asRecord(signed.extensions)![OBJECT_SIGNATURE.id])!.jws as string;
  const header = (text: string) => `${Buffer.from(text).toString('base64url')}..${jws.split('.')[2]}`;

  it.each([
    ['none', { jws: header('{"alg":"none","kid":"lab-a-1"}') }],
    ['b64', { jws: header('{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"lab-a-1"}') }],
    ['HS256', { jws: header('{"alg":"HS256","kid":"lab-a-1"}') }],
    ['an attached payload', { jws: jws.replace('..', '.e30.') }],
    ['another kid', { kid: 'lab-b-1' }],
    ['another digest', { digest: '00'.repeat(32) }],
    ['a cut signature', { jws: jws.slice(0, -4) }],
    ['trailing bits', { jws: `${jws}A` }],
  ])('with %s are refused', (_what, changes) => {
    expect(() => verifyObject(tamper(changes), keys)).toThrowError(/the object has/);
  });

  it('are refused from an unknown key, and from a lab that did not make the object', () => {
    expect(() => verifyObject(signed, new Map())).toThrowError(/not known/);
    const stolen = new Map([['lab-a-1', { publicKey: LAB_KEYS.publicKey, identity: OTHER_LAB }]]);
    expect(() => verifyObject(signed, stolen)).toThrowError(/did not make it/);
    const other = createPublicKey(generateKeyPairSync('ed25519').privateKey);
    expect(() =>
      verifyObject(signed, new Map([['lab-a-1', { publicKey: other, identity: LAB.id }]])),
    ).toThrowError(/something else/);
  });

  it('are made with Ed25519 alone', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => signObject(note, { kid: 'x', privateKey })).toThrowError(/Ed25519/);
  });
});
