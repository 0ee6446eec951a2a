import { PhalanxError, utf8 } from '@phalanx/core';
import { describeExchange } from '@phalanx/record';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AggregateCounts, parseClaims } from './aggregate-claims.js';
import { makeExchange, makeRecord } from './exchange-record.test.support.js';

const START = Date.UTC(2026, 2, 1);
const row = fc.record({
  n: fc.nat({ max: 40 }),
  account: fc.constantFrom('a', 'b', 'c'),
  minutes: fc.nat({ max: 100_000 }),
});

function groupOf({ n, account, minutes }: { n: number; account: string; minutes: number }): Uint8Array {
  const exchange = makeExchange(n, account, START + 60_000 * minutes);
  return describeExchange(exchange, makeRecord(exchange)).detector!;
}

function parse(group: Uint8Array) {
  return JSON.parse(Buffer.from(group).toString('utf8'));
}

function count(groups: readonly (Uint8Array | undefined)[]) {
  const counts = new AggregateCounts();
  for (const detector of groups) counts.add(detector === undefined ? {} : { detector });
  return counts.claims();
}

describe('aggregate claims', () => {
  it('are what anybody counts in the opened JSON', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const groups = rows.map(groupOf);
        const told = Object.fromEntries(count(groups).map(({ name, value }) => [name, value]));
        const json = groups.map(parse);
        const sum = (member: string) => json.reduce((total, each) => total + each[member], 0);
        const different = (member: string) => new Set(json.map((each) => each[member])).size;
        expect(told).toMatchObject({
          exchanges: rows.length,
          requests: different('id'),
          accounts: different('account'),
          'first exchange': new Date(Math.min(...json.map(({ atMs }) => atMs))).toISOString(),
          'last exchange': new Date(Math.max(...json.map(({ atMs }) => atMs))).toISOString(),
          'failed requests': json.filter(({ ok }) => !ok).length,
          'input tokens': sum('inputTokens'),
          'output tokens': sum('outputTokens'),
        });
        for (const model of new Set(json.map((each) => each.model)))
          expect(told[`exchanges with model ${JSON.stringify(model)}`]).toBe(
            json.filter((each) => each.model === model).length,
          );
      }),
    );
  });

  it('do not depend on the order, nor on entries without a record', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const groups = rows.map(groupOf);
        expect(count([undefined, ...groups.toReversed()])).toEqual(count(groups));
      }),
    );
    expect(count([undefined])).toEqual([]);
  });

  it('name the commonest models and count the rest', () => {
    const groups = Array.from({ length: 30 }, (_, i) =>
      Array.from({ length: i + 1 }, (_, n) => {
        const exchange = { ...makeExchange(n, 'a', START), model: `m${i}` };
        return describeExchange(exchange, makeRecord(exchange)).detector!;
      }),
    ).flat();
    const models = count(groups).filter(({ name }) => name.includes('model'));
    expect(models.length).toBe(21);
    expect(models[0]).toMatchObject({ name: 'exchanges with model "m29"', value: 30 });
    expect(models.at(-1)).toMatchObject({ name: 'exchanges with other models', value: 55 });
    expect(models.reduce((sum, { value }) => sum + Number(value), 0)).toBe(465);
  });

  it('are counted over records only, whatever is opened', () => {
    const content = fc.oneof(fc.uint8Array(), fc.json().map(utf8));
    fc.assert(
      fc.property(content, (bytes) => {
        expect(() => count([bytes])).toThrowError(expect.objectContaining({ code: 'RECORD_OPENING' }));
      }),
    );
  });

  it('can be counted with any record that is one', () => {
    // Dates end before numbers do.
    const far = { ...parse(groupOf({ n: 1, account: 'a', minutes: 1 })), atMs: Number.MAX_SAFE_INTEGER };
    expect(() => count([utf8(JSON.stringify(far))])).toThrowError(
      expect.objectContaining({ code: 'RECORD_OPENING' }),
    );
    const good = parse(groupOf({ n: 1, account: 'a', minutes: 1 }));
    const member = fc.constantFrom(...Object.keys(good));
    const value = fc.oneof(fc.double(), fc.maxSafeNat(), fc.string(), fc.constant(1e300), fc.boolean());
    fc.assert(
      fc.property(fc.dictionary(member, value, { noNullPrototype: true }), (changes) => {
        try {
          count([utf8(JSON.stringify({ ...good, ...changes }))]);
        } catch (error) {
          expect(PhalanxError.is(error, 'RECORD_OPENING')).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('are read as they were written', () => {
    const claims = count([groupOf({ n: 3, account: 'a', minutes: 5 })]);
    expect(parseClaims(utf8(JSON.stringify(claims)))).toEqual(claims);
    for (const bad of ['{}', '[{}]', '[{"name":"a","value":null,"recompute":"b"}]', '['])
      expect(() => parseClaims(utf8(bad))).toThrow();
  });
});
