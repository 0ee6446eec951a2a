import { html, type Markup, shortenText } from '@phalanx/core';
import type { Finding, SignalFamily, SignalResult } from '@phalanx/domain';
import { formatEffect, formatLog10 } from '../figures.js';
import { fitScale } from './scale.js';

const FAMILIES: readonly { readonly family: SignalFamily; readonly title: string }[] = [
  { family: 'coordination', title: 'Coordination: do they act as one?' },
  { family: 'demand', title: 'Demand: is it shaped like training data?' },
  { family: 'context', title: 'Context: shown, never counted' },
];

const ROW = 40;
const HEADING = 34;

/** Signals by family, strongest first; context signals, which carry no e-value, by name. */
export function sortSignals(
  finding: Finding,
): { readonly title: string; readonly signals: SignalResult[] }[] {
  return FAMILIES.map(({ family, title }) => ({
    title,
    signals: finding.signals
      .filter((signal) => signal.family === family)
      .sort((a, b) => (b.log10E ?? 0) - (a.log10E ?? 0) || (a.signal < b.signal ? -1 : 1)),
  })).filter((group) => group.signals.length > 0);
}

/**
 * One bar a signal, in log10 e from a common zero, with the level that is enough for a whole pool. A single signal need not
 * reach that line: the test combines a family. `width` in CSS pixels.
 */
export function drawSignals(finding: Finding, enough: number, width: number): Markup | null {
  const groups = sortSignals(finding).filter((group) =>
    group.signals.some((signal) => signal.log10E !== null),
  );
  const values = finding.signals.flatMap((signal) => (signal.log10E === null ? [] : [signal.log10E]));
  if (groups.length === 0) return null;
  const scale = fitScale(values, enough, 16, width - 52);
  let y = 8;
  const body: Markup[] = [];
  for (const group of groups) {
    body.push(html`<text class="axis-title" x="0" y="${y + 16}">${group.title}</text>`);
    y += HEADING;
    for (const signal of group.signals) {
      const value = signal.log10E ?? 0;
      const [from, to] = [Math.min(scale(0), scale(value)), Math.max(scale(0), scale(value))];
      body.push(html`<text class="label" x="${round(scale(0)) + 4}" y="${y + 8}">${shortenText(signal.signal, width > 500 ? 60 : 34)}</text>
<rect class="${signal.family === 'demand' ? 'bar bar-demand' : 'bar'}" x="${round(from)}" y="${y + 14}" width="${round(Math.max(1, to - from))}" height="10"/>
<path class="zero" d="M${round(scale(0))} ${y + 11}v16"/><path class="needed" d="M${round(scale(enough))} ${y + 11}v16"/>
<text class="value" x="${round(to + 6)}" y="${y + 23}">${formatLog10(value)}</text>`);
      y += ROW;
    }
    y += 6;
  }
  const height = y + 28;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
 aria-label="Evidence by signal; the figures are in the table below">
${body}
${scale.ticks.map((tick) => html`<text class="tick" x="${round(scale(tick))}" y="${y + 12}" text-anchor="middle">${formatEffect(tick)}</text>`)}
<text class="tick" x="${width}" y="${y + 12}" text-anchor="end">log10 e</text>
${scale.kind === 'square-root' ? html`<text class="note" x="${width}" y="${y + 26}" text-anchor="end">square-root scale</text>` : null}
</svg>`;
}

/** Same figures as the drawing, with effect sizes and the context signals. */
export function tabulateSignals(finding: Finding): Markup {
  return html`<table><caption>Evidence by signal</caption>
<thead><tr><th scope="col">Signal</th><th scope="col">Family</th><th scope="col" class="figure">log10 e</th>
<th scope="col">Effect</th><th scope="col" class="figure">Here</th><th scope="col" class="figure">Reference</th></tr></thead>
<tbody>${sortSignals(finding)
    .flatMap((group) => group.signals)
    .map(
      (signal) => html`<tr><th scope="row">${signal.signal}</th><td>${signal.family}</td>
<td class="figure">${signal.log10E === null ? 'not counted' : formatLog10(signal.log10E)}</td>
<td>${signal.effect.name}${signal.effect.unit === '' ? null : html` <span class="unit">(${signal.effect.unit})</span>`}</td>
<td class="figure">${formatEffect(signal.effect.value)}</td>
<td class="figure">${signal.effect.reference === null ? '–' : formatEffect(signal.effect.reference)}</td></tr>`,
    )}</tbody></table>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
