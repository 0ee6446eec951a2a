import { describe, expect, it } from 'vitest';
import { collectNgrams } from '../ngrams.js';
import { hashSglangContext, SglangHash } from '../prf/sglang-hash.js';
import { openSglangDualGumbel, openSglangGumbel } from './sglang-gumbel.js';

/** Printed by SGLang 0.5.23's own `hash_context`, `watermark_hash` and `position_coin`; the suite `watermark-engines` asks it again. */
const VECTORS = [
  { context: [1, 2, 3, 4], token: 7, hash: 1145416960, words: [2441207572, 2531167527], coin: 1646742060 },
  { context: [0], token: 0, hash: 593689054, words: [3836761994, 1050780944], coin: 1612856069 },
  {
    context: [128000, 99999, 5],
    token: 12,
    hash: 3038592118,
    words: [2634679224, 1651394993],
    coin: 2037709990,
  },
];
const KEYS = [0x0123456789abcdefn, 42n] as const;

describe('SGLang', () => {
  it.each(VECTORS)('hashes as its detector does: $context', ({ context, token, hash, words, coin }) => {
    const [a, b] = KEYS.map((key) => new SglangHash(key)) as [SglangHash, SglangHash];
    expect(hashSglangContext(Int32Array.from(context), 0, context.length)).toBe(hash);
    expect([a.read(hash, token), b.read(hash, token)]).toEqual(words);
    expect(a.tossCoin(b, hash)).toBe(coin);
  });

  it('reads with the key that the coin names', () => {
    const text = Int32Array.of(1, 2, 3, 4, 7);
    const single = openSglangGumbel({ contextWidth: 4 }, KEYS[0]);
    const ngrams = collectNgrams([text], single);
    expect([...single.read(ngrams)]).toEqual([2441207572 / 2 ** 32]);
    const share = (firstShare: number) =>
      openSglangDualGumbel({ contextWidth: 4, firstShare }, ...KEYS).read(ngrams)[0];
    expect(share(0.5)).toBe(2441207572 / 2 ** 32);
    expect(share(0.3)).toBe(2531167527 / 2 ** 32);
  });

  it('refuses a key of more than 64 bits', () => {
    expect(() => openSglangGumbel({ contextWidth: 4 }, 1n << 64n)).toThrow('64 bits');
  });
});
