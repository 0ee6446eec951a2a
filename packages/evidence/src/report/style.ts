/**
 * Style sheet of the page, after that of the detection report. Contrast of every text on its ground is at least 4.5
 * (WCAG 2.2 AA) in both colour schemes; the browser test computes it.
 */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1b1d21; --soft: #5a5f68; --line: #dddcd6; --faint: #f2f1ec; --accent: #0b5c8a; --tint: #bcd5e3; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #e9e8e4; --soft: #a3a8b1; --line: #33373e; --faint: #1c1f24; --accent: #74bfea; --tint: #2d5068; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header, main, footer { max-width: 908px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; font-size: 15px; color: var(--soft); }
header p { margin: 0 0 14px; max-width: none; }
nav ul { display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 0; padding: 0; list-style: none; max-width: none; }
nav li { margin: 0; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: 16px; top: -60px; padding: 8px 14px; background: var(--paper); border: 1px solid var(--line); }
.skip:focus { top: 12px; }
h1, h2, h3 { line-height: 1.25; font-weight: 620; letter-spacing: -.011em; text-wrap: balance; }
h1 { font-size: clamp(27px, 4.4vw, 40px); margin: 0 0 28px; max-width: 22em; letter-spacing: -.02em; }
h2 { font-size: clamp(23px, 3vw, 29px); margin: 0 0 24px; max-width: 29em; }
h3, h2.minor { font-size: 19px; margin: 48px 0 10px; }
p, ul, ol { margin: 0 0 16px; max-width: 68ch; }
ul, ol { padding-left: 1.15em; }
li { margin-bottom: 6px; }
li::marker { color: var(--soft); }
main > section { padding: 64px 0; border-top: 1px solid var(--line); }
main > section:first-child { padding-top: 44px; border-top: 0; }
.lead { font-size: clamp(18px, 2.2vw, 21px); line-height: 1.5; }
.soft, figcaption p, caption { color: var(--soft); font-size: 15px; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; }
pre { margin: 0 0 16px; padding: 14px 18px; background: var(--faint); font-size: 15px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
strong { font-weight: 620; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 24px; margin: 32px 0 36px; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { font-size: 14px; line-height: 1.35; color: var(--soft); }
.figures dd { margin: 0; font-size: 27px; line-height: 1.25; font-weight: 560; letter-spacing: -.015em; }
.terms { display: grid; grid-template-columns: minmax(130px, 190px) minmax(0, 1fr); gap: 8px 24px; margin: 0 0 28px; font-size: 16px; }
.terms dt { color: var(--soft); }
.terms dd { margin: 0; max-width: 64ch; }
aside { margin: 32px 0 0; padding: 28px; background: var(--faint); }
aside h3, aside h2.minor { margin-top: 0; }
aside > :last-child { margin-bottom: 0; }
figure { margin: 36px 0 28px; }
figcaption p { margin-bottom: 14px; }
.chart { display: block; max-width: 100%; height: auto; font-family: inherit; overflow: visible; }
.narrow { display: none; }
.fill-ink { fill: var(--ink); } .fill-soft { fill: var(--soft); } .fill-line { fill: var(--line); } .fill-accent { fill: var(--accent); } .fill-tint { fill: var(--tint); } .fill-paper { fill: var(--paper); }
polyline { fill: none; stroke-linejoin: round; }
.stroke-ink { stroke: var(--ink); } .stroke-soft { stroke: var(--soft); } .stroke-line { stroke: var(--line); } .stroke-accent { stroke: var(--accent); } .stroke-tint { stroke: var(--tint); } .stroke-paper { stroke: var(--paper); }
.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; }
details { margin: 12px 0 0; }
summary { cursor: pointer; color: var(--accent); font-size: 15px; padding: 4px 0; }
.scroll { overflow-x: auto; margin: 0 0 24px; }
table { border-collapse: collapse; font-size: 15px; width: 100%; }
caption { text-align: left; padding-bottom: 6px; }
th, td { text-align: left; vertical-align: top; padding: 7px 20px 7px 0; border-bottom: 1px solid var(--line); font-weight: 400; min-width: 5.5em; }
thead th { overflow-wrap: break-word; }
thead th { color: var(--soft); font-size: 14px; }
.number { text-align: right; }
td:last-child, th:last-child { padding-right: 0; }
.blank { display: block; border-bottom: 1px solid var(--ink); height: 2.2em; max-width: 26em; }
footer { padding-top: 28px; padding-bottom: 64px; font-size: 14px; color: var(--soft); border-top: 1px solid var(--line); }
@media screen and (max-width: 720px) {
  body { font-size: 16px; }
  .wide { display: none; }
  .narrow { display: block; }
  .figures { grid-template-columns: 1fr 1fr; }
  .broad { min-width: 600px; }
  .terms { grid-template-columns: 1fr; gap: 0; }
  .terms dd { margin-bottom: 12px; }
  aside { margin-left: -24px; margin-right: -24px; padding: 24px; }
  main > section { padding: 48px 0; }
}
@media print {
  @page { margin: 18mm 16mm; }
  :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --faint: #f4f4f4; --accent: #0b5c8a; --tint: #bcd5e3; }
  body { font-size: 10pt; }
  h1 { font-size: 20pt; } h2 { font-size: 15pt; } h3, h2.minor { font-size: 12pt; margin-top: 18pt; }
  .lead { font-size: 12pt; }
  .figures dd { font-size: 14pt; } .figures { margin: 14pt 0; gap: 10pt; grid-template-columns: repeat(3, 1fr); }
  .terms, table, pre, .soft, figcaption p, caption, .figures dt, thead th { font-size: 9pt; }
  nav, .skip, details { display: none; }
  header, main, footer, p, ul, ol, .terms dd { max-width: none; }
  header, main, footer { padding-left: 0; padding-right: 0; }
  h1 { max-width: none; }
  aside { padding: 12pt 14pt; margin: 12pt 0 0; }
  main > section { padding: 16pt 0; }
  figure, aside, tr, pre { break-inside: avoid; }
  h2, h3, summary { break-after: avoid; }
  .wide { display: block; }
  .narrow { display: none; }
  .scroll { overflow: visible; }
}
`;
