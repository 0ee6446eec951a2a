import { DAY_MS, type HtmlValue, html, type Markup } from '@phalanx/core';
import type { DetectionReport, Finding } from '@phalanx/domain';
import { formatCount, formatDay, formatInstant, formatLog10 } from '../figures.js';
import { sufficientLog10E } from '../finding-sentence.js';
import { fitScale } from './scale.js';

const HEIGHT = { evidence: 200, gap: 62, exchanges: 84, axis: 30, top: 26 };

/** One slot: what was known at its end, and what was asked in it. */
export interface TimelineSlot {
  readonly fromMs: number;
  readonly toMs: number;
  readonly log10ECoordination: number;
  readonly log10EDemand: number;
  readonly exchanges: number;
}

/**
 * A finding's evidence series as slots, ascending. A row of the report speaks of its slot's end; the first slot, whose
 * start no row gives, is taken to be as long as the second, or to start at the proposal when it is alone.
 */
export function selectSlots(report: DetectionReport, finding: Finding): TimelineSlot[] {
  const rows = report.evidence
    .filter((row) => row.findingId === finding.id && Number.isFinite(row.atMs))
    .sort((a, b) => a.atMs - b.atMs);
  return rows.map((row, i) => {
    const firstLength = (rows[1]?.atMs ?? row.atMs + Math.max(0, row.atMs - finding.proposedAtMs)) - row.atMs;
    const { atMs, log10ECoordination, log10EDemand, exchanges } = row;
    const fromMs = rows[i - 1]?.atMs ?? atMs - (firstLength > 0 ? firstLength : DAY_MS);
    return { fromMs, toMs: atMs, log10ECoordination, log10EDemand, exchanges };
  });
}

/** What the lower panel draws: rates by slot when the report has them, else the two averages before and after the alarm. */
function selectRates(slots: readonly TimelineSlot[], finding: Finding, endMs: number) {
  if (slots.some((slot) => slot.exchanges > 0))
    return { average: false, rates: slots.map((slot) => rateOf(slot.fromMs, slot.toMs, slot.exchanges)) };
  const { firstExchangeAtMs, firstAlarmAtMs, exchangesBeforeAlarm, exchangesAfterAlarm } = finding;
  const rates = [rateOf(firstExchangeAtMs, firstAlarmAtMs, exchangesBeforeAlarm)];
  if (exchangesAfterAlarm > 0) rates.push(rateOf(firstAlarmAtMs, endMs, exchangesAfterAlarm));
  return { average: true, rates };
}

function rateOf(fromMs: number, toMs: number, exchanges: number) {
  return { fromMs, toMs, perDay: (Math.max(0, exchanges) / Math.max(1, toMs - fromMs)) * DAY_MS };
}

/**
 * Evidence (log10 e of coordination and demand, the sufficient level, the alarm) over exchanges a day, on one time axis.
 * `width` in CSS pixels, >= 300: type is drawn at its real size, so a page carries a wide and a narrow drawing instead
 * of scaling one. `key` makes ids unique within the page. Null when the report holds no series for the finding.
 */
export function drawTimeline(
  report: DetectionReport,
  finding: Finding,
  width: number,
  key: string,
): Markup | null {
  const slots = selectSlots(report, finding);
  const first = slots[0];
  if (first === undefined) return null;
  const left = 46;
  const right = width - 12;
  const startMs = Math.min(first.fromMs, finding.firstExchangeAtMs);
  const endMs = Math.max(slots.at(-1)?.toMs ?? 0, finding.firstAlarmAtMs, report.window.toMs);
  const x = (atMs: number) => at(left + ((atMs - startMs) / (endMs - startMs)) * (right - left));
  const { top } = HEIGHT;
  const bottom = top + HEIGHT.evidence;
  const enough = sufficientLog10E(report);
  const values = slots.flatMap((slot) => [slot.log10ECoordination, slot.log10EDemand]);
  const scale = fitScale(values, enough, bottom, top);
  const y = (value: number) => at(scale(value));
  // Before its first slot a pool has no evidence: an e-value starts at 1.
  const line = (pick: (slot: TimelineSlot) => number) =>
    `M${x(first.fromMs)} ${y(0)}${slots.map((slot) => `L${x(slot.toMs)} ${y(pick(slot))}`).join('')}`;
  const dots = (pick: (slot: TimelineSlot) => number, name: string): HtmlValue =>
    slots.length <= 60 &&
    slots.map(
      (slot) => html`<circle class="${name}-dot" cx="${x(slot.toMs)}" cy="${y(pick(slot))}" r="2.5">
<title>${formatInstant(slot.toMs)}: ${name} ${formatLog10(pick(slot))}</title></circle>`,
    );

  const { average, rates } = selectRates(slots, finding, endMs);
  const columnsTop = bottom + HEIGHT.gap;
  const columnsBottom = columnsTop + HEIGHT.exchanges;
  const most = Math.max(1, ...rates.map((rate) => rate.perDay));
  const columns = fitScale([most], most, columnsBottom, columnsTop);
  const area = rates
    .map(
      (rate) =>
        `M${x(rate.fromMs)} ${columnsBottom}V${at(columns(rate.perDay))}H${x(rate.toMs)}V${columnsBottom}`,
    )
    .join('');
  const alarm = x(finding.firstAlarmAtMs);
  const height = columnsBottom + HEIGHT.axis;
  const onRight = alarm > (left + right) / 2;

  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
 aria-label="Evidence and exchanges over time; the figures are in the table below">
<defs>
<clipPath id="${key}-before"><rect x="0" y="${columnsTop - 4}" width="${alarm}" height="${HEIGHT.exchanges + 8}"/></clipPath>
<clipPath id="${key}-after"><rect x="${alarm}" y="${columnsTop - 4}" width="${at(width - alarm)}" height="${HEIGHT.exchanges + 8}"/></clipPath>
<pattern id="${key}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V5"/></pattern>
</defs>
<text class="axis-title" x="0" y="12">Evidence so far, log10 e${scale.kind === 'square-root' ? ' (square-root scale)' : ''}</text>
${scale.ticks.map((tick) => drawTick(tick, y(tick), left, right, tickLabel(tick)))}
<path class="needed" d="M${left} ${y(enough)}H${right}"/>
<text class="note" x="${right}" y="${at(y(enough) - 6)}" text-anchor="end">enough on its own ${formatLog10(enough)}</text>
<path class="alarm" d="M${alarm} ${top}V${columnsBottom}"/>
<path class="demand" d="${line((slot) => slot.log10EDemand)}"/>
<path class="coordination" d="${line((slot) => slot.log10ECoordination)}"/>
${dots((slot) => slot.log10EDemand, 'demand')}
${dots((slot) => slot.log10ECoordination, 'coordination')}
<text class="alarm-label" x="${at(alarm + (onRight ? -7 : 7))}" y="${bottom + 22}" text-anchor="${onRight ? 'end' : 'start'}">alarm ${formatInstant(finding.firstAlarmAtMs)}</text>
<text class="axis-title" x="0" y="${columnsTop - 12}">Exchanges a day${average ? ', average before and after' : ''}</text>
${[0, columns.ticks.at(-1) ?? 0].map((tick) => drawTick(tick, at(columns(tick)), left, right, shortCount(tick)))}
<path class="before" d="${area}" clip-path="url(#${key}-before)"/>
<path class="after" d="${area}" fill="url(#${key}-hatch)" clip-path="url(#${key}-after)"/>
${dayTicks(startMs, endMs, width).map(
  (day) => html`<path class="grid" d="M${x(day)} ${columnsBottom}v5"/>
<text class="tick" x="${x(day)}" y="${columnsBottom + 20}" text-anchor="${x(day) > right - 24 ? 'end' : 'middle'}">${formatDay(day).replace(/ \d{4}$/, '')}</text>`,
)}
</svg>`;
}

function drawTick(tick: number, y: number, left: number, right: number, label: string): Markup {
  return html`<path class="${tick === 0 ? 'zero' : 'grid'}" d="M${left} ${y}H${right}"/>
<text class="tick" x="${left - 8}" y="${at(y + 4)}" text-anchor="end">${label}</text>`;
}

/** Same figures as the drawing, one row a slot. */
export function tabulateTimeline(report: DetectionReport, finding: Finding): Markup {
  return html`<table><caption>Evidence and exchanges by slot</caption>
<thead><tr><th scope="col">Slot ends</th><th scope="col" class="figure">Coordination, log10 e</th>
<th scope="col" class="figure">Demand, log10 e</th><th scope="col" class="figure">Exchanges</th></tr></thead>
<tbody>${selectSlots(report, finding).map(
    (row) => html`<tr><th scope="row">${formatInstant(row.toMs)}</th>
<td class="figure">${formatLog10(row.log10ECoordination)}</td><td class="figure">${formatLog10(row.log10EDemand)}</td>
<td class="figure">${formatCount(row.exchanges)}</td></tr>`,
  )}</tbody></table>`;
}

/** Rounds to a tenth of a pixel: enough for a screen, and half the bytes. */
function at(value: number): number {
  return Math.round(value * 10) / 10;
}

function tickLabel(tick: number): string {
  return Number(tick.toPrecision(3)).toLocaleString('en-US').replace('-', '−');
}

function shortCount(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : formatCount(value);
}

function dayTicks(startMs: number, endMs: number, width: number): number[] {
  const most = Math.max(2, Math.floor(width / 96));
  const step = Math.ceil(Math.max(1, (endMs - startMs) / DAY_MS / most)) * DAY_MS;
  const ticks: number[] = [];
  for (let day = Math.ceil(startMs / DAY_MS) * DAY_MS; day <= endMs; day += step) ticks.push(day);
  return ticks;
}
