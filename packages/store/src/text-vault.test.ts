import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTelemetryStore } from './telemetry/open.js';
import type { TelemetryStore } from './telemetry/telemetry-store.js';
import { openTextVault, type TextRow, type TextVault } from './text-vault.js';

let directory: string;
let store: TelemetryStore;
let vault: TextVault;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'phalanx-vault-'));
  store = await openTelemetryStore({ path: directory });
  vault = await openTextVault(store, directory);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const DAY = Date.UTC(2026, 0, 5);
let made = 0;

function text(account: bigint, day: number, prompt: string, response: string | null = null): TextRow {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, ++made);
  return { id, account, atMs: DAY + day * 86_400_000, prompt, response };
}

async function reveal(row: TextRow) {
  return vault.revealText(row.id, 'case 7');
}

/** Every byte of the data directory. */
async function wholeDirectory(): Promise<Buffer> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name))),
    ),
  );
}

describe('the text vault', () => {
  it('gives back what it was given, whatever the text', async () => {
    const row = fc.record({
      account: fc.bigInt({ min: 0n, max: 2n }),
      day: fc.integer({ min: 0, max: 2 }),
      prompt: fc.string({ unit: 'grapheme', maxLength: 3000 }),
      response: fc.option(fc.string({ unit: 'grapheme' })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (specs) => {
        const rows = specs.map((spec) => text(spec.account, spec.day, spec.prompt, spec.response));
        await vault.appendTexts(rows);
        for (const kept of rows)
          expect(await reveal(kept)).toEqual({ prompt: kept.prompt, response: kept.response });
      }),
      { numRuns: 8 },
    );
  });

  it('keeps long texts, and the last word on an id, across a restart', async () => {
    const long = text(1n, 0, 'p'.repeat(3_000_000), 'r'.repeat(2_000_000));
    const rows = [text(1n, 0, 'first'), long, text(1n, 0, 'third')];
    await vault.appendTexts(rows);
    await vault.appendTexts([{ ...rows[0]!, prompt: 'second thought' }]);
    await store.close();
    store = await openTelemetryStore({ path: directory });
    vault = await openTextVault(store, directory);
    expect((await reveal(rows[0]!))?.prompt).toBe('second thought');
    expect(await reveal(long)).toEqual({ prompt: long.prompt, response: long.response });
    expect((await reveal(rows[2]!))?.prompt).toBe('third');
  });

  it('leaves no plain text on disk', async () => {
    const secret = 'the quick brown fox jumps over secret number 8271';
    await vault.appendTexts([text(1n, 0, secret, secret)]);
    expect((await wholeDirectory()).includes(secret)).toBe(false);
    const wide = Buffer.from(secret, 'utf16le');
    expect((await wholeDirectory()).includes(wide)).toBe(false);
  });

  it('erases one account and no other, for good', async () => {
    const [mine, later, other] = [text(1n, 0, 'a'), text(1n, 1, 'b'), text(2n, 0, 'c')];
    await vault.appendTexts([mine, later, other]);
    const before = await readFile(join(directory, 'keys', '2026-01-05.keys'));
    expect(await vault.eraseAccount(1n)).toBe(2);
    const after = await readFile(join(directory, 'keys', '2026-01-05.keys'));
    expect(after).toHaveLength(before.length);
    expect(
      [...Array(2).keys()].map((slot) => after.subarray(slot * 68, slot * 68 + 68).every((b) => b === 0)),
    ).toEqual([true, false]);
    expect(await reveal(mine)).toBeNull();
    expect(await reveal(later)).toBeNull();
    expect((await reveal(other))?.prompt).toBe('c');

    const again = text(1n, 0, 'new life');
    await vault.appendTexts([again]);
    expect((await reveal(again))?.prompt).toBe('new life');
    expect(await reveal(mine)).toBeNull();
  });

  it('expires whole days: keys, rows and ciphertext', async () => {
    const [old, kept] = [text(1n, 0, 'old'), text(1n, 3, 'kept')];
    await vault.appendTexts([old, kept]);
    await vault.expireBefore(DAY + 3 * 86_400_000 + 5);
    expect(await reveal(old)).toBeNull();
    expect((await reveal(kept))?.prompt).toBe('kept');
    expect(await readdir(join(directory, 'keys'))).toEqual(['2026-01-08.keys']);
    const left = await store.tables.read(
      () =>
        'SELECT sum(n) AS n FROM (SELECT count() AS n FROM text_batches UNION ALL SELECT count() AS n FROM texts)',
    );
    expect(left.columns.map((column) => Number(column.values[0]))).toEqual([2]);
  });

  it('keeps the text of held accounts beyond its time', async () => {
    const [held, other] = [text(1n, 0, 'held'), text(2n, 0, 'other')];
    await vault.appendTexts([held, other]);
    await vault.expireBefore(DAY + 3 * 86_400_000, new Set([1n]));
    expect((await reveal(held))?.prompt).toBe('held');
    expect(await reveal(other)).toBeNull();
    await vault.expireBefore(DAY + 3 * 86_400_000);
    expect(await reveal(held)).toBeNull();
    expect(await readdir(join(directory, 'keys'))).toEqual([]);
  });

  it('gives every text of some days to a program, and none that was erased', async () => {
    // More batches than are read at once: one an account and day.
    const rows = Array.from({ length: 50 }, (_, i) =>
      text(BigInt(i % 25), Math.floor(i / 25), `prompt ${i}`, `${i}`),
    );
    await vault.appendTexts([...rows, text(1n, 2, 'too late')]);
    await vault.eraseAccount(7n);
    const read = async () => {
      const found: string[] = [];
      for await (const { account, texts } of vault.scanTexts(DAY, DAY + 86_400_000, 'replay'))
        for (const { prompt, response } of texts) found.push(`${account} ${prompt} ${response}`);
      return found.sort();
    };
    const expected = rows.filter(({ account }) => account !== 7n);
    expect(await read()).toEqual(
      expected.map((row) => `${row.account} ${row.prompt} ${row.response}`).sort(),
    );
    const audit = await readFile(join(directory, 'audit.jsonl'), 'utf8');
    expect(audit).toContain('"act":"scan","from":20260105,"to":20260106,"reason":"replay"');
    await expect(vault.scanTexts(DAY, DAY, ' ').next()).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
  });

  it('writes who asked for what and why, before it answers', async () => {
    const started = Date.now();
    const row = text(1n, 0, 'what the prompt said', 'what the answer said');
    await vault.appendTexts([row]);
    await expect(vault.revealText(row.id, ' ')).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
    await vault.revealText(row.id, 'line one\nline two');
    await vault.revealText(new Uint8Array(16).fill(255), 'curious');
    await vault.eraseAccount(1n);
    const lines = (await readFile(join(directory, 'audit.jsonl'), 'utf8')).trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line));
    const by = userInfo().username;
    const at = expect.any(String);
    expect(entries).toEqual([
      { at, by, act: 'reveal', id: Buffer.from(row.id).toString('hex'), reason: 'line one\nline two' },
      { at, by, act: 'reveal', id: 'ff'.repeat(16), reason: 'curious' },
      { at, by, act: 'erase', account: '1', days: 1 },
    ]);
    for (const entry of entries) {
      expect(Date.parse(entry.at)).toBeGreaterThanOrEqual(started);
      expect(Date.parse(entry.at)).toBeLessThanOrEqual(Date.now());
    }
    expect(lines.join()).not.toMatch(/what the (?:prompt|answer) said/);
  });

  it('overwrites a torn key record, and refuses a foreign master key', async () => {
    const row = text(1n, 0, 'a');
    await vault.appendTexts([row]);
    const path = join(directory, 'keys', '2026-01-05.keys');
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(30, 7)]));
    vault = await openTextVault(store, directory);
    const other = text(2n, 0, 'b');
    await vault.appendTexts([other]);
    vault = await openTextVault(store, directory);
    expect((await reveal(row))?.prompt).toBe('a');
    expect((await reveal(other))?.prompt).toBe('b');

    await writeFile(join(directory, 'vault.key'), Buffer.alloc(32, 1));
    vault = await openTextVault(store, directory);
    await expect(reveal(row)).rejects.toMatchObject({ code: 'STORE_KEY_CORRUPT' });
  });
});
