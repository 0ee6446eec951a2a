import { sourceError } from '../error.js';

/** Most pieces of a vocabulary, and bytes of a piece. */
const LIMITS = { pieces: 1_048_576, bytes: 1_024 } as const;
const [BEGIN, FIRST_BYTE] = [1, 3];

/**
 * The vocabulary of llama2.c (`tokenizer.bin`, `tok512.bin`): pieces with scores. Text becomes characters, then again and again the two
 * neighbours whose joint piece has the largest score are joined, the leftmost of equals; that is SentencePiece's BPE. Layout: 32-bit length of
 * the longest piece, then for each a 32-bit float and a 32-bit length, little-endian, and its bytes. Ids: 0 unknown, 1 begin, 2 end, 3
 * to 258 bytes. The suite `weight-utility` holds it to SentencePiece.
 */
export class ScoreVocabulary {
  readonly #pieces: Buffer[] = [];
  readonly #scores: number[] = [];
  /** By bytes as Latin-1. */
  readonly #ids = new Map<string, number>();

  /** @throws PhalanxError `TESTING_SOURCE` for bytes that are no such file */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 4; at < bytes.length; ) {
      const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : -1;
      if (length < 0 || length > LIMITS.bytes || at + 8 + length > bytes.length)
        throw sourceError('a vocabulary that ends within a piece');
      if (this.#pieces.length === LIMITS.pieces)
        throw sourceError(`a vocabulary of over ${LIMITS.pieces} pieces`);
      const piece = Buffer.from(bytes.subarray(at + 8, at + 8 + length));
      const key = piece.toString('latin1');
      if (!this.#ids.has(key)) this.#ids.set(key, this.#pieces.length);
      this.#scores.push(view.getFloat32(at, true));
      this.#pieces.push(piece);
      at += 8 + length;
    }
    if (this.#pieces.length < FIRST_BYTE + 256) throw sourceError('a vocabulary without pieces for bytes');
  }

  get size(): number {
    return this.#pieces.length;
  }

  /** The token of the beginning, a space, and the text. A character without a piece is its bytes in UTF-8. */
  encode(text: string): Int32Array {
    const tokens: number[] = [];
    for (const character of text === '' ? '' : ` ${text}`) {
      const bytes = Buffer.from(character);
      const id = this.#ids.get(bytes.toString('latin1'));
      if (id === undefined) for (const byte of bytes) tokens.push(FIRST_BYTE + byte);
      else tokens.push(id);
    }
    const joined = tokens.map((_, i) => this.#join(tokens, i));
    for (;;) {
      let best = -1;
      for (let i = 0; i < joined.length; i++)
        if (joined[i]! >= 0 && (best < 0 || this.#scores[joined[i]!]! > this.#scores[joined[best]!]!))
          best = i;
      if (best < 0) return Int32Array.of(BEGIN, ...tokens);
      tokens.splice(best, 2, joined[best]!);
      joined.splice(best + 1, 1);
      joined[best] = this.#join(tokens, best);
      if (best > 0) joined[best - 1] = this.#join(tokens, best - 1);
    }
  }

  /** The text of tokens; the space that `encode` puts first is left out, and so are 0, 1 and 2. Bytes that are no UTF-8 become U+FFFD. */
  decode(tokens: ArrayLike<number>): string {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      if (token < FIRST_BYTE) continue;
      if (token < FIRST_BYTE + 256) parts.push(Uint8Array.of(token - FIRST_BYTE));
      else {
        const piece = this.#pieces[token];
        if (piece === undefined) throw sourceError(`token ${token} of ${this.size}`);
        parts.push(tokens[i - 1] === BEGIN && piece[0] === 32 ? piece.subarray(1) : piece);
      }
    }
    return Buffer.concat(parts).toString();
  }

  /** The piece of tokens i and i + 1 together; -1 where there is none. */
  #join(tokens: readonly number[], i: number): number {
    if (i + 1 >= tokens.length) return -1;
    const [left, right] = [this.#pieces[tokens[i]!]!, this.#pieces[tokens[i + 1]!]!];
    return this.#ids.get(left.toString('latin1') + right.toString('latin1')) ?? -1;
  }
}
