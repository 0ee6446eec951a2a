import { domainToASCII } from 'node:url';
import { parseTimestamp } from './timestamp.js';

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

const EMAIL = /^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$/;

/** What the schemas ask by `format`. */
export const SCHEMA_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'stix-timestamp': (text) => parseTimestamp(text) !== null,
  /** RFC 3986: a scheme and characters that may follow one, one `#` at most. */
  uri: (text) => URI.test(text) && text.split('#').length <= 2,
  /** RFC 5322 as far as addresses go that are in use, and as `stix2-validator` has it: ASCII, a dot in the domain. */
  email: (text) => EMAIL.test(text),
  /** RFC 5890: each label has a form in ASCII of at most 63 characters, all of them 253. */
  'idn-hostname': (text) => {
    if (text.length > 1000 || text === '') return false;
    const ascii = domainToASCII(text);
    const labels = ascii.replace(/\.$/, '').split('.');
    return (
      ascii.length <= 254 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label))
    );
  },
};
