import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCorpus } from './corpus.test.support.js';
import { decodeTriageModel, digestOfModelFile, encodeTriageModel } from './model-file.js';
import { scoreTriage } from './score.js';
import { trainTriage } from './train.js';

const MAGIC_BYTES = 23;
const refusal = expect.objectContaining({ code: 'TRIAGE_MODEL' });

let bytes: Uint8Array;
beforeAll(() => {
  const side = (machine: boolean) => drawCorpus('templates', machine, 60, 1).map((text) => ({ text }));
  bytes = encodeTriageModel(trainTriage(side(false), side(true), { minWords: 30 }));
});

/** The file with a digest that fits again. */
function seal(body: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([body, createHash('sha256').update(body).digest()]));
}

function withHeader(change: (header: Record<string, unknown>) => void): Uint8Array {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC_BYTES, true);
  const header = JSON.parse(Buffer.from(bytes.subarray(MAGIC_BYTES + 4, MAGIC_BYTES + 4 + size)).toString());
  change(header);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return seal(
    Buffer.concat([
      bytes.subarray(0, MAGIC_BYTES),
      length,
      json,
      bytes.subarray(MAGIC_BYTES + 4 + size, -32),
    ]),
  );
}

describe('a model file', () => {
  it('comes back as it went, and scores alike', () => {
    const model = decodeTriageModel(bytes);
    // Compared as buffers: element by element it would take seconds.
    expect(Buffer.compare(encodeTriageModel(model), bytes)).toBe(0);
    // As read from a disk: a Buffer somewhere in a larger piece of memory.
    const pooled = Buffer.concat([Buffer.alloc(7), bytes]).subarray(7);
    expect(Buffer.compare(encodeTriageModel(decodeTriageModel(pooled)), bytes)).toBe(0);
    expect(digestOfModelFile(bytes)).toMatch(/^[0-9a-f]{64}$/);
    const text = drawCorpus('templates', true, 1, 9)[0]!;
    expect(scoreTriage(decodeTriageModel(bytes.slice()), text)).toEqual(scoreTriage(model, text));
    expect(scoreTriage(model, text).outcome).toBe('ranked');
  });

  it('is refused when a bit is flipped or an end is missing', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => decodeTriageModel(damaged)).toThrow(refusal);
      }),
      { numRuns: 20 },
    );
    for (const length of [0, 10, 60, bytes.length - 1])
      expect(() => decodeTriageModel(bytes.slice(0, length))).toThrow(refusal);
  });

  it('is refused when its maker lies about sizes, orders or numbers', () => {
    expect(decodeTriageModel(withHeader(() => {}))).toBeDefined();
    const lies: ((header: Record<string, unknown>) => void)[] = [
      (header) => (header.kind = 'prose'),
      (header) => (header.minWords = 1),
      (header) => (header.minCalibration = 2),
      (header) => (header.gramBias = null),
      (header) => (header.lengthEdges = [100, 50]),
      (header) => (header.categories = Array(5000).fill('x')),
      (header) => (header.stack = { weights: [1], bias: 0 }),
      (header) => (header.style = { weights: 'aaaaaaaaaaaaaaaaa', bias: 0 }),
      (header) => (header.corpus = null),
      ...[0, 1, 2, 3, 4, 8, 9, 10].map((i) => (header: Record<string, unknown>) => {
        (header.lengths as number[])[i]!++;
      }),
      (header) => (header.lengths = [2 ** 40]),
      (header) => (header.lengths as number[]).push(0),
    ];
    for (const lie of lies) expect(() => decodeTriageModel(withHeader(lie)), String(lie)).toThrow(refusal);
  });

  it('either is refused or can be used when its arrays are noise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 33), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        (writes) => {
          const body = bytes.slice(0, -32);
          for (const [at, value] of writes) if (at > 3000) body[at] = value;
          let model: ReturnType<typeof decodeTriageModel>;
          try {
            model = decodeTriageModel(seal(body));
          } catch (error) {
            expect(error).toEqual(refusal);
            return;
          }
          const result = scoreTriage(model, drawCorpus('templates', true, 1, 9)[0]!);
          if (result.outcome === 'ranked') expect(result.logP).toBeLessThanOrEqual(0);
        },
      ),
      { numRuns: 30 },
    );
  });
});
