import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_FINGERPRINT } from '../stix/extensions/client-fingerprint.js';
import { areAlike, fingerprintOfKey, keyOfTrace, readTraces, type Trace, TraceIndex } from './trace.js';

const params = 'ab'.repeat(32);
const digest = 'cd'.repeat(64);
const fingerprint = (hex: string) =>
  `(x-llm-prompt-fingerprint:params_digest = '${params}' AND x-llm-prompt-fingerprint:digest = '${hex}')`;

describe('what a pattern looks for', () => {
  it.each([
    [`[${fingerprint(digest)}]`, [`prompt-fingerprint:${params}:${digest}`]],
    [`[${fingerprint(digest)} OR ${fingerprint(digest)}]`, [`prompt-fingerprint:${params}:${digest}`]],
    [
      "[x-oprf-token:key_epoch = 'e1' AND x-oprf-token:token = '00112233445566778899aabbccddeeff']",
      ['matching-token:e1:00112233445566778899aabbccddeeff'],
    ],
    [
      "[network-traffic:src_ref.value ISSUBSET '20.1.2.0/24'] OR [ipv4-addr:value = '20.1.3.4']",
      ['address-range:32:14010200/24', 'address-range:32:14010304/32'],
    ],
    ["[ipv6-addr:value ISSUBSET '2a00:1::/48']", ['address-range:128:2a000001000000000000000000000000/48']],
    [`[network-traffic:extensions.'${CLIENT_FINGERPRINT.id}'.ja4 = 'x']`, ['client-fingerprint:ja4:x']],
  ])('%s', (pattern, keys) => {
    expect(readTraces(pattern)!.map(keyOfTrace)).toEqual(keys);
  });

  it.each([
    [`[${fingerprint(digest)}] FOLLOWEDBY [${fingerprint(digest)}]`],
    [`[${fingerprint(digest)}] REPEATS 5 TIMES`],
    [`[${fingerprint(digest)}] AND [ipv4-addr:value = '20.1.3.4']`],
    [`[${fingerprint(digest)} AND ipv4-addr:value = '20.1.3.4']`],
    ["[network-traffic:src_ref.value NOT ISSUBSET '20.1.2.0/24']"],
    ["[network-traffic:src_ref.value != '20.1.2.0']"],
    ["[ipv4-addr:value LIKE '20.%']"],
    [`[x-llm-prompt-fingerprint:digest = '${digest}']`],
    [`[${fingerprint('00'.repeat(64))}]`],
    [`[${fingerprint('cd'.repeat(63))}]`],
    ["[x-oprf-token:token = '00112233445566778899aabbccddeeff']"],
    ["[domain-name:value = 'lab.example']"],
    ["[x:v = 'y' OR EXISTS x:w]"],
  ])('is not replayed: %s', (pattern) => {
    expect(readTraces(pattern)).toBeNull();
  });

  it('ends at 500 alternatives', () => {
    const pattern = (count: number) =>
      `[${Array.from({ length: count }, (_, i) => `ipv4-addr:value = '20.1.${i >> 8}.${i & 255}'`).join(' OR ')}]`;
    expect(readTraces(pattern(500))).toHaveLength(500);
    expect(readTraces(pattern(501))).toBeNull();
  });
});

describe('templates that are alike', () => {
  const make = (lanes: Uint8Array, paramsDigest = params): Trace => ({
    kind: 'prompt-fingerprint',
    paramsDigest,
    lanes,
  });
  const bytes = fc.uint8Array({ minLength: 64, maxLength: 64 });

  it('an index finds what comparing one by one finds, but for pairs that share no band', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 30 }), (lanes, changes) => {
        const other = lanes.slice();
        for (const [at, value] of changes) other[at] = value;
        const [a, b] = [make(lanes), make(other)];
        const found = new TraceIndex([b]).findAlike(a);
        if (!areAlike(a, b)) expect(found).toEqual([]);
        // At most 12 lanes of 64 differ: of 16 bands four at least are untouched.
        const differ = lanes.filter((lane, i) => lane !== other[i]).length;
        if (differ <= 12) expect(found).toEqual([keyOfTrace(b)]);
      }),
    );
  });

  it('are never those under other parameters, and a key leads back to its fingerprint', () => {
    const lanes = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
    expect(new TraceIndex([make(lanes, '00'.repeat(32))]).findAlike(make(lanes))).toEqual([]);
    expect(fingerprintOfKey(keyOfTrace(make(lanes)))).toEqual(make(lanes));
    expect(fingerprintOfKey('matching-token:e:00')).toBeNull();
  });
});
