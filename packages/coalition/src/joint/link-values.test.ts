import { describe, expect, it } from 'vitest';
import { canonicalValue } from '../matching/value-class.js';
import { chooseLinkValues, type HeldValue } from './link-values.js';

const pool = new Set(['a', 'b', 'c', 'd']);

function held(text: string, ...accounts: string[]): HeldValue {
  return {
    valueClass: 'ip',
    value: canonicalValue('ip', text),
    detail: new Uint8Array(0),
    accounts: new Set(accounts),
  };
}

function chosen(values: readonly HeldValue[], population = 1_000, most = 10): string[] {
  return chooseLinkValues(values, [{ label: 7, accounts: pool }], population, most).map(({ value }) =>
    value.join('.'),
  );
}

describe('values that link', () => {
  it('are held by two accounts of the pool and by fewer outside', () => {
    expect(
      chosen([
        held('198.51.100.0', 'a', 'b', 'c'),
        held('203.0.113.0', 'a', 'b', 'x'),
        held('192.0.2.0', 'a'),
        held('192.0.3.0', 'a', 'x'),
        held('192.0.4.0', 'a', 'b', 'x', 'y'),
        held('192.0.5.0', 'x', 'y'),
      ]),
    ).toEqual(['198.51.100.0', '203.0.113.0']);
  });

  it('are not common among the accounts of the lab', () => {
    const many = Array.from({ length: 30 }, (_, i) => `m${i}`);
    const group = [{ label: 1, accounts: new Set(many) }];
    const value = held('198.51.100.0', ...many);
    expect(chooseLinkValues([value], group, 1_000, 10)).toHaveLength(1);
    expect(chooseLinkValues([value], group, 400, 10)).toHaveLength(0);
  });

  it('are shared out among groups when there are too many, in an order that any lab would choose', () => {
    const groups = [
      { label: 1, accounts: new Set(['a', 'b']) },
      { label: 2, accounts: new Set(['c', 'd']) },
    ];
    const values = [
      ...Array.from({ length: 20 }, (_, i) => held(`10.0.${i}.0`, 'a', 'b')),
      held('10.1.0.0', 'c', 'd'),
      held('10.2.0.0', 'a', 'b', 'c', 'd'),
    ];
    const some = chooseLinkValues(values, groups, 1_000, 4);
    expect(some.map(({ value, labels }) => `${value.join('.')} ${labels}`)).toEqual([
      '10.0.0.0 1',
      '10.1.0.0 2',
      '10.0.1.0 1',
      '10.0.2.0 1',
    ]);
    expect(chooseLinkValues([...values].reverse(), groups, 1_000, 4)).toEqual(some);
  });
});
