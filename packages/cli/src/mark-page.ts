import { writeFileSync } from 'node:fs';
import { html, type Markup, PhalanxError, renderHtmlPage, showInvisible } from '@phalanx/core';
import type { Detection, ReadText, ReportedText } from '@phalanx/watermark';
import type { CliErrorCode } from './cli-error.js';
import { formatCount, formatEffect, formatLog10, formatPlural } from './figures.js';
import { STYLE } from './report-page/style.js';
import type { TextRow } from './text-rows.js';

/** Texts shown, lowest p first, and tokens of one. */
const MAX_TEXTS = 50;
const MAX_TOKENS = 20_000;

/**
 * A detection as one HTML file that asks nothing of any network: the verdict, and each text with its tokens shaded by the probability of
 * being marked and the spans that hold at alpha framed.
 *
 * @throws PhalanxError `CLI_FILE`
 */
export async function writeMarkPage(
  path: string,
  detection: Detection,
  rows: readonly TextRow[],
): Promise<void> {
  try {
    writeFileSync(path, renderMarkPage(detection, rows));
  } catch (cause) {
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `cannot write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The page of `writeMarkPage`. */
export function renderMarkPage({ report, read, posteriors }: Detection, rows: readonly TextRow[]): string {
  const isFound = report.log10P <= Math.log10(report.alpha);
  const order = report.each
    .map((_, i) => i)
    .sort((a, b) => report.each[a]!.log10AdjustedP - report.each[b]!.log10AdjustedP);
  const body = html`<header><p class="mark">Phalanx</p></header>
<main>
<h1>${isFound ? 'These texts depend on the key' : 'No mark found'}</h1>
<p class="sentence">log10 p = ${formatLog10(report.log10P)} over ${formatPlural(report.scored, 'scored token')}; mean score ${formatEffect(report.excess)} above what chance gives.</p>
<dl>
<div><dt>Null</dt><dd>${report.null}.</dd></div>
<div><dt>Holds if</dt><dd>${report.assumption}.</dd></div>
<div><dt>Not shown</dt><dd>Who passed the texts on: keys leak, and a mark can be copied.</dd></div>
<div><dt>Key</dt><dd><code>${report.keyId}</code>, ${report.dialect}, model ${report.model}</dd></div>
<div><dt>Left out</dt><dd>${formatCount(report.repeated)} repeated and ${formatCount(report.unscored)} other tokens${report.masked.length > 0 ? ` (${report.masked.join(', ')})` : ''}</dd></div>
${renderDecoys(report.decoys)}
</dl>
<p class="meta">Shade: probability of being marked, under the assumptions of a two-state chain; a picture and no claim. Frame: a stretch that holds marked tokens, at alpha = ${report.alpha} for all texts together. Scores begin a few tokens after a mark does.</p>
${order.slice(0, MAX_TEXTS).map((i) => renderText(rows[i]!, report.each[i]!, read[i]!, posteriors[i]!))}
${order.length > MAX_TEXTS ? html`<p>${formatCount(order.length - MAX_TEXTS)} further texts are not shown.</p>` : null}
</main>`;
  return renderHtmlPage({ title: `Marks in ${formatPlural(report.texts, 'text')}`, style: PAGE_STYLE, body });
}

function renderDecoys(decoys: Detection['report']['decoys']): Markup | null {
  if (decoys === null) return null;
  const { tried, atMost1Percent, calibrated } = decoys;
  return html`<div><dt>Check</dt><dd>${calibrated ? '' : 'CAUTION: do not rely on p. '}Of ${tried} keys that nobody used, ${atMost1Percent} have p at most 0.01 on the same tokens.</dd></div>`;
}

function renderText(
  { file, line }: TextRow,
  { log10P, log10AdjustedP, scored, spans }: ReportedText,
  { text, starts, mask }: ReadText,
  posterior: Float64Array | null,
): Markup {
  return html`<section><h2>${line === null ? file : `${file}:${line}`}</h2>
<p class="meta">log10 p ${formatLog10(log10P)}, adjusted for all texts ${formatLog10(log10AdjustedP)}; ${formatPlural(scored, 'token')} scored; ${spans === undefined ? 'not searched for spans' : formatPlural(spans.length, 'span')}${spans?.map(({ tokens, log10P: spanLog10P }) => `; tokens ${tokens[0]} to ${tokens[1]} at ${formatLog10(spanLog10P)}`).join('') ?? ''}</p>
<div class="text">${
    starts === null || posterior === null
      ? text.slice(0, MAX_TOKENS)
      : renderTokens(text, starts, posterior, mask, spans?.map(({ tokens }) => tokens) ?? [])
  }</div></section>`;
}

/** Neighbours of one shade make one element. */
function renderTokens(
  text: string,
  starts: Uint32Array,
  posterior: Float64Array,
  mask: Uint8Array | null,
  spans: readonly (readonly [number, number])[],
): Markup[] {
  const parts: Markup[] = [];
  const count = Math.min(posterior.length, MAX_TOKENS);
  const classOf = (i: number): string => {
    const shade = mask?.[i] === 0 ? 'x' : `p${Math.min(4, Math.floor(posterior[i]! * 5))}`;
    return spans.some(([start, end]) => i >= start && i < end) ? `${shade} s` : shade;
  };
  for (let i = 0; i < count; ) {
    const name = classOf(i);
    let end = i + 1;
    while (end < count && classOf(end) === name) end++;
    const piece = text
      .slice(starts[i]!, starts[end]!)
      .split('\n')
      .map((line) => showInvisible(line));
    parts.push(
      html`<span class="${name}">${piece.map((line, k) => (k === 0 ? html`${line}` : html`<br>${line}`))}</span>`,
    );
    i = end;
  }
  if (posterior.length > count)
    parts.push(html`<p>${formatCount(posterior.length - count)} further tokens are not shown.</p>`);
  return parts;
}

/** Shades of the report's accent; text keeps its ink on all of them. */
const SHADES = `
main { padding-bottom: 72px; }
dl { margin: 0 0 36px; border-top: 1px solid var(--line); }
dl div { display: grid; grid-template-columns: 8rem 1fr; gap: 16px; padding: 8px 0; border-bottom: 1px solid var(--line); }
dt { color: var(--soft); }
dd { margin: 0; }
main > section { padding: 36px 0; }
section h2 { font-size: 17px; margin: 0 0 4px; }
.text { line-height: 1.9; white-space: pre-wrap; max-width: 76ch; }
.p1 { background: color-mix(in srgb, var(--accent) 10%, transparent); }
.p2 { background: color-mix(in srgb, var(--accent) 18%, transparent); }
.p3 { background: color-mix(in srgb, var(--accent) 26%, transparent); }
.p4 { background: color-mix(in srgb, var(--accent) 36%, transparent); }
.x { color: var(--soft); text-decoration: underline dotted; }
.s { border-block: 2px solid var(--accent); }
@media (max-width: 520px) { dl div { grid-template-columns: 1fr; gap: 0; } }
`;
const PAGE_STYLE = STYLE + SHADES;
