import { utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { deriveId, makeId, makeUuid5, parseId } from './stix-id.js';

describe('deriveId', () => {
  it('gives the id of STIX 2.1 section 2.9 to an address', () => {
    expect(deriveId('ipv4-addr', { value: '198.51.100.3', defanged: true })).toBe(
      'ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4',
    );
  });

  it('takes one hash, the preferred', () => {
    const md5 = { MD5: 'd41d8cd98f00b204e9800998ecf8427e' };
    const all = { 'SHA-256': 'x', ...md5, 'SHA-1': 'y' };
    expect(deriveId('file', { hashes: all })).toBe(deriveId('file', { hashes: md5 }));
    expect(deriveId('file', { hashes: { TLSH: 't', SSDEEP: 's' } })).toBe(
      deriveId('file', { hashes: { SSDEEP: 's' } }),
    );
  });

  it('has none for an object without contributing properties', () => {
    expect(deriveId('process', { pid: 1 })).toBeNull();
    expect(deriveId('artifact', { url: 'http://example.com' })).toBeNull();
    expect(deriveId('indicator', { value: '1' })).toBeNull();
  });
});

describe('makeUuid5', () => {
  it('agrees with RFC 9562 appendix A.4', () => {
    expect(makeUuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', utf8('www.example.com'))).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});

describe('parseId', () => {
  it('reads type and version', () => {
    expect(parseId(makeId('x-llm-account-cluster'))).toMatchObject({
      type: 'x-llm-account-cluster',
      version: 4,
    });
  });

  it.each([
    '',
    'a--b',
    'indicator-0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a03',
    `${'a'.repeat(400)}--x`,
    'Indicator--0f6c',
  ])('refuses %s', (id) => {
    expect(parseId(id)).toBeNull();
  });
});
