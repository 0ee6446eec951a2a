import { PhalanxError, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonLines } from './json-lines.js';

async function readAll(parts: readonly Uint8Array[], maxLineBytes = 1000): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readJsonLines(parts, maxLineBytes)) values.push(value);
  return values;
}

/** Cuts bytes at some places, empty pieces included. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.subarray(start, at[i] ?? bytes.length));
}

describe('readJsonLines', () => {
  it('reads what was written, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue({ maxDepth: 2 })),
        fc.array(fc.nat(), { maxLength: 9 }),
        async (values, places) => {
          const bytes = utf8(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
          const read = await readAll(cut(bytes, places), bytes.length);
          expect(JSON.stringify(read)).toBe(JSON.stringify(values));
        },
      ),
    );
  });

  it('refuses a line that is longer, whether it ends or not', async () => {
    const line = `"${'x'.repeat(98)}"`;
    expect(await readAll([utf8(`${line}\n`)], 100)).toEqual([JSON.parse(line)]);
    for (const text of [`${line}\n`, line, `1\n${line}\n`])
      await expect(readAll([utf8(text)], 99)).rejects.toThrow('longer than 99 bytes');
  });

  it('refuses a last line that is not ended', async () => {
    await expect(readAll([utf8('1\n2')])).rejects.toThrow('not ended');
    await expect(readAll([utf8('1\n'), utf8('2')])).rejects.toThrow('not ended');
  });

  it('ends in one kind of error, whatever it reads', async () => {
    const line = fc.oneof(
      fc.json(),
      fc.constantFrom('[', '{"a":', '\ufeff1', '\r', '', '[[[[', 'NaN', '1 2'),
    );
    const content = fc.oneof(
      fc.uint8Array(),
      fc.array(line).map((lines) => utf8(`${lines.join('\n')}\n`)),
    );
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.nat(), { maxLength: 4 }), async (bytes, places) => {
        try {
          await readAll(cut(bytes, places), 64);
        } catch (error) {
          expect(PhalanxError.is(error, 'EVIDENCE_RECORD')).toBe(true);
        }
      }),
    );
  });
});
