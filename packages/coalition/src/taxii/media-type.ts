/** A media range or type (RFC 9110 section 12.5.1): lower case, parameters without quotes, of which `q` is taken out. */
interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 to 1; null for a text that is none. */
  readonly quality: number | null;
}

/** A list of media ranges; longer headers are read up to here. */
const HEADER_UNITS = 2048;

/**
 * Whether a client takes TAXII 2.1 (section 3.2 and RFC 9110 section 12.5.1): the most specific range that covers it decides, and
 * its quality is not 0. No header means anything; no `version`, the latest. Parameters that say nothing of the version, as
 * `charset`, are passed over.
 */
export function acceptsTaxii(header: string | null): boolean {
  const list = (header ?? '').slice(0, HEADER_UNITS);
  if (list.trim() === '') return true;
  const covering = splitOutsideQuotes(list, ',')
    .map(readRange)
    .flatMap((range) => {
      const rank = rankRange(range);
      return rank === null || range.quality === null ? [] : [{ rank, quality: range.quality }];
    });
  const rank = Math.max(...covering.map((range) => range.rank));
  return covering.some((range) => range.rank === rank && range.quality > 0);
}

/** Whether a body says that it is TAXII 2.1. */
export function isTaxii(header: string | null): boolean {
  return header !== null && header.length <= HEADER_UNITS && (rankRange(readRange(header)) ?? 0) >= 2;
}

/** How closely a range covers TAXII 2.1: 3 with its version, 2 by its type, 1, 0; null when it does not. */
function rankRange({ type, parameters }: MediaRange): number | null {
  if (type === '*/*') return 0;
  if (type === 'application/*') return 1;
  if (type !== 'application/taxii+json') return null;
  const version = parameters.get('version');
  if (version === undefined) return 2;
  return version === '2.1' ? 3 : null;
}

function readRange(text: string): MediaRange {
  const [type = '', ...rest] = splitOutsideQuotes(text, ';').map((part) => part.trim());
  const parameters = new Map(
    rest.map((part): [string, string] => {
      const [name = '', ...value] = part.split('=');
      return [name.trim().toLowerCase(), unquote(value.join('=').trim())];
    }),
  );
  const q = parameters.get('q');
  const quality = q === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : null;
  return { type: type.toLowerCase(), parameters, quality };
}

function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && isQuoted) at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === separator && !isQuoted) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}
