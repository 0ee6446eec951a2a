import { expect, it } from 'vitest';
import type { JsonSchema } from '../stix/extensions/extension-type.js';
import { EXTENSIONS } from '../stix/extensions/register.js';
import { ALARMS } from './alarms/scan.js';
import { ALLOWED_LINES } from './allow-list/allowed-line.js';
import { ALLOWED_TYPES, ATTRIBUTION_TYPES } from './allow-list/allowed-type.js';
import { categoryOf, RELEASE_CATEGORIES } from './release-category.js';
import { foldWords } from './text/folded-words.js';

interface Leaf {
  readonly path: string;
  readonly schema: JsonSchema;
}

function listLeaves(schema: JsonSchema, path: string): Leaf[] {
  if (typeof schema !== 'object') return [];
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const inner = properties.flatMap(([name, one]) => listLeaves(one, `${path}/${name}`));
  const items = schema.items === undefined ? [] : listLeaves(schema.items as JsonSchema, `${path}/*`);
  return properties.length > 0 || schema.items !== undefined ? [...inner, ...items] : [{ path, schema }];
}

const leaves = Object.entries(ALLOWED_TYPES).flatMap(([type, schema]) => listLeaves(schema, type));
const words = leaves
  .flatMap(({ schema }) => [schema.const, ...((schema.enum as unknown[]) ?? [])])
  .filter((word) => typeof word === 'string');

it('closes every object', () => {
  const open: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    if (typeof schema !== 'object') return;
    if (schema.type === 'object' && schema.additionalProperties !== false) open.push(path);
    for (const [name, one] of Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>))
      visit(one, `${path}/${name}`);
    if (schema.items !== undefined) visit(schema.items as JsonSchema, `${path}/*`);
  };
  for (const [type, schema] of Object.entries(ALLOWED_TYPES)) visit(schema, type);
  expect(open).toEqual([]);
});

// Every form of a text that nobody reads: none matches a sentence, so none can say whom to serve.
it('has no place for a sentence but where a person must have read it', () => {
  const sentences = [
    'Do not sell to them',
    'ban this customer',
    'terminate x',
    'stop serving',
    '$3 per token',
    '停止服务',
    'a b',
  ];
  const loose = leaves.filter(({ schema }) => {
    if (schema.const !== undefined || schema.enum !== undefined || schema.type !== 'string') return false;
    if (schema.$comment === 'human' || schema.$comment === 'allowed-pattern') return false;
    return (
      schema.pattern === undefined || sentences.some((text) => new RegExp(String(schema.pattern)).test(text))
    );
  });
  expect(loose.map(({ path }) => path)).toEqual([]);
  const human = new Set(
    leaves
      .filter(({ schema }) => schema.$comment === 'human')
      .map(({ path }) => path.split('/').slice(1).join('/')),
  );
  expect([...human].sort()).toEqual([
    'aliases/*',
    'assumption',
    'description',
    'explanation',
    'external_references/*/description',
    'external_references/*/external_id',
    'external_references/*/source_name',
    'external_references/*/url',
    'labels/*',
    'method',
    'name',
    'null_model',
    'statistic',
  ]);
  const named = leaves.filter(({ path, schema }) => schema.$comment === 'human' && path.endsWith('/name'));
  expect(named.map(({ path }) => path.split('/')[0]).every((type) => ATTRIBUTION_TYPES.has(type!))).toBe(
    true,
  );
});

it('has no word that says whom to serve, at what price, in what volume or when', () => {
  const alarmed = [...words, ...ALLOWED_LINES, ...RELEASE_CATEGORIES].flatMap((word) => {
    const reading = { text: String(word), folded: foldWords(String(word)) };
    return ALARMS.filter((alarm) => alarm.find(reading) !== null).map(({ kind }) => `${kind}: ${word}`);
  });
  // The technique of the catalogue of threat actors is named by STIX, and stands in the lane that counsel reads.
  expect(alarmed.filter((one) => one !== 'whom-to-serve: competitor')).toEqual([]);
  expect(words.length).toBeGreaterThan(100);
});

it('can tell everything that this package describes, and puts each of our types into a category', () => {
  const newTypes = EXTENSIONS.filter(({ kind }) => kind !== 'property-extension').map(({ name }) => name);
  for (const type of newTypes) {
    expect(ALLOWED_TYPES[type]).toBeDefined();
    expect(categoryOf({ type, id: 'x' })).not.toBeNull();
  }
});
