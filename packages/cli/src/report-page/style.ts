/**
 * The page's style sheet. One accent; contrast of every text colour on its ground is at least 4.5 (WCAG 2.2 AA), which
 * the browser test recomputes in both colour schemes.
 */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1b1d21; --soft: #5a5f68; --line: #dddcd6; --faint: #f2f1ec; --accent: #0b5c8a; --tint: #bcd5e3; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #e9e8e4; --soft: #a3a8b1; --line: #33373e; --faint: #1c1f24; --accent: #74bfea; --tint: #2d5068; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header, main, footer { max-width: 908px; margin: 0 auto; padding: 0 24px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: baseline; padding-top: 28px; padding-bottom: 20px; font-size: 15px; }
header p { margin: 0; }
.mark { font-weight: 650; letter-spacing: .01em; }
.window { color: var(--soft); }
nav { margin-left: auto; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0; padding: 0; list-style: none; }
nav li { margin: 0; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
a:hover { text-decoration-thickness: 2px; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--ink); text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: 16px; top: -60px; padding: 8px 14px; background: var(--paper); border: 1px solid var(--line); }
.skip:focus { top: 12px; }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 620; letter-spacing: -.011em; text-wrap: balance; }
h1 { font-size: clamp(27px, 4.4vw, 40px); margin: 0 0 36px; max-width: 24em; letter-spacing: -.02em; }
h2 { font-size: clamp(23px, 3vw, 29px); margin: 0 0 28px; max-width: 29em; }
h3 { font-size: 19px; margin: 56px 0 8px; }
h4 { font-size: 15px; margin: 28px 0 4px; color: var(--soft); font-weight: 550; letter-spacing: 0; }
p, ul, ol { margin: 0 0 16px; max-width: 68ch; }
ul { padding-left: 1.15em; }
li { margin-bottom: 6px; }
li::marker { color: var(--soft); }
main > section { padding: 72px 0; border-top: 1px solid var(--line); }
main > section.summary { padding: 56px 0 72px; border-top: 0; }
.sentences { padding: 0; margin: 0 0 36px; list-style: none; max-width: none; }
.sentences li { margin: 0; padding: 22px 0 22px 20px; border-left: 3px solid var(--accent); margin-bottom: 20px; padding-block: 2px; }
.sentence { font-size: clamp(19px, 2.4vw, 22px); line-height: 1.45; color: var(--ink); max-width: 46em; }
a.sentence { text-decoration: none; }
a.sentence:hover { text-decoration: underline; }
.meta, .caution, figcaption p, .eyebrow, caption, footer, .unit { color: var(--soft); }
.meta { margin: 4px 0 0; font-size: 15px; }
.caution { font-size: 15px; }
.eyebrow { font-size: 14px; margin-bottom: 10px; }
.id { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; font-weight: 400; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 24px; margin: 0 0 44px; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { font-size: 14px; line-height: 1.35; color: var(--soft); }
.figures dd { margin: 0; font-size: 27px; line-height: 1.25; font-weight: 560; letter-spacing: -.015em; }
.readings { display: grid; grid-template-columns: 1fr 1fr; gap: 40px; padding: 28px; background: var(--faint); }
.reading h3 { margin-top: 0; }
.reading :last-child { margin-bottom: 0; }
.lead-in { font-weight: 620; margin-bottom: 6px; }
figure { margin: 0; }
figcaption p { font-size: 15px; margin-bottom: 18px; }
.chart { display: block; max-width: 100%; height: auto; font-family: inherit; font-size: 13px; }
.narrow { display: none; }
.chart text { fill: var(--ink); }
.chart .tick, .chart .axis-title, .chart .note { fill: var(--soft); }
.chart .axis-title { font-size: 13px; }
.chart .tick, .chart .note { font-size: 12px; }
.chart .grid, .chart .zero { stroke: var(--line); fill: none; }
.chart .zero { stroke: var(--soft); }
.chart .needed { stroke: var(--ink); stroke-dasharray: 2 4; fill: none; }
.chart .coordination { stroke: var(--accent); stroke-width: 2; fill: none; stroke-linejoin: round; }
.chart .demand { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 7 4; fill: none; stroke-linejoin: round; }
.chart .coordination-dot { fill: var(--accent); }
.chart .demand-dot { fill: var(--ink); }
.chart .alarm { stroke: var(--ink); fill: none; }
.chart .alarm-label { font-weight: 620; }
.chart .alarm-label, .chart .note, .chart .label { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
.chart .before { fill: var(--tint); stroke: var(--accent); }
.chart .disc, .chart .bar, .chart .tie-strong { fill: var(--accent); }
.chart .after { stroke: var(--accent); }
.chart .hatch { stroke: var(--accent); stroke-width: 2; }
.chart .bar-demand { fill: var(--ink); }
.chart .tie-some { fill: var(--tint); stroke: var(--accent); }
.chart .tie-weak { fill: none; stroke: var(--accent); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 22px; }
.key::before { content: ""; display: inline-block; width: 22px; margin-right: 8px; vertical-align: .28em; border-top: 2px solid var(--accent); }
.key-demand::before { border-top: 2px dashed var(--ink); }
.key-needed::before { border-top: 1px dotted var(--ink); }
.key-before::before, .key-after::before { height: 11px; width: 14px; vertical-align: -1px; border: 1px solid var(--accent); background: var(--tint); }
.key-after::before { background: repeating-linear-gradient(135deg, var(--accent) 0 2px, transparent 2px 5px); }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--accent); font-size: 15px; padding: 4px 0; }
details[open] > summary { margin-bottom: 8px; }
details.signal { margin: 0; border-bottom: 1px solid var(--line); }
details.signal > summary { display: flex; gap: 6px 24px; align-items: baseline; color: var(--ink); font-size: 16px; padding: 12px 0; list-style: none; }
details.signal > summary::-webkit-details-marker { display: none; }
details.signal > summary::before { content: "+"; flex: none; width: 12px; color: var(--accent); }
details.signal[open] > summary::before { content: "−"; }
.signal-sentence { flex: 1 1 auto; max-width: 62ch; }
.signal-value { flex: none; margin-left: auto; color: var(--soft); font-size: 14px; white-space: nowrap; }
.signal dl { display: grid; grid-template-columns: 170px 1fr; gap: 8px 24px; margin: 0 0 24px 36px; font-size: 15px; }
.signal dt { color: var(--soft); }
.signal dd { margin: 0; max-width: 62ch; }
details.members { margin-top: 24px; }
.filter label { font-size: 15px; margin-right: 8px; }
.filter input { font: inherit; font-size: 15px; padding: 5px 10px; width: min(320px, 100%); color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 15px; width: 100%; }
table.plain { width: auto; min-width: min(340px, 100%); }
caption { text-align: left; font-size: 14px; padding-bottom: 6px; }
th, td { text-align: left; vertical-align: top; padding: 7px 20px 7px 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); font-size: 14px; }
.figure { text-align: right; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
footer { padding-top: 32px; padding-bottom: 72px; font-size: 14px; border-top: 1px solid var(--line); }
@media (max-width: 720px) {
  body { font-size: 16px; }
  .wide { display: none; }
  .narrow { display: block; }
  .readings { grid-template-columns: 1fr; gap: 32px; margin: 0 -24px; padding: 28px 24px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .signal dl { grid-template-columns: 1fr; gap: 2px; margin-left: 36px; }
  .signal dd { margin-bottom: 10px; }
  details.signal > summary { flex-wrap: wrap; }
  .signal-sentence { flex-basis: calc(100% - 48px); }
  .signal-value { margin-left: 36px; }
  nav { margin-left: 0; width: 100%; }
  main > section { padding: 56px 0; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --faint: #f4f4f4; --accent: #0b5c8a; --tint: #bcd5e3; }
  body { font-size: 10.5pt; }
  nav, .skip, .filter { display: none; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  main > section { padding: 24pt 0; }
  .finding { break-before: page; }
  figure, .readings, tr, details.signal { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .scroll { overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
`;
