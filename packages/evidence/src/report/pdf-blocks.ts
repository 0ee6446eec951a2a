import type { Ink } from './drawing.js';
import { drawOnPage } from './drawing-pdf.js';
import type { PdfPages } from './pdf-pages.js';
import type { Line, PdfTextSetter } from './pdf-text.js';
import { type Block, type Run, type Runs, strong, type Table } from './report-document.js';

/** Sizes and distances between lines, in points. */
const BODY = { size: 9.5, leading: 13.5 };
const LEAD = { size: 11.5, leading: 16 };
const SMALL = { size: 8, leading: 11 };
const GAP = { paragraph: 7, section: 26, heading: 16, column: 10 };

type Type = { readonly size: number; readonly leading: number };

/** Text in a column of a row. */
interface Cell {
  readonly lines: readonly Line[];
  readonly x: number;
  readonly width: number;
  readonly align?: 'left' | 'right' | undefined;
  readonly ink?: Ink;
}

/** Sets blocks on pages, one after the other. */
export class PdfBlocks {
  readonly #pages: PdfPages;
  readonly #setter: PdfTextSetter;

  constructor(pages: PdfPages, setter: PdfTextSetter) {
    this.#pages = pages;
    this.#setter = setter;
  }

  /** A title that stays with what follows. */
  drawTitle(text: string, rank: 1 | 2 | 3): void {
    const type = {
      1: { size: 21, leading: 26 },
      2: { size: 14.5, leading: 19 },
      3: { size: 10.5, leading: 15 },
    }[rank];
    const lines = this.#setter.break([strong(text)], this.#pages.width, type.size);
    this.#pages.makeRoom(GAP.section + lines.length * type.leading + 56);
    if (rank > 1) this.#pages.skip(rank === 2 ? GAP.section : GAP.heading - GAP.paragraph);
    this.#row([{ lines, x: 0, width: this.#pages.width }], type);
    this.#pages.advance(rank === 3 ? 2 : 8);
  }

  /** A block, `indent` points from the left. */
  draw(block: Block, indent = 0): void {
    const width = this.#pages.width - indent;
    switch (block.kind) {
      case 'paragraph': {
        // A sentence in bold heads what follows.
        if (typeof block.runs !== 'string' && block.runs.every(isStrong)) this.#pages.makeRoom(90);
        const type = block.tone === 'lead' ? LEAD : block.tone === 'soft' ? SMALL : BODY;
        this.#text(block.runs, indent, type, block.tone === 'soft' ? 'soft' : 'ink');
        this.#pages.skip(GAP.paragraph);
        break;
      }
      case 'heading':
        this.drawTitle(block.text, 3);
        break;
      case 'list':
        for (const [i, item] of block.items.entries()) {
          const mark = this.#setter.break(block.ordered ? `${i + 1}.` : '•', 20, BODY.size);
          const lines = this.#setter.break(item, width - 14, BODY.size);
          this.#row(
            [
              { lines: mark, x: indent + 2, width: 12 },
              { lines, x: indent + 14, width: width - 14 },
            ],
            BODY,
          );
          this.#pages.skip(2);
        }
        this.#pages.skip(GAP.paragraph - 2);
        break;
      case 'figures':
        this.#figures(block.items);
        break;
      case 'terms':
        for (const { term, is } of block.items) {
          this.#row(
            [
              { lines: this.#setter.break(term, 118, BODY.size), x: indent, width: 118, ink: 'soft' },
              { lines: this.#setter.break(is, width - 128, BODY.size), x: indent + 128, width: width - 128 },
            ],
            BODY,
          );
          this.#pages.skip(2);
        }
        this.#pages.skip(GAP.paragraph);
        break;
      case 'commands':
        this.#commands(block.lines, indent);
        break;
      case 'aside': {
        this.#pages.skip(6);
        this.#pages.makeRoom(60);
        const from = this.#pages.place;
        this.#text([strong(block.title)], indent + 14, BODY, 'ink');
        this.#pages.skip(3);
        for (const inner of block.blocks) this.draw(inner, indent + 14);
        this.#pages.drawBarSince(from, this.#pages.left + indent, 'accent');
        this.#pages.skip(GAP.paragraph + 6);
        break;
      }
      case 'blank': {
        this.#pages.makeRoom(34);
        this.#text(block.label, indent, SMALL, 'soft');
        this.#pages.advance(22);
        const { y } = this.#pages.place;
        const left = this.#pages.left + indent;
        this.#pages.drawPolyline(
          [
            [left, y],
            [left + Math.min(width, 320), y],
          ],
          'ink',
          0.6,
        );
        this.#pages.skip(GAP.paragraph + 5);
        break;
      }
      case 'chart':
        this.#pages.makeRoom(block.draw(this.#pages.width / 0.75).height * 0.75 + 70);
        this.drawTitle(block.title, 3);
        this.#text(block.note, indent, SMALL, 'soft');
        this.#pages.skip(6);
        drawOnPage(this.#pages, this.#setter, block.draw);
        this.#pages.skip(GAP.paragraph + 4);
        break;
      case 'table':
        this.drawTable(block);
        break;
    }
  }

  /** A table; its head is repeated on each page. */
  drawTable(table: Table): void {
    const total = table.columns.reduce((sum, column) => sum + column.weight, 0);
    let x = 0;
    const columns = table.columns.map((column) => {
      const width = (column.weight / total) * (this.#pages.width + GAP.column) - GAP.column;
      const place = { x, width, align: column.align };
      x += width + GAP.column;
      return place;
    });
    const cells = (row: readonly Runs[], ink: Ink): Cell[] =>
      columns.map((place, i) => ({
        ...place,
        ink,
        lines: this.#setter.break(row[i] ?? '', place.width, SMALL.size),
      }));
    const head = cells(
      table.columns.map((column) => column.title),
      'soft',
    );
    const drawHead = () => {
      this.#row(head, SMALL);
      this.#rule('soft');
    };
    this.#pages.makeRoom(4.5 * SMALL.leading + 20);
    this.#text(table.caption, 0, SMALL, 'soft');
    this.#pages.skip(3);
    drawHead();
    for (const row of table.rows) {
      this.#row(cells(row, 'ink'), SMALL, drawHead);
      this.#rule('line');
    }
    this.#pages.skip(GAP.paragraph + 6);
  }

  /** Lines of several columns side by side: whole on one page if a page can hold them, else line by line. */
  #row(cells: readonly Cell[], type: Type, onNewPage: () => void = () => undefined): void {
    const count = cells.reduce((most, cell) => Math.max(most, cell.lines.length), 0);
    const height = count * type.leading;
    if (this.#pages.fitsPage(height + 3 * SMALL.leading) && this.#pages.makeRoom(height)) onNewPage();
    for (let i = 0; i < count; i++) {
      if (this.#pages.makeRoom(type.leading)) onNewPage();
      for (const { lines, x, width, align, ink } of cells) {
        const line = lines[i];
        if (line === undefined) continue;
        const shift = align === 'right' ? width - line.width : 0;
        this.#pages.drawLine(line, this.#pages.left + x + shift, type.size, ink ?? 'ink');
      }
      this.#pages.advance(type.leading);
    }
  }

  #rule(ink: Ink): void {
    const { y } = this.#pages.place;
    const { left, width } = this.#pages;
    this.#pages.drawPolyline(
      [
        [left, y],
        [left + width, y],
      ],
      ink,
      0.5,
    );
    this.#pages.advance(3);
  }

  #text(runs: Runs, indent: number, type: Type, ink: Ink): void {
    const width = this.#pages.width - indent;
    for (const line of this.#setter.break(runs, width, type.size))
      this.#row([{ lines: [line], x: indent, width, ink }], type);
  }

  #figures(items: readonly { readonly name: string; readonly value: string }[]): void {
    const perRow = Math.min(items.length, 6);
    const width = this.#pages.width / perRow - GAP.column;
    this.#pages.skip(4);
    for (let from = 0; from < items.length; from += perRow) {
      const place = (i: number) => ({ x: i * (width + GAP.column), width });
      const row = items.slice(from, from + perRow);
      this.#pages.makeRoom(60);
      this.#row(
        row.map(({ value }, i) => ({ ...place(i), lines: this.#setter.break([strong(value)], width, 14) })),
        { size: 14, leading: 18 },
      );
      this.#row(
        row.map(({ name }, i) => ({
          ...place(i),
          ink: 'soft',
          lines: this.#setter.break(name, width, SMALL.size),
        })),
        SMALL,
      );
      this.#pages.skip(10);
    }
  }

  #commands(lines: readonly string[], indent: number): void {
    const width = this.#pages.width - indent;
    const type = SMALL;
    for (const text of lines)
      for (const line of this.#setter.break([{ face: 'code', text }], width - 16, type.size + 1)) {
        this.#pages.makeRoom(type.leading + 3);
        const { y } = this.#pages.place;
        const height = type.leading + 3;
        this.#pages.drawRectangle(this.#pages.left + indent, y - height, width, height, 'tint');
        this.#pages.drawLine(line, this.#pages.left + indent + 8, type.size + 2, 'ink');
        this.#pages.advance(height);
      }
    this.#pages.skip(GAP.paragraph);
  }
}

function isStrong(run: Run): boolean {
  return typeof run !== 'string' && run.face === 'strong';
}
