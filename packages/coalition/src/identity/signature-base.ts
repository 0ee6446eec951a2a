import { deny } from './denial.js';
import { formatInnerList, formatItem, type InnerList, type Item } from './structured-field.js';

/** A message as RFC 9421 sees it. Fields have lower-case names; values of a repeated field are joined by a comma and a space. */
export interface SignedMessage {
  /** Null for a response. */
  readonly method: string | null;
  /** The target as the public address of the server gives it, never as a field `Host` does. Null for a response. */
  readonly target: URL | null;
  /** Null for a request. */
  readonly status: number | null;
  readonly fields: { get(name: string): string | null };
}

/** How a request looks at a public origin: path and query of its own, scheme and authority of the origin. */
export function readRequest(request: Request, origin: string): SignedMessage {
  const { pathname, search } = new URL(request.url);
  const target = new URL(origin);
  // Set one by one: `new URL('//other/', origin)` would be an address of `other`.
  target.pathname = pathname;
  target.search = search;
  return { method: request.method, target, status: null, fields: request.headers };
}

/**
 * The signature base (RFC 9421 section 2.5): one line for each covered component, and the parameters.
 *
 * Components are fields of the message, `@method`, `@target-uri`, `@authority`, `@scheme`, `@path`, `@query`, `@query-param` and
 * `@status`. Parameters of components other than `name` of `@query-param` (`sf`, `key`, `bs`, `tr`, `req`) are refused.
 *
 * @throws PhalanxError `COALITION_IDENTITY` for a component that is covered twice, missing, unknown or not of this kind of message
 */
export function makeSignatureBase(message: SignedMessage, parameters: InnerList): string {
  const lines = new Map<string, string>();
  for (const item of parameters.items) {
    const identifier = formatItem(item);
    if (lines.has(identifier)) deny('a component is covered twice');
    lines.set(identifier, `${identifier}: ${readComponent(message, item)}`);
  }
  return [...lines.values(), `"@signature-params": ${formatInnerList(parameters)}`].join('\n');
}

function readComponent(message: SignedMessage, { value: name, parameters }: Item): string {
  if (typeof name !== 'string') return deny('a component whose name is no string');
  if (name === '@query-param') return readQueryParameter(message, parameters);
  if (parameters.size > 0) return deny('a component with parameters');
  if (name.startsWith('@')) return readDerived(message, name);
  if (name !== name.toLowerCase()) return deny('a field that is not named in lower case');
  let value: string | null;
  try {
    value = message.fields.get(name);
  } catch {
    return deny('a component whose name is none of a field');
  }
  if (value === null) return deny('a covered field is missing');
  // Section 2.1 forbids line breaks inside of a line of the base; `Headers` has refused them already.
  if (/[\r\n]/.test(value)) return deny('a field with a line break');
  return value.trim();
}

function readDerived({ method, target, status }: SignedMessage, name: string): string {
  if (status !== null) return name === '@status' ? `${status}` : deny('a component that no response has');
  if (target === null || method === null) return deny('a message without a target');
  switch (name) {
    case '@method':
      return method;
    case '@target-uri':
      return target.href;
    case '@authority':
      // `URL` has it in lower case and without the port of the scheme, as section 2.2.3 asks.
      return target.host;
    case '@scheme':
      return target.protocol.slice(0, -1);
    case '@path':
      return target.pathname;
    case '@query':
      return target.search === '' ? '?' : target.search;
    default:
      return deny('an unknown derived component');
  }
}

/** Section 2.2.8: the decoded parameter, encoded again as URLs do, so that each server sees the same bytes. */
function readQueryParameter({ target }: SignedMessage, parameters: Item['parameters']): string {
  const name = parameters.get('name');
  if (target === null || parameters.size !== 1 || typeof name !== 'string') {
    return deny('a query parameter without a name');
  }
  const values = [...target.searchParams].filter(([key]) => encodePart(key) === name);
  if (values.length !== 1) return deny('a query parameter that does not stand once');
  return encodePart(values[0]![1]);
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
