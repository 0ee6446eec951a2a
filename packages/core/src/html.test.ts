import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeHtml, type HtmlValue, html, readMarkup } from './html.js';

it('escapes values and keeps markup', () => {
  const inner = html`<b>${'<i>'}</b>`;
  expect(readMarkup(html`<p title="${'"&\''}">${inner}${[1, ' ', null, false]}</p>`)).toBe(
    '<p title="&quot;&amp;&#39;"><b>&lt;i&gt;</b>1 </p>',
  );
});

it('does not take an object from JSON for markup', () => {
  const forged = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as HtmlValue;
  expect(readMarkup(html`${forged}`)).toBe('[object Object]');
});

it('leaves no markup character in any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeHtml(text).replace(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toMatch(/[&<>"'\p{Cc}\u202E]/u);
    }),
  );
});
