import { showInvisible } from './visible-text.js';

/** A symbol cannot come out of JSON, so no data can pose as markup. */
const MARKUP = Symbol('markup');

/** HTML that may stand in a page as it is. Only this file makes one. */
export interface Markup {
  readonly [MARKUP]: string;
}

/** What may be put into an `html` template. Strings and numbers are escaped; null, undefined and false vanish. */
export type HtmlValue = string | number | Markup | readonly HtmlValue[] | null | undefined | false;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text made safe for element content and quoted attribute values: the five markup characters become entities, invisible
 * and direction-changing characters are spelt out. Never use it in an unquoted attribute, a script or a style.
 */
export function escapeHtml(text: string): string {
  return showInvisible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Template tag: literal parts are markup, values are escaped unless they are `Markup` themselves. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  let markup = parts[0] ?? '';
  for (const [i, value] of values.entries()) markup += renderValue(value) + (parts[i + 1] ?? '');
  return { [MARKUP]: markup };
}

/** Markup from a string that our own code wrote (style sheet, script). Never pass data. */
export function trustMarkup(markup: string): Markup {
  return { [MARKUP]: markup };
}

/** The HTML text of a piece of markup. */
export function readMarkup(markup: Markup): string {
  return markup[MARKUP];
}

function renderValue(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.map(renderValue).join('');
  if (typeof value === 'object' && MARKUP in value) return value[MARKUP];
  return escapeHtml(String(value));
}
