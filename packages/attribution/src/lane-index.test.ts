import { createHash } from 'node:crypto';
import { boundProportionAbove, countEqualLanes, Random } from '@phalanx/stats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LANES } from './band-design.js';
import { KERNEL_BASE64, KERNEL_SHA256 } from './kernels/lanes.wasm.js';
import { EXACT, LaneIndex, MATCHES_PER_ENTRY } from './lane-index.js';
import { SketchList } from './sketch-list.js';

const none = () => new SketchList();

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.integer(256));
}

/** `rows` sketches with hashes from `base` on; each a copy of an entry with some lanes changed, or random. */
function makeStored(random: Random, entries: Uint8Array, rows: number) {
  const lanes = new Uint8Array(rows * LANES);
  for (let row = 0; row < rows; row++) {
    const from = random.integer(entries.length / LANES);
    const kept = random.integer(LANES + 1);
    const sketch = randomBytes(random, LANES);
    for (let i = 0; i < kept; i++) {
      const lane = random.integer(LANES);
      sketch[lane] = entries[from * LANES + lane]!;
    }
    lanes.set(sketch, row * LANES);
  }
  return { hashes: BigUint64Array.from({ length: rows }, (_, row) => BigInt(1_000_000 + row)), lanes };
}

describe('kernel', () => {
  it('is what its source compiles to', async () => {
    const script: string = '../../../scripts/compile-kernel.mjs';
    const { compileKernel } = (await import(script)) as {
      compileKernel(source: string): Promise<Uint8Array>;
    };
    const built = Buffer.from(await compileKernel('packages/attribution/src/kernels/lanes.as.ts'));
    expect(createHash('sha256').update(built).digest('hex')).toBe(KERNEL_SHA256);
    expect(built.toString('base64')).toBe(KERNEL_BASE64);
  });
});

describe('LaneIndex', () => {
  it('finds what a comparison of all pairs finds, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 13, max: 32 }), (seed, threshold) => {
        const random = new Random(seed);
        const list = none();
        const count = 1 + random.integer(150);
        for (let i = 0; i < count; i++) list.add(BigInt(i + 1), randomBytes(random, LANES));
        const entries = list.lanes.slice();
        const { hashes, lanes } = makeStored(random, entries, 120);
        const expected = new Set<string>();
        for (let row = 0; row < 120; row++)
          for (let entry = 0; entry < count; entry++) {
            const a = lanes.subarray(row * LANES, (row + 1) * LANES);
            const equal = countEqualLanes(a, entries.subarray(entry * LANES, (entry + 1) * LANES));
            if (equal >= threshold) expected.add(`${row} ${entry} ${equal}`);
          }
        // From 13 lanes on, six groups miss nothing.
        const index = new LaneIndex([list, none()], threshold);
        const found = new Set<string>();
        index.match(hashes, lanes, (row, entry, equal) => found.add(`${row} ${entry} ${equal}`));
        expect(found).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });

  it('says once that a hash was found, whatever the lanes', () => {
    const list = none();
    for (let i = 1; i <= 100; i++) list.add(BigInt(i), new Uint8Array(LANES).fill(i));
    const index = new LaneIndex([list, none()], 32);
    const found: string[] = [];
    const hashes = BigUint64Array.of(7n, 7n, 0n, 500n, 100n);
    index.match(hashes, new Uint8Array(5 * LANES).fill(200), (row, entry, equal) =>
      found.push(`${row} ${entry} ${equal}`),
    );
    expect(found).toEqual([`0 6 ${EXACT}`, `4 99 ${EXACT}`]);
  });

  it('reports an entry so many times and says that there was more', () => {
    const list = none();
    const random = new Random(4);
    const sketch = randomBytes(random, LANES);
    list.add(1n, sketch);
    list.add(2n, randomBytes(random, LANES));
    const index = new LaneIndex([list, none()], 20);
    const rows = 1000;
    const lanes = new Uint8Array(rows * LANES);
    for (let row = 0; row < rows; row++) lanes.set(sketch, row * LANES);
    let found = 0;
    index.match(new BigUint64Array(rows).fill(9n), lanes, () => found++);
    expect(found).toBe(MATCHES_PER_ENTRY);
    expect([index.isSaturated(0), index.isSaturated(1)]).toEqual([true, false]);
  });

  it('leaves texts of one template to their hashes when they crowd a band', () => {
    const list = none();
    const random = new Random(5);
    const template = randomBytes(random, LANES);
    for (let i = 1; i <= 400; i++) {
      const sketch = template.slice();
      sketch[random.integer(LANES)] = random.integer(256);
      list.add(BigInt(i), sketch);
    }
    list.add(1000n, randomBytes(random, LANES));
    const alone = list.lanes.slice(400 * LANES);
    const index = new LaneIndex([list, none()], 20);
    expect(index.crowded).toBe(400);
    const found: string[] = [];
    const lanes = new Uint8Array(2 * LANES);
    lanes.set(template);
    lanes.set(alone, LANES);
    index.match(BigUint64Array.of(17n, 9n), lanes, (row, entry, equal) =>
      found.push(`${row} ${entry} ${equal}`),
    );
    expect(found).toContain(`0 16 ${EXACT}`);
    expect(found).toContain('1 400 32');
  });

  it('goes on over chunks and steps', () => {
    const list = none();
    const random = new Random(6);
    for (let i = 1; i <= 50; i++) list.add(BigInt(i), randomBytes(random, LANES));
    const entries = list.lanes.slice();
    const index = new LaneIndex([list, none()], 16);
    const rows = 530_000;
    const lanes = new Uint8Array(rows * LANES);
    const planted = [0, 2047, 2048, 4095, 524_287, 524_288, rows - 1];
    for (const [i, row] of planted.entries())
      lanes.set(entries.subarray(i * LANES, (i + 1) * LANES), row * LANES);
    const found: number[] = [];
    index.match(new BigUint64Array(rows).fill(77n), lanes, (row) => found.push(row));
    expect(found.sort((a, b) => a - b)).toEqual(planted);
  });

  it('counts comparisons with decoys as independent lanes have them', () => {
    const decoys = none();
    const random = new Random(8);
    for (let i = 1; i <= 2000; i++) decoys.add(BigInt(i), randomBytes(random, LANES));
    const index = new LaneIndex([none(), decoys], 12);
    const rows = 30_000;
    index.match(new BigUint64Array(rows).fill(1n << 40n), randomBytes(random, rows * LANES), () => undefined);
    const counts = index.decoyComparisons();
    const total = counts.reduce((sum, n) => sum + n, 0);
    // 80 bands of 24 bits.
    const expected = (2000 * rows * 80) / 2 ** 24;
    expect(Math.abs(total - expected)).toBeLessThan(6 * Math.sqrt(expected));
    expect(counts.slice(0, 3)).toEqual(new Float64Array(3));
    // Of the other 29 lanes one agrees with probability 29/256 or so.
    expect(boundProportionAbove(counts[4]!, total, 1e-6)).toBeGreaterThan(0.101);
  });

  it('takes an empty data set', () => {
    const index = new LaneIndex([none(), none()], 12);
    index.match(BigUint64Array.of(1n), new Uint8Array(LANES), () => expect.unreachable());
  });
});
