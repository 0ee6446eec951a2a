import { DAY_MS, html, type Markup, shortenText } from '@phalanx/core';
import type { Finding, FindingMember } from '@phalanx/domain';
import { formatCount, formatDay, formatPlural } from '../figures.js';

/** Above this many members a drawing of dots says less than a drawing of groups. */
const DOTS_AT_MOST = 150;
const GROUPS_AT_MOST = 8;
const CAPTION = 50;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Members that first appeared in the same stretch of days. */
export interface ArrivalGroup {
  readonly fromMs: number;
  /** Just past the last day. */
  readonly toMs: number;
  readonly members: readonly FindingMember[];
  readonly exchanges: number;
}

/**
 * Members grouped by the UTC day of their first exchange; days are joined into equal stretches so that at most 8 groups
 * remain. Stretches in which nobody appeared are left out. Members strongest first. The report holds no pairwise links,
 * so arrival is the only grouping that does not invent any.
 */
export function groupArrivals(members: readonly FindingMember[]): ArrivalGroup[] {
  if (members.length === 0) return [];
  const days = members.map((member) => Math.floor(member.firstAtMs / DAY_MS));
  // Not Math.min(...days): a pool may hold more accounts than a call can take arguments.
  const firstDay = days.reduce((low, day) => Math.min(low, day), Number.POSITIVE_INFINITY);
  const lastDay = days.reduce((high, day) => Math.max(high, day), Number.NEGATIVE_INFINITY);
  const stretch = Math.ceil((lastDay - firstDay + 1) / GROUPS_AT_MOST);
  const groups = new Map<number, FindingMember[]>();
  for (const [i, member] of members.entries()) {
    const index = Math.floor(((days[i] ?? firstDay) - firstDay) / stretch);
    const group = groups.get(index);
    if (group === undefined) groups.set(index, [member]);
    else group.push(member);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => a - b)
    .map(([index, group]) => ({
      fromMs: (firstDay + index * stretch) * DAY_MS,
      toMs: (firstDay + (index + 1) * stretch) * DAY_MS,
      members: group.sort((a, b) => b.strength - a.strength),
      exchanges: group.reduce((total, member) => total + member.exchanges, 0),
    }));
}

/**
 * Up to 150 members: a dot each (area by exchanges, fill by tie strength) in sunflower order around the strongest.
 * More: a disc a group, area by number of accounts. `width` in CSS pixels.
 */
export function drawAccounts(finding: Finding, width: number): Markup | null {
  const groups = groupArrivals(finding.members);
  if (groups.length === 0) return null;
  const rows = Math.ceil(groups.length / (width > 500 ? 5 : 2));
  const perRow = Math.ceil(groups.length / rows);
  const cell = width / perRow;
  const most = Math.max(...groups.map((group) => group.members.length));
  const dots = finding.members.length <= DOTS_AT_MOST;
  const room = Math.min(cell / 2 - 10, 96);
  const busiest = Math.max(1, ...(dots ? finding.members.map((member) => member.exchanges) : [1]));
  const spacing = Math.min(14, room / Math.sqrt(most + 1));
  const radius = dots ? Math.max(22, spacing * Math.sqrt(most) + 8) : room;
  const rowHeight = 2 * radius + CAPTION;
  const height = Math.ceil(groups.length / perRow) * rowHeight;
  return html`<svg class="chart" viewBox="0 0 ${width} ${round(height)}" width="${width}" height="${round(height)}" role="img"
 aria-label="Accounts by the day they first appeared; the figures are in the table below">
${groups.map((group, i) => {
  const cx = round(cell * ((i % perRow) + 0.5));
  const cy = round(Math.floor(i / perRow) * rowHeight + radius);
  return html`<g>${dots ? dotsOf(group, cx, cy, spacing, busiest) : discOf(group, cx, cy, radius, most)}
<text class="label" x="${cx}" y="${round(cy + radius + 18)}" text-anchor="middle">${nameStretch(group)}</text>
<text class="tick" x="${cx}" y="${round(cy + radius + 35)}" text-anchor="middle">${formatPlural(group.members.length, 'account')}</text></g>`;
})}</svg>`;
}

/** Same figures as the drawing, one row a group. */
export function tabulateAccounts(finding: Finding): Markup {
  return html`<table><caption>Accounts by first appearance</caption>
<thead><tr><th scope="col">First exchange</th><th scope="col" class="figure">Accounts</th><th scope="col" class="figure">Exchanges</th></tr></thead>
<tbody>${groupArrivals(finding.members).map(
    (
      group,
    ) => html`<tr><th scope="row">${nameStretch(group)}</th><td class="figure">${formatCount(group.members.length)}</td>
<td class="figure">${formatCount(group.exchanges)}</td></tr>`,
  )}</tbody></table>`;
}

/** One sentence under the drawing: how to read it. */
export function explainAccounts(finding: Finding): string {
  return finding.members.length <= DOTS_AT_MOST
    ? 'Each dot is an account, grouped by the day it first appeared. Area: its exchanges. Solid: tied to the pool by more than 1000 to 1; tinted: more than 10 to 1; hollow: less.'
    : 'Each disc is the accounts that first appeared in that time; its area is their number.';
}

function dotsOf(group: ArrivalGroup, cx: number, cy: number, spacing: number, busiest: number): Markup[] {
  return group.members.map((member, i) => {
    const distance = spacing * Math.sqrt(i);
    const tie = member.strength >= 3 ? 'tie-strong' : member.strength >= 1 ? 'tie-some' : 'tie-weak';
    const size = Math.max(1.5, spacing * 0.82 * Math.sqrt(member.exchanges / busiest));
    return html`<circle class="${tie}" cx="${round(cx + distance * Math.cos(i * GOLDEN_ANGLE))}" cy="${round(cy + distance * Math.sin(i * GOLDEN_ANGLE))}" r="${round(size)}">
<title>${shortenText(member.accountId, 40)}: ${formatPlural(member.exchanges, 'exchange')}</title></circle>`;
  });
}

function discOf(group: ArrivalGroup, cx: number, cy: number, radius: number, most: number): Markup {
  return html`<circle class="disc" cx="${cx}" cy="${cy}" r="${round(radius * Math.sqrt(group.members.length / most))}">
<title>${nameStretch(group)}: ${formatPlural(group.members.length, 'account')}, ${formatPlural(group.exchanges, 'exchange')}</title></circle>`;
}

function nameStretch(group: ArrivalGroup): string {
  const last = group.toMs - DAY_MS;
  return group.fromMs === last
    ? formatDay(last)
    : `${formatDay(group.fromMs).replace(/ \d{4}$/, '')} to ${formatDay(last)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
