import type { Literal } from './syntax-tree.js';
import type { Token } from './token.js';

/** The constant that a token spells (STIX 2.1 section 9.2); null when it spells none. */
export function readLiteral(token: Token): Literal | null {
  const { kind, text } = token;
  switch (kind) {
    case 'string':
      return { kind, value: unescapeString(text.slice(1, -1)) };
    case 'integer':
    case 'float':
      return { kind, value: Number(text) };
    case 'boolean':
      return { kind, value: text === 'true' };
    case 'hex':
      return { kind: 'binary', value: new Uint8Array(Buffer.from(text.slice(2, -1), 'hex')) };
    case 'base64':
      // Unused bits may be set: the grammar has no rule for them.
      return { kind: 'binary', value: new Uint8Array(Buffer.from(text.slice(2, -1), 'base64')) };
    case 'timestamp':
      return { kind, value: text.slice(2, -1) };
    default:
      return null;
  }
}

/** `\'` and `\\` are the only escapes. */
export function unescapeString(text: string): string {
  return text.replaceAll(/\\(['\\])/g, '$1');
}

/** A text as a constant of a pattern, quoted and escaped. */
export function quoteString(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
