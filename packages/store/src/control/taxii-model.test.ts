import { MemoryTaxiiStore, type NewObject, type ObjectPage } from '@phalanx/coalition/taxii';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlStore } from './control-store.js';
import { EVERYTHING } from './taxii-samples.test.support.js';

const COLLECTION = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const NEW = { id: COLLECTION, title: 'Model', rights: { lab: 'read-write' as const } };
const ROOT = { path: 'hub', title: 'Hub', description: null, isDefault: true };

/** Small domains, so that ids, versions and texts collide. */
const objects = fc.array(
  fc
    .record({
      id: fc.constantFrom('a--1', 'b--2', 'c--3', 'd--4'),
      createdByRef: fc.constantFrom(null, 'identity--1', 'identity--2'),
      memberId: fc.constantFrom('lab', 'other'),
      versionUs: fc.option(fc.integer({ min: -3, max: 6 }), { freq: 6 }),
      specVersion: fc.constantFrom('2.1', '2.1', '2.1', '2.0'),
      clearance: fc.constantFrom(0, 1, 2, 3, 4, null),
      json: fc.constantFrom('{}', '{"a":1}', '{"b":"\\u0000 \\"quoted\\", {braces}, ✓"}', 'x'.repeat(50)),
    })
    .map(
      (object): NewObject => ({
        ...object,
        type: object.id.slice(0, 1),
        versionText: object.versionUs === null ? null : `v${object.versionUs}`,
        mediaType: `application/stix+json;version=${object.specVersion}`,
      }),
    ),
  { maxLength: 8 },
);

const versions = fc.oneof(
  { weight: 3, arbitrary: fc.constant(['last' as const]) },
  fc.uniqueArray(fc.constantFrom('first' as const, 'last' as const, 'all' as const, 0, 1, 2), {
    minLength: 1,
    maxLength: 3,
  }),
);
const specVersions = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  fc.uniqueArray(fc.constantFrom('2.0', '2.1', '2.2'), { minLength: 1 }),
);

const queries = fc.record({
  versions,
  specVersions,
  reader: fc.option(
    fc.record({
      clearance: fc.integer({ min: 0, max: 4 }),
      identity: fc.constantFrom('identity--1', 'identity--3'),
    }),
  ),
  /** Place in the list of all times of addition, read as a time. */
  after: fc.integer({ min: -1, max: 6 }),
  limit: fc.integer({ min: 0, max: 12 }),
  maxBytes: fc.constantFrom(0, 10, 60, 10_000),
  ids: fc.option(fc.uniqueArray(fc.constantFrom('a--1', 'b--2', 'x--9')), { freq: 4 }),
  types: fc.option(fc.uniqueArray(fc.constantFrom('a', 'c', 'x')), { freq: 4 }),
});

const removals = fc.record({
  remove: fc.constantFrom('a--1', 'b--2'),
  versions,
  specVersions,
  memberId: fc.constantFrom(null, 'lab'),
});

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: objects.map((add) => ({ add })) },
    { weight: 1, arbitrary: removals },
    { weight: 6, arbitrary: queries.map((query) => ({ query })) },
  ),
  { maxLength: 14 },
);

/** The order of additions is what the two have in common, not their times. */
class Times {
  readonly #ours: number[] = [];
  readonly #theirs: number[] = [];

  learn(ours: ObjectPage, theirs: ObjectPage): void {
    for (const { addedUs } of ours.objects) if (!this.#ours.includes(addedUs)) this.#ours.push(addedUs);
    for (const { addedUs } of theirs.objects) if (!this.#theirs.includes(addedUs)) this.#theirs.push(addedUs);
  }

  get(place: number): { readonly ours: number; readonly theirs: number } {
    return { ours: this.#ours[place] ?? 0, theirs: this.#theirs[place] ?? 0 };
  }
}

const everySpec = { ...EVERYTHING, specVersions: ['2.0', '2.1'] };

/** Without times of addition, and what is made of them. */
function comparable({ objects: found, hasMore }: ObjectPage) {
  const bare = found.map(({ addedUs, versionUs, versionText, ...rest }) => ({
    ...rest,
    version: versionUs > 1e6 ? 'added' : [versionUs, versionText],
    ascends: addedUs > 0,
  }));
  return { objects: bare, hasMore };
}

describe.each(CONTROL_ENGINES)('TAXII collections on $name', (engine) => {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it('do what the collections in memory do', async () => {
    const store: ControlStore = await engine.openEmpty();
    let run = 0;
    await store.taxii.putApiRoot(ROOT);
    await fc.assert(
      fc.asyncProperty(steps, async (operations) => {
        const id = COLLECTION.replace(/^.{8}/, String(++run).padStart(8, '0'));
        const { taxii } = store;
        await taxii.putCollection('hub', { ...NEW, id });
        const memory = new MemoryTaxiiStore();
        memory.addApiRoot(ROOT);
        memory.addCollection('hub', { ...NEW, id });
        const times = new Times();
        for (const operation of operations) {
          if ('add' in operation) {
            const { add } = operation;
            expect(await taxii.addObjects(id, add)).toEqual(await memory.addObjects(id, add));
            times.learn(await taxii.readObjects(id, everySpec), await memory.readObjects(id, everySpec));
          } else if ('remove' in operation) {
            const { remove, memberId, ...query } = operation;
            expect(await taxii.removeObject(id, remove, query, memberId)).toBe(
              await memory.removeObject(id, remove, query, memberId),
            );
          } else {
            const { after, ...query } = operation.query;
            const { ours, theirs } = times.get(after);
            for (const read of ['readObjects', 'readManifest'] as const)
              expect(comparable(await taxii[read](id, { ...query, afterUs: ours }))).toEqual(
                comparable(await memory[read](id, { ...query, afterUs: theirs })),
              );
          }
        }
      }),
      { numRuns: 100 },
    );
    await store.close();
  });
});
