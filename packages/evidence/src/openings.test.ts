import { PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { commit, GROUPS, type Group, type OpenedExchange } from '@phalanx/record';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatOpeningLine, METADATA_GROUPS, type OpenedGroups, readOpenings } from './openings.js';

type Leaves = Map<number, { readonly commitments: Uint8Array }>;

const salts = fc.uint8Array({ minLength: 96, maxLength: 96 });
/** What a source said, group by group; null where it said nothing. */
const values = fc.array(fc.option(fc.string({ unit: 'grapheme' }).map(utf8)), {
  minLength: 6,
  maxLength: 6,
});
const exchanges = fc.array(fc.record({ salts, values }), { minLength: 1, maxLength: 6 });

function leavesOf(opened: readonly Pick<OpenedExchange, 'salts' | 'values'>[]): Leaves {
  return new Map(
    opened.map((exchange, i) => [
      2 * i,
      {
        commitments: Uint8Array.from(
          GROUPS.flatMap((group, g) => [
            ...commit(
              exchange.salts.subarray(16 * g, 16 * g + 16),
              group,
              exchange.values[g] ?? new Uint8Array(0),
            ),
          ]),
        ),
      },
    ]),
  );
}

function formatAll(opened: readonly Pick<OpenedExchange, 'salts' | 'values'>[]): Uint8Array {
  const lines = opened.map((each, i) => formatOpeningLine(2 * i, { id: new Uint8Array(), ...each }, GROUPS));
  return new Uint8Array(Buffer.concat(lines.filter((line) => line !== null)));
}

async function readAll(content: Uint8Array, leaves: Leaves): Promise<[number, OpenedGroups][]> {
  const read: [number, OpenedGroups][] = [];
  for await (const { index, groups } of readOpenings([content], leaves)) read.push([index, groups]);
  return read;
}

const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
const one: Leaves = new Map([
  [7, { commitments: Buffer.concat(GROUPS.map((group) => commit(salt, group, utf8('v')))) }],
]);
const line = (index: unknown, groups: unknown) => utf8(`${JSON.stringify({ index, groups })}\n`);
const shown = (value = 'v') => ({ salt: toBase64(salt), value });

describe('openings', () => {
  it('are read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(exchanges, async (opened) => {
        const expected = opened.flatMap((exchange, i) => {
          const told = GROUPS.flatMap((group, g) =>
            exchange.values[g] === null ? [] : [[group, exchange.values[g]] as const],
          );
          return told.length === 0 ? [] : [[2 * i, Object.fromEntries(told)]];
        });
        expect(await readAll(formatAll(opened), leavesOf(opened))).toEqual(expected);
      }),
    );
  });

  it('do not stand under another leaf, another group, or with another salt', async () => {
    expect(await readAll(line(7, { who: shown() }), one)).toEqual([[7, { who: utf8('v') }]]);
    const otherSalt = { ...shown(), salt: toBase64(new Uint8Array(16)) };
    for (const groups of [{ who: shown('w') }, { who: otherSalt }, { who: shown(), prompt: shown('') }])
      await expect(readAll(line(7, groups), one)).rejects.toThrow('is not what was logged');
    const other: Leaves = new Map([[7, { commitments: new Uint8Array(192) }]]);
    await expect(readAll(line(7, { who: shown() }), other)).rejects.toThrow('is not what was logged');
    await expect(readAll(line(8, { who: shown() }), one)).rejects.toThrow('not in the list of leaves');
    const swapped = new Map([[7, { commitments: Buffer.from(one.get(7)!.commitments).reverse() }]]);
    await expect(readAll(line(7, { who: shown() }), swapped)).rejects.toThrow('is not what was logged');
  });

  it('come once an entry, in order, and with groups that there are', async () => {
    const good = line(7, { who: shown() });
    await expect(readAll(Buffer.concat([good, good]), one)).rejects.toThrow('out of order');
    for (const bad of [
      line(7, { who: shown(), whom: shown() }),
      line(7, { who: { ...shown(), more: 1 } }),
      line(7.5, { who: shown() }),
      line('7', { who: shown() }),
      line(7, [shown()]),
      line(7, { who: { ...shown(), salt: toBase64(salt.subarray(1)) } }),
    ])
      await expect(readAll(bad, one)).rejects.toThrow('malformed');
  });

  it('end in one kind of error when any bit is another', async () => {
    const opened = [{ salts: new Uint8Array(96).fill(9), values: GROUPS.map((group) => utf8(group)) }];
    const bytes = formatAll(opened);
    const leaves = leavesOf(opened);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 8 * bytes.length - 1 }), async (bit) => {
        const changed = bytes.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await expect(readAll(changed, leaves)).rejects.toThrowError(
          expect.objectContaining({ code: 'EVIDENCE_RECORD' }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('end in one kind of error, whatever is read', async () => {
    const groups = fc.dictionary(
      fc.constantFrom<Group | '__proto__'>(...GROUPS, '__proto__'),
      fc.oneof(fc.record({ salt: fc.base64String(), value: fc.string() }), fc.jsonValue({ maxDepth: 1 })),
    );
    const content = fc.oneof(
      fc.uint8Array(),
      fc
        .array(fc.tuple(fc.oneof(fc.constant(7), fc.jsonValue({ maxDepth: 1 })), groups))
        .map((rows) => new Uint8Array(Buffer.concat(rows.map((row) => line(...row))))),
    );
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        try {
          await readAll(bytes, one);
        } catch (error) {
          expect(PhalanxError.is(error, 'EVIDENCE_RECORD')).toBe(true);
        }
      }),
    );
  });

  it('leave out what nothing is left of', () => {
    const nothing = { id: new Uint8Array(), salts: new Uint8Array(96), values: GROUPS.map(() => null) };
    expect(formatOpeningLine(1, nothing, METADATA_GROUPS)).toBeNull();
  });
});
