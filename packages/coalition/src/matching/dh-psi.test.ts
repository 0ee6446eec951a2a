import { createHash, randomBytes } from 'node:crypto';
import { utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { type DrawHalf, makeDrawHalf } from './audit-draw.js';
import { PsiParty } from './dh-psi.js';
import { framed } from './framed-bytes.js';
import { decodeMessage, encodeMessage } from './message.js';
import { checkPsiAudit } from './psi-audit.js';
import { MAX_PSI_TEXT, psiMaskedSchema, psiPromiseSchema, psiRemaskedSchema } from './psi-messages.js';
import { drawScalar, multiplyBase, multiplyPoint } from './ristretto.js';
import { matchingInput } from './value-class.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const element = (name: string | number) => matchingInput('device', 7, utf8(`device ${name}`));
const open = (names: readonly (string | number)[], run: Uint8Array, threads = 1) =>
  PsiParty.open(names.map(element), {
    run,
    epoch: 7,
    tagSecret: new Uint8Array(32).fill(names.length),
    threads,
  });

async function match(a: readonly (string | number)[], b: readonly (string | number)[], threads = 1) {
  const run = new Uint8Array(randomBytes(32));
  const [ours, theirs] = await Promise.all([open(a, run, threads), open(b, run, threads)]);
  const masked = [ours.reveal(theirs.promise), theirs.reveal(ours.promise)] as const;
  const remasked = [await ours.remask(masked[1]), await theirs.remask(masked[0])] as const;
  return { ours, theirs, masked, remasked, counts: [ours.count(remasked[1]), theirs.count(remasked[0])] };
}

describe('level 0', () => {
  it('both count what they have in common, whatever it is', async () => {
    const names = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(names, names, async (a, b) => {
        const common = a.filter((name) => b.includes(name)).length;
        expect((await match(a, b)).counts).toEqual([common, common]);
      }),
      { numRuns: 15 },
    );
  });

  it('shows sizes up to a power of two, and lists in the order of their bytes', async () => {
    const { masked, remasked, ours } = await match(
      [1, 2, 3],
      Array.from({ length: 17 }, (_, i) => i),
    );
    expect(masked.map(({ points }) => points.length)).toEqual([16, 32]);
    expect(remasked.map(({ points }) => points.length)).toEqual([32, 16]);
    for (const { points } of [...masked, ...remasked])
      expect(points).toEqual([...points].sort(Buffer.compare));
    expect(ours.declaration.tags).toHaveLength(16);
  });

  it('two runs over the same set have nothing in common', async () => {
    const [first, second] = [await match([1, 2, 3], [1]), await match([1, 2, 3], [1])];
    const seen = new Set([...first.masked, ...first.remasked].flatMap(({ points }) => points.map(String)));
    expect(second.masked.flatMap(({ points }) => points).some((point) => seen.has(String(point)))).toBe(
      false,
    );
    expect(second.remasked.flatMap(({ points }) => points).some((point) => seen.has(String(point)))).toBe(
      false,
    );
  });

  it('gives the same with threads', async () => {
    const a = Array.from({ length: 2_000 }, (_, i) => i * 2);
    const b = Array.from({ length: 20 }, (_, i) => i * 3);
    expect((await match(a, b, 2)).counts).toEqual([10, 10]);
  });

  it('passes through JSON', async () => {
    const run = new Uint8Array(randomBytes(32));
    const [a, b] = [await open([1, 2], run), await open([2, 3], run)];
    const pass = <S extends z.ZodType>(schema: S, message: z.output<S>) =>
      decodeMessage(schema, encodeMessage(schema, message), MAX_PSI_TEXT);
    const masked = pass(psiMaskedSchema, a.reveal(pass(psiPromiseSchema, b.promise)));
    await a.remask(b.reveal(a.promise));
    expect(a.count(pass(psiRemaskedSchema, await b.remask(masked)))).toBe(1);
  });

  it('refuses lists that were not promised, are out of order, doubled, of another size or run, or no points', async () => {
    const run = new Uint8Array(randomBytes(32));
    const attempts: [(points: readonly Uint8Array[]) => readonly Uint8Array[], string][] = [
      [
        (points) => points.map((point) => multiplyPoint(drawScalar(), point)).sort(Buffer.compare),
        'COALITION_PROOF',
      ],
      [(points) => [...points].reverse(), 'COALITION_MATCHING'],
      [(points) => [points[0]!, ...points.slice(0, -1)], 'COALITION_MATCHING'],
      [(points) => points.slice(1), 'COALITION_MATCHING'],
    ];
    for (const [change, code] of attempts) {
      const [a, b] = [await open([1, 2], run), await open([2, 3], run)];
      const masked = b.reveal(a.promise);
      a.reveal(b.promise);
      await expect(a.remask({ ...masked, points: [...change(masked.points)] })).rejects.toThrow(
        fails(code, /./),
      );
    }
    const [a, b] = [await open([1, 2], run), await open([2, 3], run)];
    expect(() => a.reveal({ ...b.promise, run: new Uint8Array(32) })).toThrow(
      fails('COALITION_MATCHING', /run/),
    );
    expect(() => a.reveal(a.promise)).toThrow(fails('COALITION_MATCHING', /run/));
    await expect(a.remask(b.reveal(a.promise))).rejects.toThrow(fails('COALITION_MATCHING', /order/));
    a.reveal(b.promise);
    await a.remask(b.reveal(a.promise));
    await expect(a.remask(b.reveal(a.promise))).rejects.toThrow(fails('COALITION_MATCHING', /once/));
  });

  it('refuses a promised list that holds no points, with threads and without', async () => {
    for (const [size, threads] of [
      [16, 1],
      [2_048, 2],
    ] as const) {
      const run = new Uint8Array(randomBytes(32));
      const a = await open([1], run, threads);
      const points = Array.from({ length: size }, (_, i) => {
        const bytes = new Uint8Array(32);
        new DataView(bytes.buffer).setUint32(0, i);
        return bytes;
      });
      const digest = createHash('sha256').update(framed(utf8('phalanx-psi-masked-v1'), run));
      for (const point of points) digest.update(point);
      const publicKey = multiplyBase(drawScalar());
      a.reveal({ ...a.promise, publicKey, size, masked: new Uint8Array(digest.digest()) });
      const list = { type: 'phalanx-psi-masked-v1' as const, run, points };
      await expect(a.remask(list)).rejects.toThrow(fails('COALITION_MATCHING', /no element of ristretto255/));
    }
  });

  it('refuses a set with an element twice', async () => {
    await expect(open([1, 2, 1], new Uint8Array(32))).rejects.toThrow(fails('COALITION_MATCHING', /twice/));
  });
});

describe('the audit of level 0', () => {
  // 300 elements and 212 paddings; six positions are drawn.
  const names = Array.from({ length: 300 }, (_, i) => i);

  async function audited(
    change: (audit: ReturnType<PsiParty['openAudit']>) => typeof audit = (audit) => audit,
  ) {
    const { ours, theirs, masked } = await match(names, [1, 2, 3]);
    const halves: [DrawHalf, DrawHalf] = [
      { nonce: ours.nonce, promise: ours.promise.draw },
      { nonce: theirs.nonce, promise: theirs.promise.draw },
    ];
    const record = { promise: ours.promise, masked: masked[0], declaration: ours.declaration };
    const audit = ours.openAudit(theirs.nonce);
    expect(audit.openings).toHaveLength(6);
    return { record, halves, audit: change(audit) };
  }

  it('opens what was drawn, to somebody who then knows a hundredth of the set', async () => {
    const { record, halves, audit } = await audited();
    checkPsiAudit(record, audit, halves);
  });

  it('fails on a set that was not declared, a nonce that was not promised, an element that stands elsewhere', async () => {
    const { record, halves, audit } = await audited();
    const other = (await match(names.slice(1), [1, 2, 3])).ours;
    expect(() => checkPsiAudit({ ...record, declaration: other.declaration }, audit, halves)).toThrow(
      fails('COALITION_PROOF', /not declared/),
    );
    expect(() =>
      checkPsiAudit(record, audit, [halves[0], { ...halves[1], nonce: new Uint8Array(32) }]),
    ).toThrow(fails('COALITION_PROOF', /nonce 1/));
    expect(() => checkPsiAudit(record, audit, [halves[0], makeDrawHalf()])).toThrow(
      fails('COALITION_PROOF', /./),
    );
    const rotated = { ...audit, openings: [...audit.openings.slice(1), audit.openings[0]!] };
    expect(() => checkPsiAudit(record, rotated, halves)).toThrow(fails('COALITION_PROOF', /./));
    const short = { ...audit, openings: audit.openings.slice(1) };
    expect(() => checkPsiAudit(record, short, halves)).toThrow(fails('COALITION_PROOF', /5 openings/));
    expect(() => checkPsiAudit(record, { ...audit, proof: new Uint8Array(64) }, halves)).toThrow(
      fails('COALITION_PROOF', /stand/),
    );
  });

  it('catches a party that traces elements by known multiples, in about the share that it draws', async () => {
    // A party that plants f false positions stays unseen with (1 - 6/512)^f; with a list made up altogether, never.
    const { record, halves, audit } = await audited();
    const points = record.masked.points
      .map((point) => multiplyPoint(drawScalar(), point))
      .sort(Buffer.compare);
    expect(() => checkPsiAudit({ ...record, masked: { ...record.masked, points } }, audit, halves)).toThrow(
      fails('COALITION_PROOF', /not promised/),
    );
  });
});
