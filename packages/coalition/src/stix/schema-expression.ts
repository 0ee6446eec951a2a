import { RE2JS } from 're2js';

/**
 * Beyond this many UTF-16 code units an expression of a schema runs on RE2. V8 goes back and forth in a text; what is
 * quadratic takes a minute at 256 KiB. RE2 is linear and 100 times slower per character, so short texts stay with V8.
 */
export const LINEAR_FROM_UNITS = 512;

/** An expression of a JSON Schema, read without the `u` flag, since those of OASIS escape what needs none (`\-`). */
export class SchemaExpression {
  readonly #short: RegExp;
  readonly #source: string;
  #long: RE2JS | null = null;

  constructor(source: string) {
    this.#short = new RegExp(source);
    this.#source = source;
  }

  test(text: string): boolean {
    if (text.length < LINEAR_FROM_UNITS) return this.#short.test(text);
    this.#long ??= RE2JS.compile(this.#source);
    return this.#long.matcher(text).find();
  }

  /** ajv tells expressions apart by this. */
  toString(): string {
    return `/${this.#source}/`;
  }
}
