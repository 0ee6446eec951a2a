import { showInvisible } from '@phalanx/core';

/** A symbol cannot come out of JSON, so no data can pose as markup. */
const MARKUP = Symbol('markup');

/** HTML that may stand in a page as it is; only this file makes one. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** What a template takes. Strings and numbers are escaped; null and false vanish. */
export type HtmlValue = string | number | Markup | readonly HtmlValue[] | null | false;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for element content and quoted attribute values: markup characters become entities, what cannot be seen or turns
 * the direction of writing is spelt out. Not for scripts, styles or unquoted attributes.
 */
export function escapeHtml(text: string): string {
  return showInvisible(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Template tag: what the source says is markup, what is put in is escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  let text = parts[0]!;
  for (const [i, value] of values.entries()) text += renderValue(value) + parts[i + 1]!;
  return { [MARKUP]: text };
}

/** Markup from a string of this package. Never of data. */
export function trustMarkup(text: string): Markup {
  return { [MARKUP]: text };
}

export function readMarkup(markup: Markup): string {
  return markup[MARKUP];
}

function renderValue(value: HtmlValue): string {
  if (value === null || value === false) return '';
  if (Array.isArray(value)) return value.map(renderValue).join('');
  if (typeof value === 'object' && MARKUP in value) return value[MARKUP];
  return escapeHtml(String(value));
}
