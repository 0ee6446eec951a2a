// An independent implementation of docs/spec/template-fingerprint.md in plain JavaScript, against the published
// vectors and against the kernel on random text. It takes its lists from the vectors file, not from the sources.
import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHARACTER_RANGES } from './character-classes.js';
import { LEXICON, LEXICON_VERSION, PROBLEM_CUES } from './lexicon.js';
import { OPENING_WORDS } from './opening-words.js';
import { createSketcher } from './sketcher.js';
import { STOP_WORDS } from './stop-words.js';

interface Vector {
  readonly key: string;
  readonly text?: string;
  readonly repeat?: { readonly unit: string; readonly times: number };
}
interface Identifier {
  readonly key: string;
  readonly domain: string;
  readonly text: string;
  readonly hash64: string;
  readonly hash128: string;
}
const spec = JSON.parse(
  readFileSync(new URL('../../../docs/spec/vectors/template-fingerprint.json', import.meta.url), 'utf8'),
);
const MASK = (1n << 64n) - 1n;
const U32 = (1n << 32n) - 1n;
const utf8 = (text: string) => Buffer.from(text, 'utf8');

function sipHash(key: Buffer, message: Buffer, wide: boolean): bigint[] {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)];
  const v = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & MASK;
  const step = (i: number, j: number, n: bigint) => {
    v[i] = (v[i]! + v[j]!) & MASK;
    v[j] = rotate(v[j]!, n) ^ v[i]!;
  };
  const round = (times: number) => {
    for (; times > 0; times--) {
      step(0, 1, 13n);
      v[0] = rotate(v[0]!, 32n);
      step(2, 3, 16n);
      step(0, 3, 21n);
      step(2, 1, 17n);
      v[2] = rotate(v[2]!, 32n);
    }
  };
  if (wide) v[1]! ^= 0xeen;
  const padded = Buffer.alloc((Math.floor(message.length / 8) + 1) * 8);
  message.copy(padded);
  padded[padded.length - 1] = message.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const block = padded.readBigUInt64LE(at);
    v[3]! ^= block;
    round(2);
    v[0]! ^= block;
  }
  v[2]! ^= wide ? 0xeen : 0xffn;
  round(4);
  const out = [v[0]! ^ v[1]! ^ v[2]! ^ v[3]!];
  if (wide) {
    v[1]! ^= 0xddn;
    round(4);
    out.push(v[0]! ^ v[1]! ^ v[2]! ^ v[3]!);
  }
  return out;
}

function expandKey(key: Uint8Array) {
  const info = 'phalanx/template-fingerprint/1';
  const m = Buffer.from(hkdfSync('sha256', key, new Uint8Array(0), info, 1280));
  const u64 = (at: number) => m.readBigUInt64LE(at);
  const lanes = (at: number) => Array.from({ length: 96 }, (_, i) => BigInt(m.readUInt32LE(at + 4 * i)));
  return {
    text: m.subarray(0, 16),
    identifier: m.subarray(16, 32),
    topic: m.subarray(32, 48),
    word: { seed: u64(48), m: u64(56) | 1n, n: u64(64) | 1n, phrase: u64(72) | 1n },
    shingle: [u64(80) | 1n, u64(88) | 1n, u64(96) | 1n] as const,
    order: { seed: u64(104), m: u64(112) | 1n },
    a: lanes(128).map((x) => x | 1n),
    b: lanes(512),
    c: lanes(896),
  };
}
type Keys = ReturnType<typeof expandKey>;

const classes = new Map<number, string>();
for (const [name, ranges] of spec.characterRanges as [string, string][])
  for (const range of ranges.split(' ')) {
    const [from, to = from] = range.split('-').map((part) => Number.parseInt(part, 16)) as [number, number?];
    for (let cp = from; cp <= to; cp++) classes.set(cp, name);
  }

function classify(cp: number): string {
  if (cp < 0x10000) return classes.get(cp) ?? 'LETTER';
  if (cp >= 0x20000 && cp < 0x40000) return 'HAN';
  if (cp >= 0xe0000 && cp < 0xe1000) return 'DROPPED';
  return cp >= 0x1f000 || (cp >= 0x1d000 && cp < 0x1d250) ? 'SEPARATOR' : 'LETTER';
}

const hasCase = (cp: number) =>
  (cp >= 0x41 && cp <= 0x5a) || (cp >= 0xc0 && cp <= 0x58f) || (cp >= 0x1e00 && cp <= 0x1fff);
const narrow = (cp: number) => (cp >= 0xff01 && cp <= 0xff5e ? cp - 0xfee0 : cp);
const isCapital = (cp: number) => {
  const character = String.fromCodePoint(cp);
  return hasCase(cp) && classify(cp) === 'LETTER' && character.toLowerCase() !== character;
};

function fold(cp: number): string {
  const character = String.fromCodePoint(cp);
  if (!hasCase(cp)) return character;
  if (character === 'ς') return 'σ';
  return String.fromCodePoint(character.toLowerCase().normalize('NFD').codePointAt(0)!);
}

/** Section 2: the code points that are sketched. */
function clip(text: string): number[] {
  const bytes = utf8(text);
  if (bytes.length <= 65536) return [...bytes.toString('utf8')].map((c) => c.codePointAt(0)!);
  let headEnd = 49152;
  while ((bytes[headEnd]! & 0xc0) === 0x80) headEnd--;
  let tailStart = bytes.length - 16383;
  while ((bytes[tailStart]! & 0xc0) === 0x80) tailStart++;
  const kept = `${bytes.toString('utf8', 0, headEnd)} ${bytes.toString('utf8', tailStart)}`;
  return [...kept].map((c) => c.codePointAt(0)!);
}

function split(points: number[]): string[] {
  let spaced = '';
  for (const point of points) {
    const cp = narrow(point);
    const kind = classify(cp);
    if (kind === 'LETTER' || kind === 'DIGIT') spaced += fold(cp);
    else if (kind === 'HAN' || kind === 'KANA') spaced += ` ${String.fromCodePoint(cp)} `;
    else if (kind !== 'DROPPED') spaced += ' ';
  }
  return spaced.split(' ').filter((word) => word !== '');
}

function hashWord(word: string, { seed, m, n }: Keys['word']): bigint {
  const bytes = utf8(word);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
  bytes.copy(padded);
  let h = seed ^ BigInt(bytes.length);
  for (let at = 0; at < padded.length; at += 8) {
    h = ((h ^ padded.readBigUInt64LE(at)) * m) & MASK;
    h ^= h >> 32n;
  }
  h = (h * n) & MASK;
  return h ^ (h >> 29n);
}

function fillLanes(words: bigint[], from: number, keys: Keys): string {
  if (words.length === 0) return '00'.repeat(32);
  const [p, q, r] = keys.shingle;
  const shingles = Array.from({ length: Math.max(1, words.length - 2) }, (_, i) => {
    const [a, b, c] = [words[i]!, words[i + 1] ?? 0n, words[i + 2] ?? 0n];
    return (((((((a * p) & MASK) ^ b) * q) ^ c) * r) & MASK) >> 32n;
  });
  const lanes = Array.from({ length: 32 }, (_, i) => {
    const lane = from + i;
    let least = U32;
    for (const h of shingles) {
      const image = (keys.a[lane]! * h + keys.b[lane]!) & U32;
      if (image < least) least = image;
    }
    let x = least ^ keys.c[lane]!;
    x = ((x ^ (x >> 16n)) * 0x85ebca6bn) & U32;
    x = ((x ^ (x >> 13n)) * 0xc2b2ae35n) & U32;
    return Number((x ^ (x >> 16n)) & 255n);
  });
  return Buffer.from(lanes).toString('hex');
}

const isHan = (word: string | undefined) => word !== undefined && classify(word.codePointAt(0)!) === 'HAN';
const combine = (key: bigint, word: bigint, m: bigint) => {
  const h = (((((key << 23n) | (key >> 41n)) & MASK) ^ word) * m) & MASK;
  return h ^ (h >> 32n);
};

function sampleTopics(words: string[], hashes: bigint[], keys: Keys): string {
  const orders = new Set<bigint>();
  words.forEach((word, i) => {
    const offer = (h: bigint) => orders.add(((h ^ keys.order.seed) * keys.order.m) & MASK);
    if (isHan(word)) {
      if (isHan(words[i + 1])) offer(combine(hashes[i]!, hashes[i + 1]!, keys.word.phrase));
    } else if (/^[0-9]/.test(word) || ([...word].length >= 4 && !spec.stopWords.includes(word)))
      offer(hashes[i]!);
  });
  const least = [...orders].sort((x, y) => (x < y ? -1 : 1)).slice(0, 8);
  const values = least.map((order) => {
    const message = Buffer.alloc(8);
    message.writeBigUInt64LE(order);
    return Number(sipHash(keys.topic, message, false)[0]! & 0xffffn) || 1;
  });
  const out = Buffer.alloc(16);
  values.sort((x, y) => x - y).forEach((value, i) => void out.writeUInt16LE(value, 2 * i));
  return out.toString('hex');
}

const foldPhrase = (phrase: string) => split([...phrase].map((c) => c.codePointAt(0)!)).join(' ');
const OPENINGS = ['question', 'auxiliary', 'imperative', 'i'];
const openings = [...OPENINGS, 'please'].map(
  (name) => new Set((spec.openings[name] as string[]).map(foldPhrase)),
);
const phrases = Object.entries(spec.phrases as Record<string, string[]>).map(
  ([intent, list]) => [intent, list.map(foldPhrase)] as const,
);
const cues = (spec.problemCues as string[]).map(foldPhrase);
const BITS: Record<string, number> = {
  REASONING: 1,
  RUBRIC: 2,
  PAIRWISE: 4,
  SYNTHESIS: 8,
  REWRITE: 16,
  TOOLS: 32,
  DIRECTIVE: 64,
  PROBLEM: 128,
  CODE: 256,
  BENCHMARK: 512,
  OPTIONS: 1024,
  IDENTIFIER: 2048,
  REQUEST: 4096,
};
const ENDINGS: [string, number][] = [
  ['.。।۔', 1],
  ['?؟', 2],
  ['!', 3],
  [':', 4],
  [';', 5],
  [',،、', 6],
  [')', 7],
  ['"\'’”»」』', 8],
];

function readShape(text: string, points: number[], words: string[], lines: number): number {
  const visible = points.map(narrow).filter((cp) => !['SPACE', 'DROPPED'].includes(classify(cp)));
  const first = visible.find((cp) => ['LETTER', 'DIGIT', 'HAN', 'KANA'].includes(classify(cp)));
  let opening = words.length === 0 ? -1 : openings.slice(0, 4).findIndex((set) => set.has(words[0]!));
  if (opening < 0)
    opening = first === undefined || classify(first) !== 'LETTER' ? 6 : isCapital(first) ? 4 : 5;
  const starts = visible.length > 0 && isCapital(visible[0]!) ? 8 : 0;
  const last = visible.at(-1);
  let ending = 0;
  if (last !== undefined) {
    const kind = classify(last);
    ending =
      ENDINGS.find(([set]) => set.includes(String.fromCodePoint(last)))?.[1] ??
      (kind === 'DIGIT' ? 9 : ['LETTER', 'HAN', 'KANA'].includes(kind) ? 10 : 11);
  }
  const octave = text.length === 0 ? 0 : Math.min(20, Math.floor(Math.log2(text.length)));
  return opening | starts | (ending << 4) | (octave << 8) | (Math.min(3, lines) << 13);
}

const CODE_LINE = /^[ \t]*(?:def |#inc|#!\/|import |function |const |SELECT )/m;
const RUN = /[0-9A-Za-z]+(?:[-_:][0-9A-Za-z]+)*/g;
const THOUGHT = /<\/?(?:think|thought|scratchpad|reasonin)/i;

function readIntents(
  points: number[],
  words: string[],
  shape: number,
  benchmark: ReadonlySet<bigint>,
): number {
  const raw = String.fromCodePoint(...points.slice(0, 65536)).replace(/[\r\u2028\u2029]/g, '\u0001');
  const joined = ` ${words.join(' ')} `;
  let bits = 0;
  for (const [intent, list] of phrases)
    if (list.some((phrase) => joined.includes(` ${phrase} `))) bits |= BITS[intent]!;
  if (raw.includes('```') || CODE_LINE.test(raw)) bits |= BITS.CODE!;
  if (THOUGHT.test(raw)) bits |= BITS.REASONING!;
  const letters = [...raw.matchAll(/^[ \t]*\(?([a-h])[.):][ \t]/gim)].map((match) => match[1]!.toLowerCase());
  if ((letters.includes('a') && letters.includes('b')) || /^[ \t]*options:/im.test(raw))
    bits |= BITS.OPTIONS!;
  if ((raw.match(RUN) ?? []).some((run) => run.length <= 64 && run.replace(/[^0-9]/g, '').length >= 5))
    bits |= BITS.IDENTIFIER!;
  const isImperative = (word: string | undefined) => word !== undefined && openings[2]!.has(word);
  if ((shape & 7) === 2 || (openings[4]!.has(words[0] ?? '') && isImperative(words[1])))
    bits |= BITS.DIRECTIVE!;
  const numbers = words.filter((word) => /^[0-9]/.test(word)).length;
  const cued = cues.some((cue) => joined.includes(` ${cue} `));
  if ((numbers >= 2 && ((shape >> 4) & 15) === 2) || (numbers >= 1 && cued)) bits |= BITS.PROBLEM!;
  const hits = sampleShingles(words).filter((hash) => benchmark.has(hash)).length;
  if (hits >= 2 || (hits === 1 && words.length < 24)) bits |= BITS.BENCHMARK!;
  return bits;
}

const publicKeys = expandKey(utf8('phalanx public benchmark key, v1'));
function sampleShingles(words: string[]): bigint[] {
  const hashes = words.map((word) => hashWord(word, publicKeys.word));
  const out: bigint[] = [];
  for (let i = 0; i + 8 <= hashes.length; i++) {
    let sum = 0n;
    for (const hash of hashes.slice(i, i + 8)) sum = (sum * publicKeys.word.phrase + hash) & MASK;
    let h = ((sum ^ (sum >> 32n)) * publicKeys.word.n) & MASK;
    h ^= h >> 29n;
    if (h !== 0n && h % 8n === 0n) out.push(h);
  }
  return out;
}

function sketch(key: Uint8Array, text: string, benchmark: ReadonlySet<bigint> = new Set()) {
  const keys = expandKey(key);
  const points = clip(text);
  const words = split(points);
  const hashes = words.map((word) => hashWord(word, keys.word));
  const lines = points.filter((cp) => cp === 10).length;
  const shape = readShape(text, points, words, lines);
  const hash = words.length === 0 ? 0n : sipHash(keys.text, utf8(words.join(' ')), false)[0]! || 1n;
  return {
    hash: hash.toString(16).padStart(16, '0'),
    minhash: fillLanes(hashes.slice(0, 40), 0, keys) + fillLanes(hashes.slice(-40), 32, keys),
    topics: sampleTopics(words, hashes, keys),
    shape,
    intents: readIntents(points, words, shape, benchmark),
    responseMinhash: fillLanes(hashes, 64, keys),
  };
}

function sketchByKernel(key: Uint8Array, text: string, hashes = new BigUint64Array(0)) {
  const sketcher = sketcherOf(key, hashes);
  const prompt = sketcher.sketchPrompt(text);
  const response = sketcher.sketchResponse(text);
  expect(response.hash).toBe(prompt.hash);
  return {
    hash: prompt.hash.toString(16).padStart(16, '0'),
    minhash: Buffer.from(prompt.minhash).toString('hex'),
    topics: Buffer.from(prompt.topics).toString('hex'),
    shape: prompt.shape,
    intents: prompt.intents,
    responseMinhash: Buffer.from(response.minhash).toString('hex'),
  };
}

const opened = new Map<string, ReturnType<typeof createSketcher>>();
function sketcherOf(key: Uint8Array, hashes = new BigUint64Array(0)) {
  const name = `${Buffer.from(key).toString('hex')}${hashes.join()}`;
  if (!opened.has(name)) opened.set(name, createSketcher(key, { benchmarks: { hashes } }));
  return opened.get(name)!;
}

const passageHashes = (spec.benchmark.hashes as string[]).map((hash) => BigInt(`0x${hash}`));

describe('template fingerprint, version 1', () => {
  it('publishes the hashes of the benchmark passage', () => {
    const words = split(clip(spec.benchmark.passage));
    expect([...new Set(sampleShingles(words))].sort((x, y) => (x < y ? -1 : 1))).toEqual(passageHashes);
    expect(passageHashes.length).toBeGreaterThanOrEqual(2);
  });

  it.each(spec.vectors as Vector[])(
    'vector $#: reference and kernel agree with the published values',
    (vector) => {
      const { key, text: given, repeat, ...expected } = vector;
      const text = given ?? repeat!.unit.repeat(repeat!.times);
      const bytes = Buffer.from(key, 'hex');
      expect(sketch(bytes, text, new Set(passageHashes))).toEqual(expected);
      expect(sketchByKernel(bytes, text, BigUint64Array.from(passageHashes))).toEqual(expected);
    },
  );

  it.each(spec.identifiers as Identifier[])(
    'identifier $#: $domain',
    ({ key, domain, text, hash64, hash128 }) => {
      const sketcher = sketcherOf(Buffer.from(key, 'hex'));
      expect(sketcher.hash64(domain, text).toString(16).padStart(16, '0')).toBe(hash64);
      expect(Buffer.from(sketcher.hash128(domain, text)).toString('hex')).toBe(hash128);
      const message = utf8(`${domain}\0${text}`);
      const { identifier } = expandKey(Buffer.from(key, 'hex'));
      const expected = text === '' ? 0n : sipHash(identifier, message, false)[0]!;
      expect(expected.toString(16).padStart(16, '0')).toBe(hash64);
      const wide = Buffer.alloc(16);
      sipHash(identifier, message, true).forEach((half, i) => void wide.writeBigUInt64LE(half, 8 * i));
      expect(wide.toString('hex')).toBe(hash128);
    },
  );

  const allPhrases = [
    ...phrases.flatMap(([, list]) => list),
    ...cues,
    ...openings.flatMap((set) => [...set]),
  ];
  const piece = fc.oneof(
    fc.constantFrom(...allPhrases, ...spec.stopWords),
    fc.constantFrom(
      '\n',
      ' ',
      '. ',
      '? ',
      '```',
      '<think>',
      '\nA. ',
      '\n(B) ',
      '\nb) ',
      '\ndef f',
      '\u200b',
      '\u0301',
    ),
    fc.constantFrom(
      '\nSELECT x',
      '\nOptions:',
      '。',
      '请',
      'ÀÉÎ',
      'Ωμέγας',
      'Ёлка',
      'İ',
      'ẞ',
      'ﬁ',
      'Ａ１',
      '12',
      '𠀀',
    ),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.stringMatching(/^[A-Za-z0-9 ,.'-]{0,24}$/),
    fc.stringMatching(/^[a-f0-9_:-]{0,24}$/),
  );

  it('is computed alike by reference and kernel on 3,000 random texts', () => {
    const key = Buffer.alloc(32, 0x5a);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('', ' '), (pieces, glue) => {
        const text = pieces.join(glue);
        expect(sketchByKernel(key, text)).toEqual(sketch(key, text));
      }),
      { numRuns: 3000 },
    );
  });

  it('is computed alike around the 64 KiB limit', () => {
    const key = Buffer.alloc(32, 1);
    for (const unit of ['ab ', 'é', '好', '𠀀', 'x'])
      for (const extra of [-1, 0, 1, 5000]) {
        const times = Math.floor(65536 / utf8(unit).length) + extra;
        const text = unit.repeat(times);
        const { hash, shape, topics } = sketchByKernel(key, text);
        const keys = expandKey(key);
        const words = split(clip(text));
        expect(hash).toBe(
          sipHash(keys.text, utf8(words.join(' ')), false)[0]!
            .toString(16)
            .padStart(16, '0'),
        );
        expect(shape).toBe(readShape(text, clip(text), words, 0));
        expect(topics.length).toBe(32);
      }
  });
});

describe('the specification', () => {
  it('has a JSON Schema that the published vectors satisfy', () => {
    const page = readFileSync(new URL('../../../docs/spec/template-fingerprint.md', import.meta.url), 'utf8');
    const schema = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!);
    for (const vector of spec.vectors) {
      for (const field of ['hash', 'minhash', 'topics'])
        expect(vector[field]).toMatch(new RegExp(schema.properties[field].pattern));
      for (const field of ['shape', 'intents'])
        expect(vector[field]).toBeLessThanOrEqual(schema.properties[field].maximum);
    }
  });

  it('lists in the vectors file what the package uses', () => {
    expect(spec.characterRanges).toEqual(CHARACTER_RANGES);
    expect(spec.stopWords).toEqual(STOP_WORDS);
    expect(spec.openings).toEqual(OPENING_WORDS);
    expect(spec.phrases).toEqual(LEXICON);
    expect(spec.problemCues).toEqual(PROBLEM_CUES);
    expect([spec.version, spec.lexiconVersion]).toEqual([1, LEXICON_VERSION]);
  });
});
