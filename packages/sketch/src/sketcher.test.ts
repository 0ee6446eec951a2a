import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Intent, type IntentName, unpackShape } from '@phalanx/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openKernel } from './kernel.js';
import { KERNEL_BASE64, KERNEL_SHA256 } from './kernel.wasm.js';
import { createSketcher } from './sketcher.js';

const KEY = new Uint8Array(32).fill(9);
const sketcher = createSketcher(KEY);
const other = createSketcher(new Uint8Array(32).fill(10));

describe('kernel', () => {
  it('is what its source compiles to', async () => {
    const script: string = '../../../scripts/compile-kernel.mjs';
    const { compileKernel } = (await import(script)) as {
      compileKernel(source: string): Promise<Uint8Array>;
    };
    const built = Buffer.from(await compileKernel('packages/sketch/src/kernel.as.ts'));
    expect(createHash('sha256').update(built).digest('hex')).toBe(KERNEL_SHA256);
    expect(built.toString('base64')).toBe(KERNEL_BASE64);
  });

  it('computes SipHash-2-4 as the reference vectors say, in one piece and in two', () => {
    const vectors = JSON.parse(
      readFileSync(new URL('fixtures/siphash-vectors.json', import.meta.url), 'utf8'),
    );
    const { exports, bytes, raw } = openKernel(KEY);
    const at = exports.KEYS.value;
    bytes.set(
      Uint8Array.from({ length: 16 }, (_, i) => i),
      at,
    );
    bytes.set(
      Uint8Array.from({ length: 64 }, (_, i) => i),
      raw,
    );
    for (let size = 0; size < 64; size++)
      for (const wide of [false, true])
        for (const whole of [0, size & ~7]) {
          exports.startSipHash(at, wide);
          exports.absorb(raw, whole);
          const out = Buffer.alloc(wide ? 16 : 8);
          out.writeBigInt64LE(exports.finishSipHash(raw + whole, size - whole, size, wide));
          if (wide) out.writeBigInt64LE(exports.finishWide(), 8);
          expect(out.toString('hex')).toBe(vectors[wide ? 'sip128' : 'sip64'][size]);
        }
  });
});

describe('sketcher', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint16Array({ maxLength: 300 }).map((units) => String.fromCharCode(...units)),
  );
  const word = fc.stringMatching(/^[a-z]{1,9}$/);
  const words = fc.array(word, { minLength: 1, maxLength: 60 });

  it('never throws, is deterministic, and keeps every field in its range', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const sketch = sketcher.sketchPrompt(text);
        sketcher.sketchPrompt('something else in between');
        expect(sketcher.sketchPrompt(text)).toEqual(sketch);
        expect([sketch.minhash.length, sketch.topics.length]).toEqual([64, 16]);
        expect(sketch.hash >= 0n && sketch.hash < 1n << 64n).toBe(true);
        const cell = unpackShape(sketch.shape);
        expect(cell.ending).toBeLessThanOrEqual(11);
        expect(cell.octave).toBe(text.length === 0 ? 0 : Math.floor(Math.log2(text.length)));
        expect(sketch.intents).toBeLessThan(4096);
        const topics = [...new Uint16Array(sketch.topics.buffer)].filter((topic) => topic !== 0);
        expect(topics).toEqual([...topics].sort((a, b) => a - b));
        expect(sketcher.sketchResponse(text).hash).toBe(sketch.hash);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes a megabyte, zalgo, NUL, lone surrogates and right-to-left text', () => {
    for (const text of [
      'x'.repeat(1 << 20),
      'é\u0301'.repeat(400_000),
      '\ud800'.repeat(100_000),
      '\0'.repeat(70_000),
      'שלום '.repeat(50_000),
    ])
      expect(sketcher.sketchPrompt(text).minhash.length).toBe(64);
    expect(sketcher.sketchPrompt('zal\u0300\u0301\u0489go').hash).toBe(sketcher.sketchPrompt('zalgo').hash);
    expect(unpackShape(sketcher.sketchPrompt('x'.repeat(1 << 22)).shape).octave).toBe(20);
  });

  it('sees only head and tail of a text beyond 64 KiB', () => {
    const [head, tail] = ['alpha '.repeat(9000), ' omega'.repeat(9000)];
    const first = sketcher.sketchPrompt(`${head}one middle${tail}`);
    expect(sketcher.sketchPrompt(`${head}two middle${tail}`)).toEqual(first);
    expect(sketcher.sketchPrompt(`x${head}two middle${tail}`).hash).not.toBe(first.hash);
  });

  it('is blind to case, spacing, punctuation, zero-width and combining characters, except in the shape', () => {
    const noise = fc.array(
      fc.record({
        glue: fc.constantFrom(' ', '\n', ', ', ' -- ', '\u00a0'),
        upper: fc.boolean(),
        mark: fc.constantFrom('', '\u200b', '\u0301', '\ufe0f'),
      }),
      { minLength: 60, maxLength: 60 },
    );
    fc.assert(
      fc.property(words, noise, (list, noises) => {
        const noisy = list
          .map((w, i) => `${noises[i]!.upper ? w.toUpperCase() : w}${noises[i]!.mark}${noises[i]!.glue}`)
          .join('');
        const [a, b] = [sketcher.sketchPrompt(list.join(' ')), sketcher.sketchPrompt(noisy)];
        expect([b.hash, b.minhash, b.topics]).toEqual([a.hash, a.minhash, a.topics]);
      }),
    );
  });

  it('gives another hash to another word sequence', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const same = a.join(' ') === b.join(' ');
        expect(sketcher.sketchPrompt(a.join(' ')).hash === sketcher.sketchPrompt(b.join(' ')).hash).toBe(
          same,
        );
      }),
    );
  });

  it('shares nothing across keys: lanes agree 1 in 256, topics hardly ever', () => {
    let equal = 0;
    let topics = 0;
    for (let i = 0; i < 400; i++) {
      const text = `subject${i} matter${i * 7} concern${i * 3} object${i} verb${i} adverb${i} place${i}`;
      const [a, b] = [sketcher.sketchPrompt(text), other.sketchPrompt(text)];
      expect(a.hash).not.toBe(b.hash);
      expect([a.shape, a.intents]).toEqual([b.shape, b.intents]);
      equal += a.minhash.filter((lane, j) => lane === b.minhash[j]).length;
      const known = new Set(new Uint16Array(a.topics.buffer));
      topics += [...new Uint16Array(b.topics.buffer)].filter(
        (topic) => topic !== 0 && known.has(topic),
      ).length;
    }
    // 25,600 lanes: 100 expected, sd 10. Lanes of one text share shingles, so the sd is a little larger.
    expect(equal).toBeGreaterThan(50);
    expect(equal).toBeLessThan(150);
    expect(topics).toBeLessThan(8);
  });

  it('refuses a short key and a bad hash domain', () => {
    expect(() => createSketcher(new Uint8Array(16))).toThrowError(/32 bytes/);
    for (const domain of ['', 'a\0b', 'x'.repeat(65)])
      expect(() => sketcher.hash64(domain, 'x')).toThrowError(
        expect.objectContaining({ code: 'SKETCH_DOMAIN' }),
      );
  });

  it('separates domains and keys, and hashes every byte of a long identifier', () => {
    const long = 'é'.repeat(100_000);
    const hashes = [
      sketcher.hash64('a', 'x'),
      sketcher.hash64('b', 'x'),
      other.hash64('a', 'x'),
      sketcher.hash64('a', 'X'),
      sketcher.hash64('a', long),
      sketcher.hash64('a', `${long.slice(0, 50_000)}e${long.slice(50_001)}`),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(sketcher.hash64('a', '')).toBe(0n);
    expect(sketcher.hash128('a', '')).not.toEqual(sketcher.hash128('b', ''));
  });

  const intentsOf = (text: string) => {
    const { intents } = sketcher.sketchPrompt(text);
    return (Object.keys(Intent) as IntentName[]).filter((name) => intents & Intent[name]).sort();
  };

  it.each<[string, IntentName[]]>([
    ['What is the capital of France?', []],
    ['my card has not arrived', []],
    ['Give three tips for staying healthy.', ['DIRECTIVE']],
    ['Please write a poem', ['DIRECTIVE']],
    ['please, what is love', []],
    ['Let us think STEP-BY-STEP.', ['DIRECTIVE', 'REASONING']],
    ['Imagine and articulate the internal reasoning behind a completed response', ['DIRECTIVE', 'REASONING']],
    ['请一步一步思考', ['DIRECTIVE', 'REASONING']],
    ['Объясни шаг за шагом', ['DIRECTIVE', 'REASONING']],
    ['the score rubric is given', ['RUBRIC']],
    ['Which response is better, Response A or Response B?', ['PAIRWISE']],
    ['Come up with new tasks', ['DIRECTIVE', 'SYNTHESIS']],
    ['Paraphrase the following conversation', ['DIRECTIVE', 'REWRITE']],
    ['You have access to the following tools', ['TOOLS']],
    ['Weng earns $12 an hour. Yesterday she worked 50 minutes. How much did she earn?', ['PROBLEM']],
    ['How many people live there?', []],
    ['Q\n(A) 300\n(B) 992', ['OPTIONS']],
    ['Q\nA. only one option', []],
    ['x\n#include <stdio.h>', ['CODE']],
    ['my order 884213 has not arrived', ['IDENTIFIER']],
    ['neither 1think nor 1/thought is a tag', []],
  ])('reads the intents of %j', (text, expected) => {
    expect(intentsOf(text)).toEqual([...expected].sort());
  });

  it.each([
    ['What is love?', 'question', true, 2],
    ['can you help', 'auxiliary', false, 10],
    ['Explain gravity.', 'imperative', true, 1],
    ["I'm lost!", 'i', true, 3],
    ['Gravity (explained)', 'capital', true, 7],
    ['hello: "you"', 'lower', false, 8],
    ['42 apples cost 7', 'other', false, 9],
    ['"Élan vital', 'capital', false, 10],
    ['什么是爱？', 'question', false, 2],
  ])('reads the shape of %j', (text, opening, startsUpper, ending) => {
    expect(unpackShape(sketcher.sketchPrompt(text).shape)).toMatchObject({ opening, startsUpper, ending });
  });
});
