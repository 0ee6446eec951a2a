/**
 * A sketch: what is kept of an exchange's text for ever, of fixed size and keyed.
 *
 * Layout and algorithms are specified in docs/spec/template-fingerprint.md. Two sketches can be compared only when they
 * were made under the same key. Nothing in a sketch can be searched for a known text without the key, but whoever holds
 * the key can test whether a text was asked.
 */
export interface TextSketch {
  /** Keyed hash of the normalised text. Equal texts, equal hashes. 0 for an empty text. */
  readonly hash: bigint;
  /**
   * 64 MinHash lanes of 8 bits: lanes 0-31 over word 3-shingles of the head (first 40 words), 32-63 of the tail (last
   * 40 words). Share of equal lanes in a half estimates that half's Jaccard similarity, biased up by at most 1/256.
   */
  readonly minhash: Uint8Array;
  /**
   * Eight 16-bit keyed hashes of a consistent sample of the text's content words and numbers, little-endian, ascending;
   * 0 pads.
   */
  readonly topics: Uint8Array;
  /** Packed shape cell (see `ShapeCell`). */
  readonly shape: number;
  /** Bit set of `Intent`. */
  readonly intents: number;
}

/** The response side: enough to recognise a leaked answer later. */
export interface ResponseSketch {
  readonly hash: bigint;
  /** 32 MinHash lanes of 8 bits over word 3-shingles of the whole response. */
  readonly minhash: Uint8Array;
}

export const PROMPT_MINHASH_BYTES = 64;
/** The lanes of the first 40 words come first. */
export const HEAD_LANES = 32;
export const RESPONSE_MINHASH_BYTES = 32;
export const TOPIC_BYTES = 16;

/** What a request asks for that training needs. Bits of `TextSketch.intents`. */
export const Intent = {
  /** Elicits written-out reasoning. */
  REASONING: 1 << 0,
  /** Scores one response by a rubric. */
  RUBRIC: 1 << 1,
  /** Prefers one of several responses. */
  PAIRWISE: 1 << 2,
  /** Asks for instructions, questions, or examples to be generated. */
  SYNTHESIS: 1 << 3,
  /** Asks for a rewrite, paraphrase or policy-safe variant of given text. */
  REWRITE: 1 << 4,
  /** Tool definitions, tool calls or agent scaffolding in the request. */
  TOOLS: 1 << 5,
  /** Starts with an imperative verb. */
  DIRECTIVE: 1 << 6,
  /** A self-contained problem with a checkable answer. */
  PROBLEM: 1 << 7,
  /** Programming. */
  CODE: 1 << 8,
  /** Contains a passage of a known public benchmark. */
  BENCHMARK: 1 << 9,
  /** Multiple-choice options. */
  OPTIONS: 1 << 10,
  /** Carries an identifier or a time of its own: a run of letters and digits with five digits or more. */
  IDENTIFIER: 1 << 11,
  /** Asks for something to be done for the asker: "I need", "can you", "help me". */
  REQUEST: 1 << 12,
} as const;
export type IntentName = keyof typeof Intent;

/** Coarse look of a prompt's first and last characters and length; about 800 cells occur in practice. */
export interface ShapeCell {
  /** Class of the first word. */
  readonly opening: 'question' | 'auxiliary' | 'imperative' | 'i' | 'capital' | 'lower' | 'other';
  readonly startsUpper: boolean;
  /** Last character that is not white space: '.', '?', '!', ':', ';', ',', ')', quote, digit, letter or other. */
  readonly ending: number;
  /** floor(log2(length in UTF-16 code units)), 0..20. */
  readonly octave: number;
  /** Line breaks, capped at 3. */
  readonly lines: number;
}

const OPENINGS = ['question', 'auxiliary', 'imperative', 'i', 'capital', 'lower', 'other'] as const;

/** Bits: opening 0-2, startsUpper 3, ending 4-7, octave 8-12, lines 13-14. */
export function packShape(cell: ShapeCell): number {
  return (
    OPENINGS.indexOf(cell.opening) |
    (cell.startsUpper ? 8 : 0) |
    (cell.ending << 4) |
    (cell.octave << 8) |
    (cell.lines << 13)
  );
}

export function unpackShape(shape: number): ShapeCell {
  return {
    opening: OPENINGS[shape & 7] ?? 'other',
    startsUpper: (shape & 8) !== 0,
    ending: (shape >> 4) & 15,
    octave: (shape >> 8) & 31,
    lines: (shape >> 13) & 3,
  };
}
