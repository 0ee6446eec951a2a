// Writes docs/spec/vectors/template-fingerprint.json from the built package. Run `npx tsc -b packages/sketch` before and
// `npx biome format --write docs/spec` after.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBenchmarkIndex } from './dist/benchmark-index.js';
import { CHARACTER_RANGES } from './dist/character-classes.js';
import { LEXICON, LEXICON_VERSION, PROBLEM_CUES } from './dist/lexicon.js';
import { OPENING_WORDS } from './dist/opening-words.js';
import { createSketcher } from './dist/sketcher.js';
import { STOP_WORDS } from './dist/stop-words.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const hex64 = (value) => value.toString(16).padStart(16, '0');
const KEYS = ['00'.repeat(32), hex(Uint8Array.from({ length: 32 }, (_, i) => i))];
const PASSAGE =
  'A merchant bought twelve crates of oranges and sold nine of them at the spring market before noon, ' +
  'keeping the remaining crates for a friend who had promised to pay twice the price in the evening.';
const TEXTS = [
  '',
  '   \n\t',
  '?!',
  'Hello',
  'two words',
  'Write a short story about a lighthouse keeper who collects maps.',
  'Please summarize the attached report, step by step.\nUse bullet points.',
  'Natalia sold 48 clips in April and 24 in May. How many clips did she sell altogether?',
  'Which of the following is a prime number?\nA. 21\nB. 23\nC. 27\nD. 33\nAnswer:',
  '```python\ndef add(a, b):\n    return a + b\n```',
  "I'm not sure whether my café order ÉTÉ naïve Ångström was right; STRASSE or Straße",
  'cafe\u0301 e\u0301te\u0301 and z\u0335a\u0336l\u0337g\u0338o',
  'zero\u200bwidth soft\u00adhyphen \ufefffull\uff37\uff29\uff24\uff34\uff28 \uff11\uff12',
  'Объясни, пожалуйста, шаг за шагом, как работает фотосинтез.',
  '请一步一步解释光合作用的过程。',
  'ステップバイステップで説明してください',
  'Ποια είναι η πρωτεύουσα της Ελλάδας;',
  'اكتب قصيدة عن البحر، من فضلك؟',
  'lone \ud800 surrogate and \u0000 nul',
  'emoji 👩\u200d🚀 and 𝔪𝔞𝔱𝔥 and 𠀀𠀁',
  '<think>hidden</think> Response A: yes.\r\nResponse B: no.',
  Array.from({ length: 120 }, (_, i) => `item${i}`).join(' '),
  `${PASSAGE} How much did the friend pay?`,
  'Where is my order A-48213-X?',
  'Since 2026-02-03T10:15:22 it has been late.',
  'From 10:15 to 1:30, 1,000,000 of 1.2.3 in 2026: 123--456 and _1234_ and 12é34५ are none.',
  'full-width １２３４５ and Arabic ٠١٢٣٤٥ are none',
  `${'x'.repeat(59)}12345 has 64 characters`,
  `${'x'.repeat(60)}12345 has 65 characters`,
];
const ordinary = TEXTS.flatMap((text) => KEYS.map((key) => ({ key, text })));
const long = { key: KEYS[1], repeat: { unit: 'Alpha beta gamma délta 4 ', times: 4000 } };

const benchmarks = buildBenchmarkIndex([PASSAGE]);
const sketchers = new Map(KEYS.map((key) => [key, createSketcher(Buffer.from(key, 'hex'), { benchmarks })]));
const sketched = [...ordinary, long].map((input) => {
  const text = input.text ?? input.repeat.unit.repeat(input.repeat.times);
  const prompt = sketchers.get(input.key).sketchPrompt(text);
  const response = sketchers.get(input.key).sketchResponse(text);
  return {
    ...input,
    hash: hex64(prompt.hash),
    minhash: hex(prompt.minhash),
    topics: hex(prompt.topics),
    shape: prompt.shape,
    intents: prompt.intents,
    responseMinhash: hex(response.minhash),
  };
});
const identifiers = KEYS.flatMap((key) =>
  [
    ['account', ''],
    ['account', 'acct-1'],
    ['network', 'acct-1'],
    ['system', 'ü'.repeat(300)],
  ].map(([domain, text]) => ({
    key,
    domain,
    text,
    hash64: hex64(sketchers.get(key).hash64(domain, text)),
    hash128: hex(sketchers.get(key).hash128(domain, text)),
  })),
);

const file = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../docs/spec/vectors/template-fingerprint.json',
);
writeFileSync(
  file,
  `${JSON.stringify(
    {
      version: 1,
      lexiconVersion: LEXICON_VERSION,
      characterRanges: CHARACTER_RANGES,
      stopWords: STOP_WORDS,
      openings: OPENING_WORDS,
      phrases: LEXICON,
      problemCues: PROBLEM_CUES,
      vectors: sketched,
      identifiers,
      benchmark: { passage: PASSAGE, hashes: [...benchmarks.hashes].map(hex64) },
    },
    null,
    1,
  )}\n`,
);
