import { checkTaxiiStore, MemoryTaxiiStore, type NewObject, type ObjectPage } from '@phalanx/coalition/taxii';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlStore } from './control-store.js';
import { EVERYTHING, makeIndicator, readEverything } from './taxii-samples.test.support.js';

const ROOT = { path: 'hub', title: 'Hub', description: null, isDefault: true };
const ID = '91a7b528-80eb-42ed-a74d-c6fbd5a26116';
const OTHER = '52892447-4d7e-4f70-b94d-d7f22742ff63';
const VERSION_US = 1_767_225_600_000_000;

/** A version of one object. */
function makeVersion(number: number, change: Partial<NewObject> = {}): NewObject {
  const versionUs = VERSION_US + number;
  return {
    ...makeIndicator(1),
    versionUs,
    versionText: `v${number}`,
    json: `{"name":"${number}"}`,
    ...change,
  };
}

const reader = fc.record({
  clearance: fc.integer({ min: 0, max: 4 }),
  identity: fc.constantFrom('identity--1', 'identity--2'),
});

/** Few objects, versions and authors, so that they meet; added, removed, read. */
const STEPS = fc.array(
  fc.record({
    add: fc.array(
      fc
        .record({
          number: fc.integer({ min: 1, max: 3 }),
          versionUs: fc.integer({ min: -2, max: 7 }),
          createdByRef: fc.constantFrom(null, 'identity--1', 'identity--2'),
          clearance: fc.constantFrom(0, 1, 2, 3, 4, null),
          json: fc.constantFrom('{}', '"\\u0000 \\"{a},\\\\ ✓"'),
        })
        .map(
          ({ number, ...rest }): NewObject => ({
            ...makeIndicator(number),
            ...rest,
            versionText: `v${rest.versionUs}`,
          }),
        ),
      { maxLength: 8 },
    ),
    remove: fc.option(fc.constantFrom(makeIndicator(1).id, makeIndicator(2).id), { freq: 1 }),
    reads: fc.array(
      fc.record({
        versions: fc.constantFrom(['last' as const], ['last' as const], ['all' as const]),
        specVersions: fc.constantFrom(null, ['2.1'], ['2.0']),
        reader: fc.option(reader, { freq: 8 }),
        after: fc.integer({ min: -1, max: 5 }),
        limit: fc.integer({ min: 0, max: 12 }),
        maxBytes: fc.constantFrom(0, 4, 10, 10_000, 10_000),
        ids: fc.option(fc.constant([makeIndicator(1).id, makeIndicator(3).id]), { freq: 1 }),
        types: fc.constant(null),
        manifest: fc.boolean(),
      }),
      { minLength: 3, maxLength: 6 },
    ),
  }),
  { minLength: 1, maxLength: 5 },
);

/** Times of addition are not what two stores have in common. */
function withoutTimes({ objects, hasMore }: ObjectPage): unknown {
  return { hasMore, objects: objects.map(({ addedUs: _addedUs, ...object }) => object) };
}

describe.each(CONTROL_ENGINES)('TAXII collections on $name', (engine) => {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  let store: ControlStore;
  beforeEach(async () => {
    store = await engine.openEmpty();
    await store.taxii.putApiRoot(ROOT);
    return () => store.close();
  });

  const open = async (id = ID): Promise<string> => {
    await store.taxii.putCollection('hub', { id, title: 'All', rights: { lab: 'read-write' } });
    return id;
  };

  it('do what those in memory do', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const collectionId = await open(ID.replace(/^.{8}/, String(seed).padStart(8, '0')));
      await checkTaxiiStore({ store: store.taxii, collectionId }, seed, 60);
    }
  });

  it('of one specification version, which pages read without looking at other versions, do the same', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(STEPS, async (steps) => {
        const id = await open(OTHER.replace(/^.{8}/, String(++run).padStart(8, '0')));
        const memory = new MemoryTaxiiStore();
        memory.addApiRoot(ROOT);
        memory.addCollection('hub', { id, title: 'All', rights: {} });
        for (const { add, remove, reads } of steps) {
          expect(await store.taxii.addObjects(id, add)).toEqual(await memory.addObjects(id, add));
          if (remove !== null) {
            const removal = [id, remove, { versions: ['last' as const], specVersions: null }, 'lab'] as const;
            expect(await store.taxii.removeObject(...removal)).toBe(await memory.removeObject(...removal));
          }
          const places = await Promise.all(
            [store.taxii, memory].map(async (one) => (await one.readObjects(id, EVERYTHING)).objects),
          );
          for (const { after, manifest, ...query } of reads) {
            const read = manifest ? 'readManifest' : 'readObjects';
            const [ours, theirs] = places.map((objects) => ({
              ...query,
              afterUs: objects[after]?.addedUs ?? 0,
            }));
            expect(withoutTimes(await store.taxii[read](id, ours!))).toEqual(
              withoutTimes(await memory[read](id, theirs!)),
            );
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('are seen by whom they were granted or announced to, as those in memory are', async () => {
    const memory = new MemoryTaxiiStore();
    const roots = [
      { root: ROOT, isOpen: false },
      { root: { path: 'open', title: 'Open', description: 'to all', isDefault: false }, isOpen: true },
      { root: { path: 'shut', title: 'Shut', description: null, isDefault: false }, isOpen: false },
    ];
    for (const { root, isOpen } of roots) {
      memory.addApiRoot(root, isOpen);
      await store.taxii.putApiRoot(root, isOpen);
    }
    const collections = [
      { id: ID, title: 'One', alias: 'one', rights: { a: 'read', b: 'write' } },
      { id: OTHER, title: 'Two', description: 'announced', isAnnounced: true, rights: { b: 'read-write' } },
    ] as const;
    for (const collection of collections) {
      memory.addCollection('hub', collection);
      await store.taxii.putCollection('hub', collection);
    }
    for (const member of ['a', 'b', 'c', 'constructor', '']) {
      expect(await store.taxii.listApiRoots(member)).toEqual(await memory.listApiRoots(member));
      for (const root of ['hub', 'open', 'shut', 'none']) {
        expect(await store.taxii.findApiRoot(root, member)).toEqual(await memory.findApiRoot(root, member));
        expect(await store.taxii.listCollections(root, member)).toEqual(
          await memory.listCollections(root, member),
        );
        for (const name of [ID, OTHER, 'one', 'two', "'"])
          expect(await store.taxii.findCollection(root, name, member)).toEqual(
            await memory.findCollection(root, name, member),
          );
      }
    }
  });

  it('are open to who is in a group as long as they are in it and it has the right', async () => {
    await open();
    await store.members.putMember({
      id: 'quiet',
      identity: 'identity--7c3f8d0e-5a67-4c0b-8d67-0f1f7b9a4f11',
      clearance: 'amber',
      roles: ['lab'],
      suspendedAtMs: null,
    });
    await store.groups.putGroup({ id: 'g', name: 'G', visibility: 'hidden', epochDays: 7 });
    await store.taxii.setRights(ID, 'group:g', 'read');
    expect(await store.taxii.findCollection('hub', ID, 'quiet')).toBeNull();
    await store.groups.addToGroup('g', 'quiet');
    expect(await store.taxii.findCollection('hub', ID, 'quiet')).toMatchObject({
      canRead: true,
      canWrite: false,
    });
    await store.taxii.setRights(ID, 'quiet', 'write');
    expect(await store.taxii.findCollection('hub', ID, 'quiet')).toMatchObject({
      canRead: true,
      canWrite: true,
    });
    expect(Object.fromEntries(await store.taxii.listRights(ID))).toEqual({
      'group:g': 'read',
      lab: 'read-write',
      quiet: 'write',
    });
    await store.taxii.setRights(ID, 'quiet', null);
    await store.groups.removeFromGroup('g', 'quiet');
    expect(await store.taxii.listApiRoots('quiet')).toEqual([]);
  });

  it('refuse what is none', async () => {
    const { taxii } = store;
    await open();
    const invalid = expect.objectContaining({ code: 'STORE_ROW_INVALID' });
    const unknown = expect.objectContaining({ code: 'STORE_ARGUMENT' });
    await expect(taxii.putApiRoot({ ...ROOT, path: 'A/b', isDefault: false })).rejects.toEqual(invalid);
    await expect(taxii.putApiRoot({ ...ROOT, path: 'second' })).rejects.toEqual(invalid);
    await expect(taxii.putCollection('hub', { id: 'x', title: 'X', rights: {} })).rejects.toEqual(invalid);
    await expect(taxii.putCollection('none', { id: OTHER, title: 'X', rights: {} })).rejects.toEqual(invalid);
    await expect(taxii.setRights(OTHER, 'lab', 'read')).rejects.toEqual(invalid);
    await expect(taxii.addObjects(OTHER, [makeIndicator(1)])).rejects.toEqual(unknown);
    await expect(taxii.readObjects(OTHER, EVERYTHING)).rejects.toEqual(unknown);
    await expect(
      taxii.addObjects(ID, [makeIndicator(1), { ...makeIndicator(2), json: '\0' }]),
    ).rejects.toEqual(invalid);
    expect(await readEverything(taxii, ID)).toEqual([]);
  });

  it('take the times of an import where they ascend, and the next ones after them', async () => {
    await open();
    const times = [1_000_000, 5_000_000, 5_000_000, 4_000_000, 4e15];
    await store.taxii.addObjects(
      ID,
      times.map((addedUs, i) => ({ ...makeIndicator(i), addedUs })),
    );
    await store.taxii.addObjects(ID, [makeIndicator(9)]);
    const found = (await readEverything(store.taxii, ID)).map(({ addedUs }) => addedUs);
    expect([found[0], found[1], found[4]]).toEqual([1_000_000, 5_000_000, 4e15]);
    expect(found.every((addedUs, i) => i === 0 || addedUs > found[i - 1]!)).toBe(true);
    expect(found).toHaveLength(6);
  });

  it('do not reuse the time of what was removed', async () => {
    await open();
    await store.taxii.addObjects(ID, [{ ...makeIndicator(1), addedUs: 4e15 }]);
    await store.taxii.removeObject(ID, makeIndicator(1).id, { versions: ['all'], specVersions: null }, null);
    await store.taxii.addObjects(ID, [makeIndicator(2)]);
    expect((await readEverything(store.taxii, ID))[0]!.addedUs).toBeGreaterThan(4e15);
  });

  it('take a batch of thousands, and one larger than a statement', async () => {
    await open();
    const many = Array.from({ length: 2_500 }, (_, i) => makeIndicator(i));
    expect(new Set(await store.taxii.addObjects(ID, many))).toEqual(new Set(['added']));
    expect(new Set(await store.taxii.addObjects(ID, many))).toEqual(new Set(['present']));
    expect((await readEverything(store.taxii, ID)).map(({ json }) => json)).toEqual(
      many.map(({ json }) => json),
    );
    const large = [1, 2, 3].map((n) => ({
      ...makeIndicator(9_000 + n),
      json: `"${'é'.repeat(3_000_000)}${n}"`,
    }));
    await store.taxii.addObjects(ID, large);
    const ids = large.map(({ id }) => id);
    const page = await store.taxii.readObjects(ID, { ...EVERYTHING, ids, maxBytes: 6_000_000 });
    expect([page.objects.map(({ json }) => json), page.hasMore]).toEqual([[large[0]!.json], true]);
  });

  it('mark each version a few times, however many come', async () => {
    await open();
    const reader = { clearance: 3, identity: 'identity--2' };
    for (let number = 1; number <= 10; number++) await store.taxii.addObjects(ID, [makeVersion(number)]);
    // Later ones that the reader may not see, as a rival could add them to somebody else's object.
    const hidden = Array.from({ length: 300 }, (_, i) => makeVersion(100 + i, { clearance: 4 }));
    await store.taxii.addObjects(ID, hidden);
    const last = { ...EVERYTHING, versions: ['last' as const] };
    const seen = await store.taxii.readObjects(ID, { ...last, reader });
    expect(seen.objects.map(({ versionText }) => versionText)).toEqual(['v10']);
    const hub = await store.taxii.readObjects(ID, last);
    expect(hub.objects.map(({ versionText }) => versionText)).toEqual(['v399']);
    await store.taxii.addObjects(ID, [makeVersion(500, { clearance: 0 })]);
    const newer = await store.taxii.readObjects(ID, { ...last, reader });
    expect(newer.objects.map(({ versionText }) => versionText)).toEqual(['v500']);
  });

  it('show the last version that each reader may see, and whether one to be judged may displace it', async () => {
    await open();
    const by = (createdByRef: string | null, clearance: number | null) => ({ createdByRef, clearance });
    await store.taxii.addObjects(ID, [
      makeVersion(1, by('identity--a', 0)),
      makeVersion(2, by('identity--b', 4)),
      makeVersion(3, by(null, null)),
      makeVersion(4, by(null, 4)),
    ]);
    const read = async (clearance: number, identity: string): Promise<string[]> => {
      const query = { ...EVERYTHING, versions: ['last' as const], reader: { clearance, identity } };
      const { objects } = await store.taxii.readObjects(ID, query);
      return objects.map(({ versionText, contested }) => `${versionText}${contested ? '?' : ''}`);
    };
    expect(await read(3, 'identity--c')).toEqual(['v1?', 'v3']);
    expect(await read(3, 'identity--b')).toEqual(['v2?', 'v3']);
    expect(await read(4, 'identity--c')).toEqual(['v4']);
    await store.taxii.removeObject(ID, makeIndicator(1).id, { versions: ['last'], specVersions: null }, null);
    expect(await read(4, 'identity--c')).toEqual(['v2?', 'v3']);
    await store.taxii.removeObject(ID, makeIndicator(1).id, { versions: ['last'], specVersions: null }, null);
    expect(await read(3, 'identity--c')).toEqual(['v1']);
    expect(await read(3, 'identity--b')).toEqual(['v2']);
  });

  it('keep statuses a day, and show them to who asked', async () => {
    const { taxii } = store;
    const day = 24 * 3600 * 1e6;
    await taxii.putStatus('hub', 'a', { id: 's1', requestUs: 1e15, json: '{"a":1}' });
    await taxii.putStatus('hub', 'a', { id: 's1', requestUs: 1e15, json: '{"a":2}' });
    expect(await taxii.findStatus('hub', 'a', 's1')).toEqual({ id: 's1', requestUs: 1e15, json: '{"a":2}' });
    expect(await taxii.findStatus('hub', 'b', 's1')).toBeNull();
    await taxii.putStatus('hub', 'a', { id: 's2', requestUs: 1e15 + day, json: '{}' });
    expect(await taxii.findStatus('hub', 'a', 's1')).not.toBeNull();
    await taxii.putStatus('hub', 'a', { id: 's3', requestUs: 1e15 + day + 1, json: '{}' });
    expect(await taxii.findStatus('hub', 'a', 's1')).toBeNull();
  });
});
