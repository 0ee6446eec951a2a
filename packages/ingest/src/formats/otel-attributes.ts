import { isJsonObject } from '@phalanx/wire';
import { decodeJson } from './field.js';
import type { Row } from './format.js';

/** Attributes by key, values decoded from OTLP/JSON's `AnyValue`. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Exporters cap attributes at 128 by default; a stranger's row need not. */
const MAX_ATTRIBUTES = 4096;

/**
 * Decodes OTLP attributes: the list `[{key, value: {stringValue}}]` of OTLP/JSON, or a plain object as SDK console
 * exporters print. Later ones win. Attributes beyond 4096 are dropped.
 */
export function readAttributes(value: unknown): Attributes {
  if (isJsonObject(value)) return value;
  const attributes: Record<string, unknown> = Object.create(null);
  if (!Array.isArray(value)) return attributes;
  for (const pair of value.slice(0, MAX_ATTRIBUTES))
    if (isJsonObject(pair) && typeof pair.key === 'string') attributes[pair.key] = readAnyValue(pair.value);
  return attributes;
}

/** Decodes an OTLP `AnyValue`; 64-bit integers arrive as text. Other values pass through. */
export function readAnyValue(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  if ('stringValue' in value) return value.stringValue;
  if ('intValue' in value) return Number(value.intValue);
  if ('doubleValue' in value) return value.doubleValue;
  if ('boolValue' in value) return value.boolValue;
  if (isJsonObject(value.arrayValue))
    return Array.isArray(value.arrayValue.values) ? value.arrayValue.values.map(readAnyValue) : [];
  if (isJsonObject(value.kvlistValue)) return readAttributes(value.kvlistValue.values);
  return value;
}

/**
 * Gathers attributes `prefix.N.rest` into a list of objects by N, with `rest` as key: the flattened lists of
 * OpenLLMetry (`gen_ai.prompt.0.role`) and OpenInference (`llm.input_messages.0.message.role`).
 */
export function gatherIndexed(attributes: Attributes, prefix: string): Row[] {
  const gathered: Record<string, unknown>[] = [];
  for (const key in attributes) {
    if (!key.startsWith(prefix)) continue;
    const match = /^(\d{1,4})\.(.+)$/s.exec(key.slice(prefix.length));
    if (match === null) continue;
    const item = (gathered[Number(match[1])] ??= Object.create(null));
    item[match[2]!] = attributes[key];
  }
  return gathered.filter((item) => item !== undefined);
}

/** First attribute that is present and not empty. */
export function firstAttribute(attributes: Attributes, ...keys: readonly string[]): unknown {
  for (const key of keys) {
    const value = attributes[key];
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** An attribute that holds a list, also as JSON text; null when absent. */
export function listAttribute(attributes: Attributes, key: string): readonly unknown[] | null {
  const value = decodeJson(attributes[key]);
  return Array.isArray(value) ? value : null;
}
