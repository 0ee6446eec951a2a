import { createHash } from 'node:crypto';
import { Intent } from '@phalanx/domain';
import { describe, expect, it } from 'vitest';
import {
  buildBenchmarkIndex,
  decodeBenchmarkIndex,
  encodeBenchmarkIndex,
  mergeBenchmarkIndexes,
  openBenchmarkBuilder,
} from './benchmark-index.js';
import { createSketcher } from './sketcher.js';

const makeText = (seed: number, words: number) =>
  Array.from({ length: words }, (_, i) =>
    createHash('sha1').update(`${seed} ${i}`).digest('hex').slice(0, 6),
  ).join(' ');
const passages = Array.from({ length: 300 }, (_, i) => makeText(i + 1, 40));
const key = new Uint8Array(32).fill(1);

describe('benchmark index', () => {
  const index = buildBenchmarkIndex(passages);
  const sketcher = createSketcher(key, { benchmarks: index });
  const isKnown = (text: string) => (sketcher.sketchPrompt(text).intents & Intent.BENCHMARK) !== 0;

  it('keeps about one shingle in eight', () => {
    const shingles = 300 * 33;
    expect(Math.abs(index.hashes.length - shingles / 8)).toBeLessThan(5 * Math.sqrt((shingles * 7) / 64));
  });

  it('recognises passages inside other text at the rate that sampling allows, and nothing else', () => {
    const found = passages.filter((passage) =>
      isKnown(`Answer this:\n${passage.toUpperCase()}\nThanks`),
    ).length;
    // P(at least 2 of 33 shingles sampled) = 1 - (7/8)^33 - 33 (1/8) (7/8)^32 = 0.930.
    expect(found / 300).toBeGreaterThan(0.93 - 0.06);
    expect(found).toBeLessThan(300);
    expect(Array.from({ length: 300 }, (_, i) => makeText(i + 5000, 40)).filter(isKnown).length).toBe(0);
  });

  it('takes one hit for enough in a text under 24 words', () => {
    const sampled = passages.flatMap((passage) => {
      const words = passage.split(' ');
      return words.slice(0, 33).map((_, i) => words.slice(i, i + 8).join(' '));
    });
    const hit = sampled.find((shingle) => buildBenchmarkIndex([shingle]).hashes.length === 1)!;
    expect(isKnown(hit)).toBe(true);
    expect(isKnown(`${hit} ${makeText(9999, 20)}`)).toBe(false);
  });

  it('is the same from any copy of the text, and round-trips through bytes', () => {
    expect(buildBenchmarkIndex([...passages].reverse()).hashes).toEqual(index.hashes);
    const bytes = encodeBenchmarkIndex(index);
    const padded = new Uint8Array(bytes.length + 3);
    padded.set(bytes, 3);
    expect(decodeBenchmarkIndex(padded.subarray(3))).toEqual(index);
  });

  it('is the same built at once, passage by passage and from overlapping parts', () => {
    const builder = openBenchmarkBuilder();
    const sampled = passages.map((passage) => builder.add(passage));
    expect(builder.build()).toEqual(index);
    expect(sampled.reduce((sum, count) => sum + count, 0)).toBe(index.hashes.length);
    expect(builder.add('only seven words are in this one')).toBe(0);
    expect(builder.build()).toEqual(index);
    const parts = [passages.slice(200), passages.slice(0, 220), []].map(buildBenchmarkIndex);
    expect(mergeBenchmarkIndexes(parts)).toEqual(index);
  });

  it('refuses bytes and hashes that are not an index', () => {
    const bytes = encodeBenchmarkIndex(index);
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(8, 16), 16);
    const refused = expect.objectContaining({ code: 'SKETCH_BENCHMARK_INDEX' });
    for (const bad of [new Uint8Array(0), bytes.subarray(1), bytes.subarray(0, 13), swapped])
      expect(() => decodeBenchmarkIndex(bad)).toThrowError(refused);
    expect(() => createSketcher(key, { benchmarks: { hashes: BigUint64Array.of(0n) } })).toThrowError(
      refused,
    );
  });

  it('is silent without an index, and with an empty one', () => {
    expect(createSketcher(key).sketchPrompt(passages[0]!).intents & Intent.BENCHMARK).toBe(0);
    const empty = createSketcher(key, { benchmarks: buildBenchmarkIndex([]) });
    expect(empty.sketchPrompt(passages[0]!).intents & Intent.BENCHMARK).toBe(0);
  });
});
