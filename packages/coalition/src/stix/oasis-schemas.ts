import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The schemas of OASIS as published (BSD-3-Clause, `schemas/stix-2.1/LICENSE`), two folders up from here in `src` and `dist`. */
const FOLDER = fileURLToPath(new URL('../../schemas/stix-2.1/', import.meta.url));

/** An expression of the published schemas and what stands in its place. */
export interface Repair {
  readonly published: string;
  readonly repaired: string;
  readonly why: string;
}

/** Each accepts the same texts; `oasis-schemas.test.ts` lints every other expression for the same fault. */
export const REPAIRS: readonly Repair[] = [
  {
    published: '^([a-z][a-z0-9]*)+(-[a-z0-9]+)*\\-?$',
    repaired: '^[a-z][a-z0-9]*(-[a-z0-9]+)*-?$',
    why: 'a run of n letters can be read in 2^(n-1) ways, and V8 tries them all',
  },
  {
    published: '^([a-z][a-z0-9]*)+(-[a-z0-9]+)*\\-ext$',
    repaired: '^[a-z][a-z0-9]*(-[a-z0-9]+)*-ext$',
    why: 'the same, on names of extensions',
  },
];

/** A published schema. */
export interface OasisSchema {
  readonly $id: string;
  readonly [keyword: string]: unknown;
}

/**
 * The published schemas by file name without `.json`, repaired, and every timestamp asked to be a day of the calendar
 * (format `stix-timestamp`).
 */
export function readOasisSchemas(): Map<string, OasisSchema> {
  const folders = ['common', 'observables', 'sdos', 'sros'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(FOLDER, folder))
      .filter((file) => file.endsWith('.json'))
      .map((file): [string, string] => [file.slice(0, -'.json'.length), join(FOLDER, folder, file)]),
  );
  return new Map(
    files.map(([name, path]) => {
      const schema = repair(JSON.parse(readFileSync(path, 'utf8'))) as OasisSchema;
      return [name, name === 'timestamp' ? { ...schema, format: 'stix-timestamp' } : schema];
    }),
  );
}

const REPAIRED = new Map(REPAIRS.map(({ published, repaired }) => [published, repaired]));

function repair(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(repair);
  if (typeof schema === 'string') return REPAIRED.get(schema) ?? schema;
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [REPAIRED.get(key) ?? key, repair(value)]),
  );
}

/** Schemas of types that STIX 2.1 defines: those that may stand in a bundle, and the bundle. */
export function isObjectSchema(schema: OasisSchema): boolean {
  return (
    !/\/common\//.test(schema.$id) || OBJECTS_IN_COMMON.some((name) => schema.$id.endsWith(`/${name}.json`))
  );
}

const OBJECTS_IN_COMMON = ['bundle', 'marking-definition', 'language-content', 'extension-definition'];
