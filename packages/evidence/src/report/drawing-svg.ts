import { type HtmlValue, html, type Markup } from '@phalanx/core';
import type { Drawing, Shape } from './drawing.js';

/** A drawing as inline SVG. Colours are classes, since the page's policy admits no style attribute. */
export function renderSvg(drawing: Drawing): Markup {
  const { width, height, label } = drawing;
  return html`<svg class="chart" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" aria-label="${label}">
${drawing.shapes.map((shape) => html`${renderShape(shape)}\n`)}</svg>`;
}

function renderShape(shape: Shape): Markup {
  switch (shape.kind) {
    case 'line':
      return html`<polyline class="stroke-${shape.ink}" points="${shape.points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" stroke-width="${shape.width}"${dash(shape.dash)}/>`;
    case 'rect':
      return html`<rect class="fill-${shape.fill}" x="${round(shape.x)}" y="${round(shape.y)}" width="${round(shape.width)}" height="${round(shape.height)}"/>`;
    case 'circle':
      return html`<circle class="fill-${shape.fill} stroke-${shape.stroke}" cx="${round(shape.x)}" cy="${round(shape.y)}" r="${shape.radius}"/>`;
    case 'text':
      return html`<text class="fill-${shape.ink}${shape.halo ? ' halo' : ''}" x="${round(shape.x)}" y="${round(shape.y)}" font-size="${shape.size}" text-anchor="${shape.anchor}"${shape.strong ? html` font-weight="600"` : null}>${shape.text}</text>`;
  }
}

function dash(lengths: readonly number[] | undefined): HtmlValue {
  return lengths === undefined ? null : html` stroke-dasharray="${lengths.join(' ')}"`;
}

/** A tenth of a pixel is enough for a screen. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
