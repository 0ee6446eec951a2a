import { createHash } from 'node:crypto';
import { toHex } from '@phalanx/core';
import { Kitoken } from 'kitoken/node';
import { demand, refuse } from '../watermark-error.js';

/** Longest text that is tokenised, in UTF-16 code units. */
export const MAX_TEXT = 16 * 1024 * 1024;

/** A model's vocabulary: text to token ids and back. What a mark was made with, it must be read with. */
export interface Tokenizer {
  /** SHA-256 of the file, hex: a profile names it. */
  readonly sha256: string;
  /** One more than the highest id, special tokens included. */
  readonly vocabularySize: number;
  /**
   * Ids of a text. What looks like a special token is text. Linear in the text whatever it repeats: the test of this file takes two
   * million letters of one kind.
   *
   * @throws PhalanxError `MARK_LIMIT` beyond `MAX_TEXT`; `MARK_ARGUMENT` when the vocabulary cannot spell it
   */
  encode(text: string): Int32Array;
  /** Text of ids. @throws PhalanxError `MARK_ARGUMENT` for an id that the vocabulary lacks */
  decode(tokens: Int32Array): string;
  /**
   * Code unit of `text` at which each of its tokens begins, and after the last one its length: n + 1 numbers. Null when the
   * tokens do not spell the text byte by byte, as with vocabularies that normalise.
   */
  locate(text: string, tokens: Int32Array): Uint32Array | null;
}

/**
 * Reads a vocabulary: `tokenizer.json` of Hugging Face, SentencePiece, tiktoken or tekken, by kitoken, which was chosen because
 * its time stays linear on long runs of one character.
 *
 * @throws PhalanxError `MARK_PROFILE` for anything else
 */
export function openTokenizer(file: Uint8Array): Tokenizer {
  const kitoken = parse(file);
  const lengths = new Map<number, number>();
  let size = 0;
  const measure = (id: number): number => {
    let length = lengths.get(id);
    if (length === undefined) {
      length = decode(kitoken, Uint32Array.of(id)).length;
      lengths.set(id, length);
    }
    return length;
  };
  return {
    sha256: toHex(createHash('sha256').update(file).digest()),
    get vocabularySize() {
      if (size === 0) size = countIds(kitoken);
      return size;
    },
    encode(text) {
      demand(
        text.length <= MAX_TEXT,
        'MARK_LIMIT',
        `a text of more than ${MAX_TEXT} characters`,
        'Split it.',
      );
      try {
        return Int32Array.from(kitoken.encode(text, false));
      } catch {
        return refuse('MARK_ARGUMENT', 'the vocabulary cannot spell this text', 'Use its own tokenizer.');
      }
    },
    decode: (tokens) => new TextDecoder().decode(decode(kitoken, Uint32Array.from(tokens))),
    locate(text, tokens) {
      const bytes = new Uint32Array(tokens.length + 1);
      for (let i = 0; i < tokens.length; i++) bytes[i + 1] = bytes[i]! + measure(tokens[i]!);
      const spelled = decode(kitoken, Uint32Array.from(tokens));
      if (spelled.length !== bytes[tokens.length] || !Buffer.from(text).equals(spelled)) return null;
      return toCodeUnits(text, bytes);
    },
  };
}

function parse(file: Uint8Array): Kitoken {
  try {
    return new Kitoken(file);
  } catch {
    return refuse(
      'MARK_PROFILE',
      'not a vocabulary that can be read',
      'Give tokenizer.json, a SentencePiece model, a tiktoken file or tekken.json.',
    );
  }
}

function decode(kitoken: Kitoken, tokens: Uint32Array): Uint8Array {
  try {
    return kitoken.decode(tokens, true);
  } catch {
    return refuse(
      'MARK_ARGUMENT',
      'a token id that the vocabulary lacks',
      'Use the tokenizer that the ids came from.',
    );
  }
}

function countIds(kitoken: Kitoken): number {
  const { model, specials } = kitoken.definition() as {
    model: Record<string, { vocab: readonly { id: number }[] }>;
    specials: readonly { id: number }[];
  };
  let highest = -1;
  for (const { vocab } of Object.values(model)) for (const { id } of vocab) highest = Math.max(highest, id);
  for (const { id } of specials) highest = Math.max(highest, id);
  return highest + 1;
}

/** Offsets in UTF-8 to offsets in code units; one inside a character becomes that character's start. */
function toCodeUnits(text: string, bytes: Uint32Array): Uint32Array {
  const units = new Uint32Array(bytes.length);
  let at = 0;
  let offset = 0;
  for (let unit = 0; unit < text.length; ) {
    const point = text.codePointAt(unit)!;
    const width = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    while (at < bytes.length && bytes[at]! < offset + width) units[at++] = unit;
    offset += width;
    unit += point > 0xffff ? 2 : 1;
  }
  units.fill(text.length, at);
  return units;
}
