import type { JointVerdict } from '@phalanx/coalition/joint';
import { DAY_MS, html, type Markup, renderHtmlPage } from '@phalanx/core';
import { formatCount, formatDay, formatLog10, formatPlural } from './figures.js';
import { isNamed, type JointFigures } from './joint-text.js';
import { fitScale } from './report-page/scale.js';
import { STYLE } from './report-page/style.js';

const [WIDTH, NARROW, HEIGHT] = [860, 330, 300];
const DASHES = ['0', '7 4', '2 3', '10 3 2 3', '1 5'];

const PAGE_STYLE = `${STYLE}
.chart .lab { stroke: var(--soft); stroke-width: 1.5; fill: none; stroke-linejoin: round; }
.chart .joint { stroke: var(--accent); stroke-width: 3; fill: none; stroke-linejoin: round; }
.chart .joint-dot { fill: var(--accent); }
.chart .lab-label { fill: var(--soft); font-size: 13px; }
.chart .joint-label { fill: var(--accent); font-size: 13px; font-weight: 600; }
.wide { display: block; } .narrow { display: none; }
@media (max-width: 700px) { .wide { display: none; } .narrow { display: block; } }
td.figure, th.figure { text-align: right; }
td { overflow-wrap: normal; }
table + p { margin-top: 24px; }
`;

/** A rehearsal's joint finding as one HTML file that asks nothing of any network. */
export function renderJointPage(story: JointFigures): string {
  const told = story.verdicts.filter(({ kind }) => kind !== 'nothing');
  const body = html`<header><p class="mark">Phalanx</p><p class="window">${formatDay(story.from * DAY_MS)} to ${formatDay((story.from + story.days - 1) * DAY_MS)}, ${formatPlural(story.labs.length, 'lab')}</p></header>
<main>
<section class="summary">
<h1>${told[0]?.text.title ?? 'Nobody is named'}</h1>
${story.labs.every(({ alone }) => alone.length === 0) ? html`<p class="sentence">No lab had a finding of its own.</p>` : null}
${told.map((verdict) => renderVerdict(verdict, story))}
</section>
<section><h2>What crossed between parties</h2>
<table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Message</th><th scope="col" class="figure">Messages</th><th scope="col" class="figure">Bytes</th></tr></thead>
<tbody>${story.crossed.map(
    ({ from, to, kind, messages, bytes }) =>
      html`<tr><td>${from}</td><td>${to}</td><td>${kind}</td><td class="figure">${formatCount(messages)}</td><td class="figure">${formatCount(bytes)}</td></tr>`,
  )}</tbody></table>
<p>Each lab sent ${formatCount(story.entries)} sealed values a round, padding included. The hub read ${formatPlural(story.revealed, 'value')} that two labs or more hold, and which labs hold them. Labs read labels of pools, tenths of a decade of evidence, and numbers of values in common.</p>
</section>
</main>`;
  return renderHtmlPage({ title: 'Joint finding', style: PAGE_STYLE, body });
}

function renderVerdict(verdict: JointFigures['verdicts'][number], story: JointFigures): Markup {
  const { text } = verdict;
  return html`<article>
${story.verdicts[0] === verdict ? null : html`<h2>${text.title}</h2>`}
${text.sentences.map((sentence) => html`<p>${sentence}</p>`)}
<figure><div class="wide">${drawEvidence(verdict, story, WIDTH)}</div><div class="narrow">${drawEvidence(verdict, story, NARROW)}</div></figure>
${tabulate(verdict, story)}
${
  isNamed(verdict)
    ? html`<h3>Innocent, it would be</h3><ul>${text.innocent.map((one) => html`<li>${one}</li>`)}</ul>
<h3>It would be refuted by</h3><ul>${text.wouldRefute.map((one) => html`<li>${one}</li>`)}</ul>
<h3>Rests on</h3><p>${text.assumption}</p>`
    : null
}
</article>`;
}

interface Series {
  readonly days: readonly number[];
  readonly labs: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly joint: readonly number[];
}

/** Evidence at the end of each day since the candidate was opened, beginning with 0. */
function readSeries(verdict: JointVerdict, story: JointFigures): Series {
  const past = story.history.flatMap(({ verdicts }) =>
    verdicts.filter(({ candidate }) => candidate.number === verdict.candidate.number),
  );
  return {
    days: [verdict.candidate.day, ...past.map(({ day }) => day)],
    labs: verdict.evidence.map(({ place }, i) => ({
      name: story.labs[place - 1]!.name,
      values: [0, ...past.map(({ evidence }) => (evidence[i]?.coordination ?? 0) / 10)],
    })),
    joint: [0, ...past.map(({ log10ECoordination }) => log10ECoordination)],
  };
}

function drawEvidence(verdict: JointVerdict, story: JointFigures, width: number): Markup {
  const { days, labs, joint } = readSeries(verdict, story);
  const [left, right, top, bottom] = [40, width - 112, 30, HEIGHT - 34];
  const first = days[0]!;
  const span = Math.max(1, days.at(-1)! - first);
  const x = (day: number) => at(left + ((day - first) / span) * (right - left));
  const needed = verdict.neededLog10E;
  const scale = fitScale([...joint, ...labs.flatMap(({ values }) => values)], needed, bottom, top);
  const y = (value: number) => at(scale(value));
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(days[i]!)} ${y(value)}`).join('');
  const ends = spread([...labs.map(({ values }) => y(values.at(-1)!)), y(joint.at(-1)!)], 17);
  return html`<svg class="chart" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img"
 aria-label="Evidence of each lab and of all together by day; the figures are in the table below">
<text class="axis-title" x="0" y="12">Evidence since the pools were joined, log10 e${scale.kind === 'square-root' ? ' (square-root scale)' : ''}</text>
${scale.ticks.map(
  (tick) =>
    html`<path class="${tick === 0 ? 'zero' : 'grid'}" d="M${left} ${y(tick)}H${right}"/><text class="tick" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${formatLog10(tick).replace(/\.0$/, '')}</text>`,
)}
<path class="needed" d="M${left} ${y(needed)}H${right}"/>
<text class="note" x="${left + 6}" y="${at(y(needed) - 6)}">needed ${formatLog10(needed)}</text>
${labs.map(({ values }, i) => html`<path class="lab" stroke-dasharray="${DASHES[i % DASHES.length]!}" d="${line(values)}"/>`)}
<path class="joint" d="${line(joint)}"/>
${joint.map((value, i) => html`<circle class="joint-dot" cx="${x(days[i]!)}" cy="${y(value)}" r="3"/>`)}
${labs.map(({ name, values }, i) => html`<text class="lab-label" x="${right + 8}" y="${at(ends[i]! + 4)}">${name} ${formatLog10(values.at(-1)!)}</text>`)}
<text class="joint-label" x="${right + 8}" y="${at(ends.at(-1)! + 4)}">together ${formatLog10(joint.at(-1)!)}</text>
${days.map((day) => html`<text class="tick" x="${x(day)}" y="${HEIGHT - 12}" text-anchor="middle">${width < 500 ? day - story.from + 1 : `end of day ${day - story.from + 1}`}</text>`)}
</svg>`;
}

/** Moves places apart so that labels do not overlap, as little as their order allows. */
function spread(places: readonly number[], gap: number): number[] {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place);
  for (let k = 1; k < order.length; k++)
    order[k]!.place = Math.max(order[k]!.place, order[k - 1]!.place + gap);
  const over = order.at(-1)!.place - (HEIGHT - 34);
  if (over > 0) for (const one of order) one.place -= over;
  const out: number[] = [];
  for (const { place, i } of order) out[i] = place;
  return out;
}

function tabulate(verdict: JointVerdict, story: JointFigures): Markup {
  const { days, labs, joint } = readSeries(verdict, story);
  return html`<table><caption>log10 e at the end of each day; “together” is for “fewer than two labs’ pools are coordinated”</caption>
<thead><tr><th scope="col">Day</th>${labs.map(({ name }) => html`<th scope="col" class="figure">Lab ${name}</th>`)}<th scope="col" class="figure">Together</th></tr></thead>
<tbody>${days.map(
    (day, i) =>
      html`<tr><th scope="row">${formatDay(day * DAY_MS)}</th>${labs.map(({ values }) => html`<td class="figure">${formatLog10(values[i]!)}</td>`)}<td class="figure">${formatLog10(joint[i]!)}</td></tr>`,
  )}</tbody></table>`;
}

/** Rounds to a tenth of a pixel. */
function at(value: number): number {
  return Math.round(value * 10) / 10;
}
