import { isUtf8 } from 'node:buffer';

// Each undoes one encoding wherever a text has it, in place, so that what stands around it is kept; null where there is nothing to undo.
// None has two ways to read a run, so that all are linear.

const decoder = new TextDecoder('utf-8');

/** Bytes as text if a person could have written it: UTF-8 (or UTF-16 of Windows), printable, with letters, digits and spaces in it as many as an encoding leaves. */
export function readWritten(bytes: Uint8Array): string | null {
  if (bytes.length < 3) return null;
  if (bytes.length >= 8 && bytes.length % 2 === 0 && bytes.every((byte, i) => i % 2 === 0 || byte === 0))
    return readWritten(bytes.filter((_, i) => i % 2 === 0));
  // Random bytes are the rule here, and an exception for each would cost more than all else.
  if (!isUtf8(bytes)) return null;
  const text = decoder.decode(bytes);
  if (/[^\P{C}\p{Cf}\n\r\t]|\ufffd/u.test(text)) return null;
  let plain = 0;
  for (const _ of text.matchAll(/[\p{L}\p{N} \n]/gu)) plain++;
  const seen = [...text].length - (text.match(/\p{Cf}/gu)?.length ?? 0);
  return plain >= 0.4 * seen ? text : null;
}

function replaceRuns(text: string, run: RegExp, read: (run: string) => string | null): string | null {
  const replaced = text.replace(run, (found) => read(found) ?? found);
  return replaced === text ? null : replaced;
}

const bytesOf = (text: string, encoding: BufferEncoding) => new Uint8Array(Buffer.from(text, encoding));

/** `x_ban_this`: names of members have no blanks. */
export function decodeUnderscores(text: string): string | null {
  return replaceRuns(text, /_/g, () => ' ');
}

/** `%20`, and `=20` of quoted-printable with its soft line breaks. */
export function decodePercent(text: string): string | null {
  const soft = text.replace(/=\r?\n/g, '');
  const decoded = replaceRuns(soft, /(?:[%=][0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = bytesOf(run.replace(/[%=]/g, ''), 'hex');
    return isUtf8(bytes) ? decoder.decode(bytes) : Buffer.from(bytes).toString('latin1');
  });
  return decoded ?? (soft === text ? null : soft);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
  euro: '€',
  pound: '£',
  yen: '¥',
  cent: '¢',
  dollar: '$',
  percnt: '%',
  commat: '@',
  period: '.',
  comma: ',',
  colon: ':',
  num: '#',
  plus: '+',
  lowbar: '_',
  hyphen: '-',
  sol: '/',
  zwnj: '',
  zwj: '',
  Tab: ' ',
  NewLine: '\n',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  ecirc: 'ê',
  agrave: 'à',
  acirc: 'â',
  ccedil: 'ç',
  iacute: 'í',
  oacute: 'ó',
  uacute: 'ú',
  aacute: 'á',
  ntilde: 'ñ',
  ocirc: 'ô',
  ucirc: 'û',
  icirc: 'î',
  iuml: 'ï',
};

/** `&euro;`, `&#36;`, `&#x24;`. */
export function decodeEntities(text: string): string | null {
  return replaceRuns(text, /&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});?/g, (run) => {
    const body = run.slice(1).replace(';', '');
    if (!body.startsWith('#')) return ENTITIES[body] ?? null;
    return fromCode(/^#[xX]/.test(body) ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1)));
  });
}

/** `\u0024`, `\x24`, `\u{24}`, `U+0024`. */
export function decodeEscapes(text: string): string | null {
  return replaceRuns(
    text,
    /\\u[0-9A-Fa-f]{4}|\\u\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}|U\+[0-9A-Fa-f]{4,6}/g,
    (run) => fromCode(Number.parseInt(run.replace(/[^0-9A-Fa-f]/g, ''), 16)),
  );
}

function fromCode(code: number): string | null {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? null : String.fromCodePoint(code);
}

/** Base64 and its URL form, 6 characters and more; also across line breaks. */
export function decodeBase64(text: string): string | null {
  const read = (run: string) => {
    const bare = run.replace(/[\s=]/g, '');
    return bare.length % 4 === 1 ? null : readWritten(bytesOf(bare, 'base64'));
  };
  const whole = replaceRuns(text, /[A-Za-z0-9+/_-]{6,}={0,2}/g, read);
  // Runs that stand in groups, as mail and dumps break them.
  return (
    whole ??
    replaceRuns(
      text,
      /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{4,}={0,2}(?:[ \r\n][A-Za-z0-9+/_-]{2,}={0,2})+/g,
      read,
    )
  );
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, 8 characters and more. */
export function decodeBase32(text: string): string | null {
  return replaceRuns(text, /[A-Z2-7]{8,}={0,6}/g, (run) => {
    const bytes: number[] = [];
    let bits = 0;
    let value = 0;
    for (const letter of run.replaceAll('=', '')) {
      value = ((value << 5) | BASE32.indexOf(letter)) & 0xfff;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes.push((value >> bits) & 0xff);
      }
    }
    return readWritten(Uint8Array.from(bytes));
  });
}

/** Runs of hexadecimal digits, alone or in pairs with a sign between: `62 61 6e`, `62:61:6e`, `0x62616e`. */
export function decodeHex(text: string): string | null {
  return replaceRuns(
    text,
    /(?:0x)?(?:[0-9A-Fa-f]{2}){4,}|(?:(?:0x)?[0-9A-Fa-f]{2}[ :,-]){3,}(?:0x)?[0-9A-Fa-f]{2}/g,
    (run) => readWritten(bytesOf(run.replace(/0x|[^0-9A-Fa-f]/g, ''), 'hex')),
  );
}

/** Decimal character codes: `98 97 110`, `98,97,110`; octal and binary are left alone. */
export function decodeCharacterCodes(text: string): string | null {
  return replaceRuns(text, /(?<![0-9])(?:[0-9]{2,3}[ ,;-]{1,2}){3,}[0-9]{2,3}(?![0-9])/g, (run) => {
    const codes = run.split(/[^0-9]+/).map(Number);
    return codes.some((code) => code > 255) ? null : readWritten(Uint8Array.from(codes));
  });
}
