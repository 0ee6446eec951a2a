import { RE2JS } from 're2js';

/**
 * From this many UTF-16 code units on an expression of a schema runs on RE2, which is linear in the text whatever the
 * expression. V8 goes back and forth, which is quadratic for some that are not exponential, but is faster on short texts.
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
