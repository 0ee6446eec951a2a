import { createHash } from 'node:crypto';
import { type HtmlValue, html, readMarkup, trustMarkup } from './html.js';

/** What a page is made of. */
export interface HtmlPage {
  readonly title: string;
  /** A style sheet of our own code. */
  readonly style: string;
  /** A script of our own code, which runs last. */
  readonly script?: string;
  /** What stands in the body. */
  readonly body: HtmlValue;
}

/**
 * One HTML file that asks nothing of any network: its content security policy admits this style and this script, by hash, and nothing else.
 */
export function renderHtmlPage({ title, style, script, body }: HtmlPage): string {
  const scripts = script === undefined ? '' : `script-src '${hashOf(script)}'; `;
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; ${scripts}base-uri 'none'; form-action 'none'`;
  return readMarkup(html`${trustMarkup('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trustMarkup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${trustMarkup(style)}</style>
</head>
<body>
${body}
${script === undefined ? null : html`<script>${trustMarkup(script)}</script>\n`}</body>
</html>
`);
}

/** As a content security policy names it. */
function hashOf(source: string): string {
  return `sha256-${createHash('sha256').update(source).digest('base64')}`;
}
