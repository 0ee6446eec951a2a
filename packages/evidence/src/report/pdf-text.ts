import { showInvisible, spellOut } from '@phalanx/core';
import type { PDFFont } from 'pdf-lib';
import type { Run, Runs } from './report-document.js';

/** Fonts that every reader of PDF has; all three write the same letters. */
export interface PdfFonts {
  readonly plain: PDFFont;
  readonly strong: PDFFont;
  readonly code: PDFFont;
}

export type PdfFace = keyof PdfFonts;

/** Text at one place in a line; `x` counts from the start of the line, lengths in points. */
export interface Fragment {
  readonly text: string;
  readonly face: PdfFace;
  readonly x: number;
  readonly size: number;
}

export interface Line {
  readonly fragments: readonly Fragment[];
  readonly width: number;
}

/** Identifiers are set a little smaller: the letters of a typewriter face are wide. */
const CODE_SCALE = 0.88;
/** Windows-1252 beyond Latin-1. */
const SPECIALS = new Set('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');
const LIKENESS: Readonly<Record<string, string>> = { '\u2212': '–', '\u202F': '\u00A0', '\u2011': '-' };

/** Text that the fonts can write: what they have no letter for is shown as its code point, `\u{5951}`. */
export function encodeForPdf(text: string): string {
  let out = '';
  for (const character of showInvisible(text)) {
    const likeness = LIKENESS[character] ?? character;
    const point = likeness.codePointAt(0)!;
    const known = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
    out += known || SPECIALS.has(likeness) ? likeness : spellOut(character);
  }
  return out;
}

/** Measures and breaks text. Letters are set without kerning, so widths are sums over letters. */
export class PdfTextSetter {
  readonly #fonts: PdfFonts;
  readonly #widths = new Map<string, number>();

  constructor(fonts: PdfFonts) {
    this.#fonts = fonts;
  }

  /** Width of encoded text in points. */
  measure(text: string, face: PdfFace, size: number): number {
    let width = 0;
    for (const character of text) width += this.#widthOf(character, face);
    return width * size;
  }

  /** Lines no wider than `width`; breaks at spaces, and inside a word only where it is longer than a line. */
  break(runs: Runs, width: number, size: number): Line[] {
    const lines: Line[] = [];
    let fragments: Fragment[] = [];
    let x = 0;
    const endLine = () => {
      lines.push({ fragments, width: x });
      fragments = [];
      x = 0;
    };
    const place = (piece: Piece) => {
      const last = fragments.at(-1);
      // One string where the face goes on keeps the text in one piece for whoever copies it.
      if (last !== undefined && last.face === piece.face && Math.abs(endOf(last, this) - x) < 1e-6)
        fragments[fragments.length - 1] = { ...last, text: last.text + piece.text };
      else fragments.push({ text: piece.text, face: piece.face, x, size: piece.size });
      x += piece.width;
    };
    for (const { pieces, space } of this.#words(runs, size)) {
      const wide = pieces.reduce((total, piece) => total + piece.width, 0);
      if (x > 0 && x + space.width + wide > width) endLine();
      else if (x > 0 && space.width > 0) place(space);
      for (const piece of pieces) {
        if (x + piece.width <= width) place(piece);
        else
          for (const character of piece.text) {
            const own = this.measure(character, piece.face, piece.size);
            if (x > 0 && x + own > width) endLine();
            place({ ...piece, text: character, width: own });
          }
      }
    }
    if (fragments.length > 0 || lines.length === 0) endLine();
    return lines;
  }

  /** Words with the space before each; a word may change its face within. */
  *#words(runs: Runs, size: number): Generator<{ pieces: Piece[]; space: Piece }> {
    let pieces: Piece[] = [];
    let space = this.#piece('', 'plain', size);
    for (const run of typeof runs === 'string' ? [runs] : runs) {
      const face = faceOf(run);
      for (const [i, word] of encodeForPdf(typeof run === 'string' ? run : run.text)
        .split(' ')
        .entries()) {
        if (i > 0) {
          if (pieces.length > 0) yield { pieces, space };
          pieces = [];
          space = this.#piece(' ', face, size);
        }
        if (word !== '') pieces.push(this.#piece(word, face, size));
      }
    }
    if (pieces.length > 0) yield { pieces, space };
  }

  #piece(text: string, face: PdfFace, size: number): Piece {
    const own = face === 'code' ? size * CODE_SCALE : size;
    return { text, face, size: own, width: this.measure(text, face, own) };
  }

  #widthOf(character: string, face: PdfFace): number {
    const key = face + character;
    let width = this.#widths.get(key);
    if (width === undefined) {
      width = this.#fonts[face].widthOfTextAtSize(character, 1);
      this.#widths.set(key, width);
    }
    return width;
  }
}

interface Piece {
  readonly text: string;
  readonly face: PdfFace;
  readonly size: number;
  readonly width: number;
}

function endOf(fragment: Fragment, setter: PdfTextSetter): number {
  return fragment.x + setter.measure(fragment.text, fragment.face, fragment.size);
}

function faceOf(run: Run): PdfFace {
  return typeof run === 'string' ? 'plain' : run.face;
}
