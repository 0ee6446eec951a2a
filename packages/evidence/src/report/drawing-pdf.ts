import type { Drawing, Ink } from './drawing.js';
import type { PdfPages } from './pdf-pages.js';
import { encodeForPdf, type PdfTextSetter } from './pdf-text.js';

/** A drawing's units on paper: its 12 become 9 points. */
const SCALE = 0.75;

/** Draws below the cursor, over the whole width of the page, and moves past it. */
export function drawOnPage(pages: PdfPages, setter: PdfTextSetter, draw: (width: number) => Drawing): void {
  const drawing = draw(pages.width / SCALE);
  pages.makeRoom(drawing.height * SCALE);
  const top = pages.place.y;
  const x = (value: number) => pages.left + value * SCALE;
  const y = (value: number) => top - value * SCALE;
  for (const shape of drawing.shapes) {
    switch (shape.kind) {
      case 'line':
        pages.drawPolyline(
          shape.points.map(([px, py]) => [x(px), y(py)]),
          shape.ink,
          shape.width * SCALE,
          shape.dash?.map((length) => length * SCALE),
        );
        break;
      case 'rect': {
        const height = shape.height * SCALE;
        pages.drawRectangle(x(shape.x), y(shape.y) - height, shape.width * SCALE, height, shape.fill);
        break;
      }
      case 'circle':
        pages.drawDisc(x(shape.x), y(shape.y), shape.radius * SCALE, shape.fill);
        break;
      case 'text': {
        const text = encodeForPdf(shape.text);
        const face = shape.strong ? 'strong' : 'plain';
        const size = shape.size * SCALE;
        const width = setter.measure(text, face, size);
        const start = x(shape.x) - width * { start: 0, middle: 0.5, end: 1 }[shape.anchor];
        const ground: Ink = 'paper';
        if (shape.halo)
          pages.drawRectangle(start - 2, y(shape.y) - size * 0.25, width + 4, size * 1.1, ground);
        pages.drawText(text, face, size, start, y(shape.y), shape.ink);
      }
    }
  }
  pages.advance(drawing.height * SCALE);
}
