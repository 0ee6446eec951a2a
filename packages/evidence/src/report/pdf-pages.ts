import {
  appendBezierCurve,
  beginText,
  closePath,
  endText,
  fill as fillPath,
  lineTo,
  moveTo,
  type PDFDocument,
  PDFName,
  type PDFOperator,
  type PDFPage,
  popGraphicsState,
  pushGraphicsState,
  rectangle,
  setDashPattern,
  setFillingRgbColor,
  setFontAndSize,
  setLineWidth,
  setStrokingRgbColor,
  setTextMatrix,
  showText,
  stroke,
} from 'pdf-lib';
import type { Ink } from './drawing.js';
import type { Line, PdfFace, PdfFonts } from './pdf-text.js';

/** A4 in points. */
const PAGE = { width: 595.28, height: 841.89 };
const MARGIN = { left: 56, right: 56, top: 60, bottom: 70 };
const FULL_HEIGHT = PAGE.height - MARGIN.top - MARGIN.bottom;

/** Red, green, blue in [0, 1]. */
const COLOURS: Readonly<Record<Ink, readonly [number, number, number]>> = {
  ink: [0, 0, 0],
  soft: [0.3, 0.32, 0.35],
  line: [0.8, 0.8, 0.78],
  accent: [0.043, 0.36, 0.54],
  tint: [0.945, 0.945, 0.925],
  paper: [1, 1, 1],
};

/** A circle's quarter as a Bezier curve (4/3 (sqrt 2 - 1)). */
const ROUND = 0.5523;

/** A place in the document: page, and height above the page's lower edge, in points. */
export interface PdfPlace {
  readonly page: number;
  readonly y: number;
}

/** Pages that fill from top to bottom. The cursor is where the next thing begins. */
export class PdfPages {
  readonly left = MARGIN.left;
  readonly width = PAGE.width - MARGIN.left - MARGIN.right;
  readonly #document: PDFDocument;
  readonly #fonts: PdfFonts;
  readonly #pages: PDFPage[] = [];
  #y = 0;
  #fresh = true;

  constructor(document: PDFDocument, fonts: PdfFonts) {
    this.#document = document;
    this.#fonts = fonts;
    this.startPage();
  }

  get place(): PdfPlace {
    return { page: this.#pages.length - 1, y: this.#y };
  }

  get pages(): readonly PDFPage[] {
    return this.#pages;
  }

  /** Whether nothing stands on the page yet. */
  get fresh(): boolean {
    return this.#fresh;
  }

  startPage(): void {
    const page = this.#document.addPage([PAGE.width, PAGE.height]);
    for (const face of Object.keys(this.#fonts) as PdfFace[])
      page.node.setFontDictionary(fontName(face), this.#fonts[face].ref);
    this.#pages.push(page);
    this.#y = PAGE.height - MARGIN.top;
    this.#fresh = true;
  }

  /** Starts a page unless `height` is left on this one. True when it did. What is higher than a page starts none. */
  makeRoom(height: number): boolean {
    if (this.#y - height >= MARGIN.bottom || this.#fresh) return false;
    this.startPage();
    return true;
  }

  /** Whether a whole page could hold it. */
  fitsPage(height: number): boolean {
    return height <= FULL_HEIGHT;
  }

  /** Moves down; white space at the top of a page is left out. */
  skip(height: number): void {
    if (!this.#fresh) this.#y -= height;
  }

  /** Moves down past something that was drawn. */
  advance(height: number): void {
    this.#y -= height;
    this.#fresh = false;
  }

  /** Draws a line of text whose base line lies `drop` below the cursor. */
  drawLine(line: Line, x: number, drop: number, ink: Ink): void {
    for (const fragment of line.fragments)
      this.drawText(fragment.text, fragment.face, fragment.size, x + fragment.x, this.#y - drop, ink);
  }

  /** Text at a place of the page, from its lower left corner; on the last page unless told. */
  drawText(text: string, face: PdfFace, size: number, x: number, y: number, ink: Ink, page?: number): void {
    this.#push(
      page,
      beginText(),
      setFillingRgbColor(...COLOURS[ink]),
      setFontAndSize(fontName(face), size),
      setTextMatrix(1, 0, 0, 1, round(x), round(y)),
      showText(this.#fonts[face].encodeText(text)),
      endText(),
    );
  }

  drawRectangle(x: number, y: number, width: number, height: number, ink: Ink, page?: number): void {
    this.#push(
      page,
      setFillingRgbColor(...COLOURS[ink]),
      rectangle(round(x), round(y), round(width), round(height)),
      fillPath(),
    );
  }

  drawPolyline(
    points: readonly (readonly [number, number])[],
    ink: Ink,
    width: number,
    dash: readonly number[] = [],
    page?: number,
  ): void {
    this.#push(
      page,
      pushGraphicsState(),
      setStrokingRgbColor(...COLOURS[ink]),
      setLineWidth(width),
      setDashPattern([...dash], 0),
      ...points.map(([x, y], i) => (i === 0 ? moveTo(round(x), round(y)) : lineTo(round(x), round(y)))),
      stroke(),
      popGraphicsState(),
    );
  }

  drawDisc(x: number, y: number, radius: number, ink: Ink): void {
    const k = radius * ROUND;
    this.#push(
      undefined,
      setFillingRgbColor(...COLOURS[ink]),
      moveTo(x + radius, y),
      appendBezierCurve(x + radius, y + k, x + k, y + radius, x, y + radius),
      appendBezierCurve(x - k, y + radius, x - radius, y + k, x - radius, y),
      appendBezierCurve(x - radius, y - k, x - k, y - radius, x, y - radius),
      appendBezierCurve(x + k, y - radius, x + radius, y - k, x + radius, y),
      closePath(),
      fillPath(),
    );
  }

  /** An upright bar left of everything that was drawn since `from`, over page ends. */
  drawBarSince(from: PdfPlace, x: number, ink: Ink): void {
    const to = this.place;
    for (let page = from.page; page <= to.page; page++) {
      const top = page === from.page ? from.y : PAGE.height - MARGIN.top;
      const bottom = page === to.page ? to.y : MARGIN.bottom;
      if (top > bottom) this.drawRectangle(x, bottom, 2, top - bottom, ink, page);
    }
  }

  #push(page: number | undefined, ...operators: PDFOperator[]): void {
    this.#pages[page ?? this.#pages.length - 1]!.pushOperators(...operators);
  }
}

function fontName(face: PdfFace): PDFName {
  return PDFName.of(`F-${face}`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
