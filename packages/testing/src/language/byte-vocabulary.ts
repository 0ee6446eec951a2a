import { utf8 } from '@phalanx/core';

/**
 * A byte-level BPE vocabulary learned from texts (Sennrich et al. 2016), as a `tokenizer.json` that any tool of Hugging Face's
 * format reads: the 256 bytes, `merges` merges, and `<|endoftext|>` as the last id. Words are split at spaces as GPT-2
 * does. Deterministic: ties go to the pair that comes first in code unit order.
 */
export function trainByteVocabulary(texts: readonly string[], merges: number): Uint8Array {
  const letters = byteLetters();
  const words = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.matchAll(WORD)) words.set(word, (words.get(word) ?? 0) + 1);
  const spelled = [...words].map(([word, count]) => ({
    count,
    pieces: Array.from(Buffer.from(word), (byte) => letters[byte]!),
  }));
  const learned: [string, string][] = [];
  const vocab = new Map(letters.map((letter, id) => [letter, id]));
  while (learned.length < merges) {
    const best = findBestPair(spelled);
    if (best === null) break;
    const [left, right] = best;
    learned.push(best);
    if (!vocab.has(left + right)) vocab.set(left + right, vocab.size);
    for (const word of spelled) mergePair(word.pieces, left, right);
  }
  return utf8(JSON.stringify(describeVocabulary(vocab, learned)));
}

/** GPT-2's split, without its contractions. */
const WORD = /\s?\p{L}+|\s?\p{N}+|\s?[^\s\p{L}\p{N}]+|\s+/gu;

/** Letters that stand for bytes in such files: printable Latin-1 for itself, the others from U+0100 on, in order. */
function byteLetters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
}

interface Word {
  readonly count: number;
  readonly pieces: string[];
}

function findBestPair(words: readonly Word[]): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { count, pieces } of words)
    for (let i = 1; i < pieces.length; i++) {
      const pair = `${pieces[i - 1]} ${pieces[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let best: string | null = null;
  let most = 1;
  for (const [pair, count] of counts)
    if (count > most || (count === most && best !== null && pair < best)) {
      best = pair;
      most = count;
    }
  return best === null ? null : (best.split(' ') as [string, string]);
}

function mergePair(pieces: string[], left: string, right: string): void {
  for (let i = 1; i < pieces.length; i++)
    if (pieces[i - 1] === left && pieces[i] === right) pieces.splice(i - 1, 2, left + right);
}

function describeVocabulary(vocab: ReadonlyMap<string, number>, merges: readonly [string, string][]) {
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: vocab.size, content: '<|endoftext|>', ...plain, special: true }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(vocab),
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}
