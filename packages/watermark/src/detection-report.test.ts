import { readFileSync } from 'node:fs';
import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { MAX_SEARCHED_TOKENS } from './detect/spans.js';
import { detectMark } from './detection-report.js';
import { openDecoys } from './dialects/decoy-keys.js';
import { openMark } from './dialects/registry.js';
import { createMarkProfile } from './profile.js';
import { makeSampler } from './sampler.js';
import { openTokenizer, type Tokenizer } from './text/tokenizer.js';
import { refuse } from './watermark-error.js';

const tokenizer = openTokenizer(readFileSync(new URL('fixtures/byte-vocabulary.json', import.meta.url)));
const KEY = '00112233445566778899aabbccddeeff';
const sampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  deduplicateContexts: 'single_turn',
  history: 8192,
} as const;
const profile = createMarkProfile({
  dialect: 'phalanx-gumbel',
  parameters: { contextWidth: 4 },
  keyId: '0'.repeat(32),
  model: 'm',
  tokenizerSha256: tokenizer.sha256,
  vocabularySize: tokenizer.vocabularySize,
  sampling,
  validFromMs: 0,
  validUntilMs: null,
});
const mark = openMark(profile.dialect, profile.parameters, KEY);

/** Text of `size` bytes of lower case that the key chose, each letter alone: no merge joins them. */
function writeMarked(size: number): string {
  const letters = Int32Array.from([...'bcdfgjklmnop'], (letter) => tokenizer.encode(letter)[0]!);
  const sampler = makeSampler(mark, sampling, { random: () => 0.5 });
  const answer: number[] = [];
  while (answer.length < size)
    answer.push(
      sampler.next({
        candidates: { tokens: letters.slice().sort(), logProbabilities: new Float64Array(letters.length) },
        answer: Int32Array.from(answer),
      }).token,
    );
  return tokenizer.decode(Int32Array.from(answer));
}

const random = new Random(3);
const writePlain = (size: number) =>
  Array.from({ length: size }, () => 'bcdfgjklmnop'[random.integer(12)]).join('');
/** As vocabularies do that have no bytes to fall back to. */
const refuseLetter = (letter: string) => (text: string) =>
  text.includes(letter)
    ? refuse('MARK_ARGUMENT', 'the vocabulary cannot spell this text', '')
    : tokenizer.encode(text);
const ask = (
  texts: readonly string[],
  masked: readonly ('code' | 'json')[] = [],
  spells: Tokenizer = tokenizer,
) => {
  const open = openDecoys(profile.dialect, profile.parameters, KEY);
  const decoys = Array.from({ length: 100 }, open);
  return detectMark({ profile, mark, tokenizer: spells, texts, masked, alpha: 1e-3, depth: 'spans', decoys });
};

describe('a report on texts', () => {
  it('says which text, and where in it, though all together say less', () => {
    const marked = writeMarked(140);
    const { report, read, posteriors } = ask([writePlain(900), writePlain(300) + marked + writePlain(200)]);
    const [first, second] = report.each;
    expect(first).toMatchObject({ spans: [], repaired: 0 });
    expect(second!.log10AdjustedP).toBeLessThan(-3);
    const [span] = second!.spans!;
    expect(Math.abs(span!.tokens[0] - 300)).toBeLessThan(40);
    expect(Math.abs(span!.tokens[1] - 440)).toBeLessThan(40);
    expect(span!.characters).toEqual(span!.tokens);
    expect(posteriors.map((each) => each!.length)).toEqual(read.map(({ tokens }) => tokens.length));
    expect(report).toMatchObject({ texts: 2, keyId: profile.keyId, decoys: { tried: 100 } });
  });

  it('counts nothing where everything is masked, empty or absent', () => {
    expect(ask([]).report).toMatchObject({ texts: 0, scored: 0, log10P: 0, decoys: null, each: [] });
    expect(ask(['']).report).toMatchObject({ scored: 0, log10P: 0 });
    expect(ask(['```\nbcd\n```'], ['code']).report).toMatchObject({ scored: 0, log10P: 0 });
  });

  it('goes on after a text that the vocabulary cannot spell, and says so', () => {
    const spells = { ...tokenizer, encode: refuseLetter('\u2603') };
    const { report } = ask(['\u2603', writeMarked(140)], ['code'], spells);
    expect(report).toMatchObject({ texts: 2, unread: 1 });
    expect(report.each[0]).toMatchObject({ scored: 0, log10P: 0, spans: [] });
    expect(report.each[0]!.unread).toMatch(/cannot spell/);
    expect(report.each[1]!.spans).toHaveLength(1);
  });

  it('does not let one text that is too long to search keep the others from it', () => {
    const long = 'b'.repeat(MAX_SEARCHED_TOKENS + 1);
    const { report, posteriors } = ask([long, writeMarked(140)]);
    expect(report.each[0]!.spans).toBeUndefined();
    expect(posteriors[0]).toBeNull();
    expect(report.each[1]!.spans).toHaveLength(1);
  });
});
