import { canonicalJson } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeClient, describeNetwork, describeParameters, SAMPLING_PARAMETERS } from './client-traits.js';

describe('describeNetwork', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['::ffff:c000:24d', '192.0.2.0/24'],
    ['2001:db8:1:2::5', '2001:db8:1::/48'],
    ['2001:0db8:0001:ffff:0:0:0:1', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0::/48'],
    ['::', '0:0:0::/48'],
    ['192.0.2', ''],
    ['not an address', ''],
    [undefined, ''],
  ])('%s lies in %s', (ip, network) => {
    expect(describeNetwork(ip)).toBe(network);
  });

  it('depends on the first 48 bits only, however the address is written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        expect(describeNetwork(ip)).toMatch(/^(?:[0-9a-f]{1,4}:){3}:\/48$|^\d+\.\d+\.\d+\.0\/24$/);
        expect(describeNetwork(ip.toUpperCase())).toBe(describeNetwork(ip));
      }),
    );
  });
});

describe('describeParameters', () => {
  it('is canonical JSON of the sampling parameters, the seed by presence', () => {
    const parameters = { top_p: 0.9, temperature: 1e-7, seed: 42, user: 'ann', stop: null, n: 2 };
    const text = describeParameters(parameters);
    expect(text).toBe('{"n":2,"seed":true,"stop":null,"temperature":1e-7,"top_p":0.9}');
    expect(canonicalJson(JSON.parse(text))).toBe(text);
    expect(describeParameters({ ...parameters, seed: 7, user: 'bob' })).toBe(text);
    expect([...SAMPLING_PARAMETERS].sort()).toEqual(SAMPLING_PARAMETERS);
  });

  it('tells "said nothing" from "set nothing", and takes any string', () => {
    expect(describeParameters(undefined)).toBe('');
    expect(describeParameters({})).toBe('{}');
    expect(describeParameters({ stop: '\ud800' })).toBe('{"stop":"\\ud800"}');
  });
});

describe('describeClient', () => {
  it('sorts, keeps the SDK headers, and drops what changes from call to call', () => {
    const headers = {
      'x-stainless-os': 'Linux',
      'x-stainless-arch': 'x64',
      'x-stainless-retry-count': '2',
      accept: '*',
    };
    const text = describeClient({ userAgent: 'a/1', headers });
    expect(text).toBe('user-agent: a/1\nx-stainless-arch: x64\nx-stainless-os: Linux');
    expect(
      describeClient({ headers: { ...headers, 'user-agent': 'a/1', 'x-stainless-retry-count': '0' } }),
    ).toBe(text);
    expect(describeClient({})).toBe('');
    expect(describeClient(undefined)).toBe('');
  });
});
