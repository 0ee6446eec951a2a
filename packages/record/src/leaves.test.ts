import { PhalanxError, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commit, GROUPS } from './commitment.js';
import { commitmentOf, formatExchangeLeaf, parseExchangeLeaf } from './exchange-leaf.js';
import { observe, packObservations, unpackObservations } from './observation.js';
import { formatStatement, parseStatement, type Statement } from './statement-leaf.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('commit', () => {
  it('is SHA-256 over salt, name, zero and value', () => {
    // printf '0123456789abcdefwho\0Ann' | sha256sum
    expect(Buffer.from(commit(utf8('0123456789abcdef'), 'who', utf8('Ann'))).toString('hex')).toBe(
      '253b854b1cd98506060f935eef8befd30dcb37e1d1a1951b0145ae013c23f9ea',
    );
  });

  it('keeps groups apart', () => {
    const all = GROUPS.map((group) =>
      Buffer.from(commit(new Uint8Array(16), group, utf8('x'))).toString('hex'),
    );
    expect(new Set(all).size).toBe(6);
  });
});

describe('an exchange leaf', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({
          chain: bytes(16),
          sequence: fc.maxSafeNat(),
          previous: bytes(32),
          atMs: fc.maxSafeNat(),
          commitments: bytes(192),
        }),
        (leaf) => {
          const entry = formatExchangeLeaf(leaf);
          expect(entry.length).toBe(257);
          expect(parseExchangeLeaf(entry)).toEqual(leaf);
          expect(commitmentOf(leaf, 'detector')).toEqual(leaf.commitments.slice(160));
        },
      ),
    );
  });

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (entry) => {
        try {
          expect(formatExchangeLeaf(parseExchangeLeaf(entry))).toEqual(entry);
        } catch (error) {
          expect(PhalanxError.is(error, 'RECORD_LEAF')).toBe(true);
        }
      }),
    );
  });
});

describe('observations', () => {
  const value = fc.uint8Array({ maxLength: 40 });
  const values = fc.record({
    who: value,
    request: value,
    response: value,
    prompt: value,
    completion: fc.option(value),
    detector: value,
  });

  it('come out of their packing as they went in', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(bytes(16), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(), values, fc.boolean()),
        ),
        (rows) => {
          const observations = rows.map(([id, account, atMs, groups, keepText]) =>
            observe({ id, account, atMs }, groups, keepText),
          );
          expect(unpackObservations(packObservations(observations))).toEqual(observations);
        },
      ),
    );
  });

  it('are refused when cut', () => {
    const packed = packObservations([
      observe({ id: new Uint8Array(16), account: 1n, atMs: 2 }, fc.sample(values, 1)[0]!, true),
    ]);
    for (let end = 1; end < packed.length; end += 7)
      expect(() => unpackObservations(packed.subarray(0, end))).toThrow('end inside one');
  });
});

describe('a statement', () => {
  const statement: Statement = {
    kind: 'decision',
    version: 1,
    atMs: 1_770_000_000_000,
    by: 'analyst@lab.example',
    decisionId: 'd-1',
    action: 'throttle',
    chains: ['0123456789abcdef0123456789abcdef'],
    reason: 'finding F-1',
  };

  it('is read as it was written', () => {
    expect(parseStatement(formatStatement(statement))).toEqual(statement);
  });

  it('has one form only', () => {
    expect(() => parseStatement(utf8(JSON.stringify(statement)))).toThrow('not canonical');
    expect(() => formatStatement({ ...statement, more: 1 } as never)).toThrow('not a statement');
    expect(() => formatStatement({ ...statement, kind: 'verdict' } as never)).toThrow('not a statement');
  });

  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json().map(utf8), fc.uint8Array()), (entry) => {
        expect(() => parseStatement(entry)).toThrowError(expect.objectContaining({ code: 'RECORD_LEAF' }));
      }),
    );
  });
});
