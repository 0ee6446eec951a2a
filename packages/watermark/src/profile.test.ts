import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { fromBase64 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkProfile,
  createMarkProfile,
  formatSignedProfile,
  openSignedProfile,
  parseMarkProfile,
  signMarkProfile,
} from './profile.js';
import { profileInput } from './profile.test.support.js';

const { privateKey } = generateKeyPairSync('ed25519');
const profile = createMarkProfile(profileInput);
const signed = signMarkProfile(profile, privateKey);
const trusted = [fromBase64(signed.publicKey)];

describe('a mark profile', () => {
  it('is completed, and then read strictly', () => {
    expect(profile).toMatchObject({
      prf: 'phalanx-siphash-2-4-v1',
      parameters: { contextWidth: 4, secondShare: 0 },
    });
    expect(parseMarkProfile(structuredClone(profile))).toEqual(profile);
  });

  it.each([
    ['an unknown member', { extra: 1 }, 'extra'],
    ['another type', { type: 'phalanx-mark-profile-v2' }, 'type'],
    ['another function', { prf: 'phalanx-siphash-2-4-v2' }, 'keyed function'],
    ['a dialect that is not known', { dialect: 'nobody' }, 'no dialect is named'],
    ['a name of every object', { dialect: 'constructor' }, 'no dialect is named'],
    ['a parameter left to its default', { parameters: { contextWidth: 4 } }, 'defaults may change'],
    [
      'a parameter of another dialect',
      { parameters: { contextWidth: 4, secondShare: 0, gamma: 1 } },
      'parameters',
    ],
    ['a key id that may be a key', { keyId: 'secret' }, 'keyId'],
    [
      'lists of another vocabulary',
      {
        dialect: 'hf-kgw',
        prf: 'torch-cpu-mt19937',
        parameters: { vocabulary: 32_001, gamma: 0.25, delta: 2, scheme: 'lefthash', width: 1 },
      },
      'lists are of 32001 tokens',
    ],
    ['an end before its beginning', { validUntilMs: 1 }, 'ends before'],
  ])('refuses %s', (_, change, message) => {
    expect(() => parseMarkProfile({ ...profile, ...change })).toThrow(message);
  });

  it('is opened under a trusted key only, and as it was signed', () => {
    const text = formatSignedProfile(signed);
    expect(openSignedProfile(text, trusted)).toEqual(profile);
    expect(() => openSignedProfile(text, [])).toThrow('not trusted');
    expect(() => openSignedProfile(text.replace('example-7b', 'example-8b'), trusted)).toThrow('signature');
    expect(() => openSignedProfile('x'.repeat(70_000), trusted)).toThrow('64 KiB');
    const other = signMarkProfile(profile, generateKeyPairSync('ed25519').privateKey);
    const forged = formatSignedProfile({ ...other, publicKey: signed.publicKey });
    expect(() => openSignedProfile(forged, trusted)).toThrow('signature');
  });

  it('throws its own error for any text', () => {
    const text = formatSignedProfile(signed);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + 1);
        let opened: unknown = null;
        try {
          opened = openSignedProfile(changed, trusted);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MARK_PROFILE' });
        }
        if (opened !== null) expect(opened).toEqual(profile);
      }),
      { numRuns: 300 },
    );
  });

  it('says what it does not fit', () => {
    const { keyId, model, tokenizerSha256, vocabularySize, prf } = profile;
    const use = { keyId, model, tokenizerSha256, vocabularySize, prf, atMs: 1_795_000_000_000 };
    expect(() => checkProfile(profile, use)).not.toThrow();
    expect(() => checkProfile(profile, {})).not.toThrow();
    expect(() => checkProfile(profile, { ...use, model: 'other', vocabularySize: 32_001 })).toThrow(
      /vocabularySize is 32000, here 32001; model is example-7b, here other/,
    );
    expect(() => checkProfile(profile, { ...use, tokenizerSha256: 'cd'.repeat(32) })).toThrow(
      'tokenizerSha256',
    );
    expect(() => checkProfile(profile, { ...use, prf: 'x' })).toThrow('prf');
    expect(() => checkProfile(profile, { ...use, keyId: 'ff'.repeat(16) })).toThrow('keyId');
    expect(() => checkProfile(profile, { ...use, atMs: 1_789_999_999_999 })).toThrow('not valid yet');
    expect(() => checkProfile(profile, { ...use, atMs: 1_800_000_000_000 })).toThrow('not valid any more');
  });

  it('is signed with Ed25519 only', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(() => signMarkProfile(profile, rsa)).toThrow('Ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(signMarkProfile(profile, createPrivateKey(pem))).toEqual(signed);
  });
});
