import { describe, expect, it } from 'vitest';
import { isExponential } from './expression-ambiguity.test.support.js';
import { makeExtensionSchema } from './extensions/extension-schema.js';
import { EXTENSIONS } from './extensions/register.js';
import { REPAIRS, readOasisSchemas } from './oasis-schemas.js';
import { LINEAR_FROM_UNITS, SchemaExpression } from './schema-expression.js';

/** Of `pattern` and the keys of `patternProperties`. */
function collectExpressions(schema: unknown, found = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return found;
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'pattern' && typeof value === 'string') found.add(value);
    if (key === 'patternProperties') for (const name of Object.keys(value)) found.add(name);
    collectExpressions(value, found);
  }
  return found;
}

const expressions = new Set(
  [...readOasisSchemas().values(), ...EXTENSIONS.map(makeExtensionSchema)].flatMap((schema) => [
    ...collectExpressions(schema),
  ]),
);

describe('isExponential', () => {
  it.each([
    ['(a+)+$', true],
    ['(a*)*', true],
    ['(a|a)*', true],
    ['(a|b|ab)*', true],
    ['(.*a){5}', false],
    ['a*a*', false],
    ['^(-[a-z0-9]+)*$', false],
    ['(aa|ab)+', false],
    ['(x{1,250})*', true],
  ])('%s: %s', (source, expected) => {
    expect(isExponential(source)).toBe(expected);
  });
});

describe('expressions of the schemas', () => {
  it('are many', () => {
    expect(expressions.size).toBeGreaterThan(90);
  });

  it.each(REPAIRS.map(({ published, repaired }) => [published, repaired]))(
    '%s is repaired, and accepts the same texts',
    (published, repaired) => {
      expect(isExponential(published)).toBe(true);
      expect(expressions.has(published)).toBe(false);
      expect(expressions.has(repaired)).toBe(true);
      const texts = [...variants(['a', '0', '-', 'ext', 'A'], 6)];
      const [before, after] = [new RegExp(published), new RegExp(repaired)];
      expect(texts.filter((text) => before.test(text) !== after.test(text))).toEqual([]);
      expect(texts.filter((text) => after.test(text)).length).toBeGreaterThan(30);
    },
  );

  it.each([...expressions])('%s has no exponential way', (source) => {
    expect(isExponential(source)).toBe(false);
  });

  it('mean the same to V8 and to RE2', () => {
    const padding = 'a'.repeat(LINEAR_FROM_UNITS);
    for (const source of expressions) {
      const text = new SchemaExpression(source);
      for (const probe of ['', 'a', 'indicator--', 'SHA-256', '-ext', 'x_hex', '.', '\n', '/']) {
        expect(text.test(padding + probe)).toBe(new RegExp(source).test(padding + probe));
      }
    }
  });
});

function* variants(parts: readonly string[], length: number): Generator<string> {
  yield '';
  if (length === 0) return;
  for (const rest of variants(parts, length - 1)) for (const part of parts) yield part + rest;
}
