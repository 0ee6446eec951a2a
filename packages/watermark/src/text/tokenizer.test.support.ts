import { utf8 } from '@phalanx/core';

/** A vocabulary of Hugging Face's form: the 256 bytes, the merges given, and `<|endoftext|>`. */
export function makeByteVocabulary(merges: readonly (readonly [string, string])[]): Uint8Array {
  const vocab: Record<string, number> = {};
  for (const character of byteCharacters()) vocab[character] = Object.keys(vocab).length;
  for (const [left, right] of merges) vocab[left + right] ??= Object.keys(vocab).length;
  const id = Object.keys(vocab).length;
  const control = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return utf8(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [{ id, content: '<|endoftext|>', ...control }],
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
        vocab,
        merges: merges.map((pair) => pair.join(' ')),
      },
    }),
  );
}

/** GPT-2's letters for bytes: printable Latin-1 stands for itself, the others for U+0100 and on, in order. */
function byteCharacters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
}
