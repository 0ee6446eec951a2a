import { DAY_MS } from '@phalanx/core';
import type { DetectionReport, Finding } from '@phalanx/domain';
import { formatCount, formatDay, formatInstant, formatLog10 } from '../figures.js';
import { neededLog10E } from '../finding-sentence.js';
import { type HtmlValue, html, type Markup } from './html.js';
import { fitScale, niceStep } from './scale.js';

const HEIGHT = { evidence: 200, gap: 44, exchanges: 84, axis: 30, top: 26 };

/** One row of the report's evidence series. */
export type EvidencePoint = DetectionReport['evidence'][number];

/** A finding's evidence series, ascending by time. */
export function selectEvidence(report: DetectionReport, finding: Finding): EvidencePoint[] {
  return report.evidence.filter((row) => row.findingId === finding.id).sort((a, b) => a.atMs - b.atMs);
}

/**
 * Evidence (log10 e of coordination and demand, the needed level, the alarm) over exchanges a slot, on one time axis.
 * `width` in CSS pixels, >= 300: type is drawn at its real size, so a page carries a wide and a narrow drawing instead
 * of scaling one. `key` makes ids unique within the page. Null when the report holds no series for the finding.
 */
export function drawTimeline(
  report: DetectionReport,
  finding: Finding,
  width: number,
  key: string,
): Markup | null {
  const rows = selectEvidence(report, finding);
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return null;
  const slotMs = medianGap(rows);
  const left = 46;
  const right = width - 12;
  const startMs = Math.min(first.atMs, finding.firstAlarmAtMs);
  const endMs = Math.max(last.atMs + slotMs, finding.firstAlarmAtMs);
  const x = (atMs: number) => left + ((atMs - startMs) / (endMs - startMs)) * (right - left);

  const needed = neededLog10E(report);
  const { top } = HEIGHT;
  const bottom = top + HEIGHT.evidence;
  const scale = fitScale(
    rows.flatMap((row) => [row.log10ECoordination, row.log10EDemand]),
    needed,
    bottom,
    top,
  );
  const line = (pick: (row: EvidencePoint) => number) =>
    rows.map((row, i) => `${i === 0 ? 'M' : 'L'}${at(x(row.atMs))} ${at(scale(pick(row)))}`).join('');
  const dots = (pick: (row: EvidencePoint) => number, name: string, kind: string): HtmlValue =>
    rows.length > 60
      ? null
      : rows.map(
          (row) => html`<circle class="${kind}" cx="${at(x(row.atMs))}" cy="${at(scale(pick(row)))}" r="2.5">
<title>${formatDay(row.atMs)}: ${name} ${formatLog10(pick(row))}</title></circle>`,
        );

  const columnsTop = bottom + HEIGHT.gap;
  const columnsBottom = columnsTop + HEIGHT.exchanges;
  const most = Math.max(1, ...rows.map((row) => row.exchanges));
  const columns = fitScale([most], most, columnsBottom, columnsTop);
  const area = rows
    .map((row) => {
      const y = at(columns(Math.max(0, row.exchanges)));
      return `V${y}H${at(x(Math.min(row.atMs + slotMs, endMs)))}`;
    })
    .join('');
  const areaPath = `M${at(x(first.atMs))} ${columnsBottom}${area}V${columnsBottom}Z`;
  const alarm = x(finding.firstAlarmAtMs);
  const height = columnsBottom + HEIGHT.axis;
  const alarmAnchor = alarm > (left + right) / 2 ? 'end' : 'start';
  const alarmText = alarm + (alarmAnchor === 'end' ? -6 : 6);

  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
 aria-label="Evidence and exchanges over time; the figures are in the table below">
<defs>
<clipPath id="${key}-before"><rect x="0" y="${columnsTop - 4}" width="${at(alarm)}" height="${HEIGHT.exchanges + 8}"/></clipPath>
<clipPath id="${key}-after"><rect x="${at(alarm)}" y="${columnsTop - 4}" width="${at(width - alarm)}" height="${HEIGHT.exchanges + 8}"/></clipPath>
<pattern id="${key}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V5"/></pattern>
</defs>
<text class="axis-title" x="0" y="12">Evidence, log10 e${scale.kind === 'square-root' ? ' (square-root scale)' : ''}</text>
${scale.ticks.map(
  (tick) => html`<path class="${tick === 0 ? 'zero' : 'grid'}" d="M${left} ${at(scale(tick))}H${right}"/>
<text class="tick" x="${left - 8}" y="${at(scale(tick) + 4)}" text-anchor="end">${tickLabel(tick)}</text>`,
)}
<path class="needed" d="M${left} ${at(scale(needed))}H${right}"/>
<text class="note" x="${right}" y="${at(scale(needed) - 6)}" text-anchor="end">needed ${formatLog10(needed)}</text>
<path class="demand" d="${line((row) => row.log10EDemand)}"/>
<path class="coordination" d="${line((row) => row.log10ECoordination)}"/>
${dots((row) => row.log10EDemand, 'demand', 'demand-dot')}
${dots((row) => row.log10ECoordination, 'coordination', 'coordination-dot')}
<text class="axis-title" x="0" y="${columnsTop - 14}">Exchanges per slot</text>
${columns.ticks
  .filter((tick) => tick === 0 || tick === columns.ticks.at(-1))
  .map(
    (tick) => html`<path class="${tick === 0 ? 'zero' : 'grid'}" d="M${left} ${at(columns(tick))}H${right}"/>
<text class="tick" x="${left - 8}" y="${at(columns(tick) + 4)}" text-anchor="end">${shortCount(tick)}</text>`,
  )}
<path class="before" d="${areaPath}" clip-path="url(#${key}-before)"/>
<path class="after" d="${areaPath}" fill="url(#${key}-hatch)" clip-path="url(#${key}-after)"/>
<path class="alarm" d="M${at(alarm)} ${top}V${columnsBottom}"/>
<text class="alarm-label" x="${at(alarmText)}" y="${bottom + 16}" text-anchor="${alarmAnchor}">alarm ${formatDay(finding.firstAlarmAtMs)}</text>
${dayTicks(startMs, endMs, width).map(
  (day) => html`<path class="grid" d="M${at(x(day))} ${columnsBottom}v5"/>
<text class="tick" x="${at(x(day))}" y="${columnsBottom + 20}" text-anchor="${x(day) > right - 24 ? 'end' : 'middle'}">${formatDay(day).replace(/ \d{4}$/, '')}</text>`,
)}
</svg>`;
}

/** Same figures as the drawing, one row a slot. */
export function tabulateTimeline(report: DetectionReport, finding: Finding): Markup {
  return html`<table><caption>Evidence and exchanges by slot</caption>
<thead><tr><th scope="col">Slot</th><th scope="col" class="figure">Coordination, log10 e</th>
<th scope="col" class="figure">Demand, log10 e</th><th scope="col" class="figure">Exchanges</th></tr></thead>
<tbody>${selectEvidence(report, finding).map(
    (row) => html`<tr><th scope="row">${formatInstant(row.atMs)}</th>
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

function medianGap(rows: readonly EvidencePoint[]): number {
  const gaps = rows.slice(1).map((row, i) => row.atMs - (rows[i]?.atMs ?? row.atMs));
  gaps.sort((a, b) => a - b);
  return Math.max(1, gaps[gaps.length >> 1] ?? DAY_MS);
}

function dayTicks(startMs: number, endMs: number, width: number): number[] {
  const most = Math.max(2, Math.floor(width / 96));
  const step = niceStep(Math.max(1, (endMs - startMs) / DAY_MS / most)) * DAY_MS;
  const ticks: number[] = [];
  for (let day = Math.ceil(startMs / DAY_MS) * DAY_MS; day <= endMs; day += step) ticks.push(day);
  return ticks;
}
