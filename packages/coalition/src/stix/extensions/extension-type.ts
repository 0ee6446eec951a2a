/** A schema of JSON Schema draft 2020-12. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** One of our extensions of STIX (section 7.3). Its id and the meaning of its properties never change; a change is a new id. */
export interface ExtensionType {
  /** `extension-definition--` and a UUID chosen once. */
  readonly id: `extension-definition--${string}`;
  readonly kind: 'new-sdo' | 'new-sco' | 'property-extension';
  /** Type of the new object; for a property extension what it is called. */
  readonly name: string;
  /** One sentence for somebody who meets the extension definition first. */
  readonly description: string;
  /** Of the properties of the new type besides the common ones, or of the extension besides `extension_type`. */
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

/** `YYYY-MM-DD`: times of the coalition are days. */
export const DAY: JsonSchema = {
  type: 'string',
  pattern: '^[0-9]{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$',
};

/** SHA-256 in lower-case hexadecimal. */
export const SHA256: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** A short text for people: one line. */
export const LINE: JsonSchema = { type: 'string', minLength: 1, maxLength: 400 };

/** A count as its decade, so that no volume can be read from it. */
export const DECADE: JsonSchema = {
  enum: ['10-99', '100-999', '1000-9999', '10000-99999', '100000-999999', '1000000+'],
};

/** References to objects of a type. */
export function refsTo(type: string, maxItems: number): JsonSchema {
  return {
    type: 'array',
    minItems: 1,
    maxItems,
    items: { type: 'string', pattern: `^${type}--[0-9a-f-]{36}$` },
  };
}
