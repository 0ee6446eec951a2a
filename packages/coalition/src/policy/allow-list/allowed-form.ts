import type { JsonSchema } from '../../stix/extensions/extension-type.js';

// Forms of texts that may leave without anybody reading them. A machine writes each; none has room for a sentence.

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';

const text = (pattern: string): JsonSchema => ({ type: 'string', pattern });

/** An id of one of these types. */
export const idOf = (...types: string[]): JsonSchema => text(`^(?:${types.join('|')})--${UUID}$`);

export const TIMESTAMP = text('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{3})?Z$');
export const CIDR = text('^[0-9a-f.:]{2,45}/[0-9]{1,3}$');
/** A pattern is taken apart by `allowed-pattern.ts`. */
export const PATTERN: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 65_536,
  $comment: 'allowed-pattern',
};
/** What a person writes: only with counsel's eyes on it. */
export const HUMAN_TEXT: JsonSchema = { type: 'string', minLength: 1, maxLength: 4096, $comment: 'human' };
export const BOOLEAN: JsonSchema = { type: 'boolean' };
export const list = (items: JsonSchema, maxItems: number): JsonSchema => ({
  type: 'array',
  minItems: 1,
  maxItems,
  items,
});

/** An object with these members and no other. */
export function closed(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}
