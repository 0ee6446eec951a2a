import { deepStrictEqual, ok } from 'node:assert/strict';
import { Random } from '@phalanx/stats';
import { TLP_LEVELS } from '../stix/marking/tlp.js';
import { MemoryTaxiiStore } from './memory-store.js';
import { SPEC_VERSIONS } from './taxii-limits.js';
import type { NewObject, ObjectPage, ObjectQuery, Reader, TaxiiStore, VersionQuery } from './taxii-store.js';

/** A store to be judged and an empty collection in it, which any member id may stand in as a sender. */
export interface StoreUnderTest {
  readonly store: TaxiiStore;
  readonly collectionId: string;
}

const MEMBERS = ['lab-a', 'lab-b'] as const;
const MAKERS = [
  'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
  'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02',
];
const TYPES = ['indicator', 'ipv4-addr', 'marking-definition'];
const MODEL = 'model';
const PATH = 'contract';

/**
 * Whether a store does what `MemoryTaxiiStore` does: the same operations, drawn from a seed, against both. Every answer must be the
 * same but for `addedUs`, which must grow; times of additions in queries are those of the same object in either.
 *
 * @throws AssertionError at the first difference
 */
export async function checkTaxiiStore(
  { store, collectionId }: StoreUnderTest,
  seed: number,
  steps = 200,
): Promise<void> {
  const model = new MemoryTaxiiStore();
  model.addApiRoot({ path: PATH, title: PATH, description: null, isDefault: false });
  model.addCollection(PATH, { id: MODEL, title: MODEL, rights: {} });
  const draw = new Draw(new Random(seed));
  for (let step = 0; step < steps; step++) {
    const what = `seed ${seed}, step ${step}`;
    const choice = draw.integer(10);
    if (choice < 3) {
      const objects = draw.some(6, () => draw.object());
      deepStrictEqual(
        await store.addObjects(collectionId, objects),
        await model.addObjects(MODEL, objects),
        what,
      );
    } else if (choice === 3) {
      const asked = [draw.id(), draw.versionQuery(), draw.pick([...MEMBERS, null])] as const;
      const removed = await store.removeObject(collectionId, ...asked);
      deepStrictEqual(removed, await model.removeObject(MODEL, ...asked), what);
    } else if (choice === 4) {
      const ids = draw.some(5, () => draw.id());
      const found = await store.findMarkings(collectionId, ids);
      deepStrictEqual([...found].sort(), [...(await model.findMarkings(MODEL, ids))].sort(), what);
    } else await compareReads(store, collectionId, model, draw, what);
  }
}

async function compareReads(
  store: TaxiiStore,
  collectionId: string,
  model: TaxiiStore,
  draw: Draw,
  what: string,
): Promise<void> {
  const everything: ObjectQuery = {
    reader: null,
    afterUs: 0,
    limit: 1_000_000,
    maxBytes: Number.MAX_SAFE_INTEGER,
    ids: null,
    types: null,
    versions: ['all'],
    specVersions: SPEC_VERSIONS,
  };
  const [all, allOfModel] = await Promise.all([
    store.readObjects(collectionId, everything),
    model.readObjects(MODEL, everything),
  ]);
  deepStrictEqual(comparable(all), comparable(allOfModel), `${what}: everything`);
  const times = all.objects.map(({ addedUs }) => addedUs);
  ok(
    times.every((time, at) => at === 0 || time > times[at - 1]!),
    `${what}: additions do not grow`,
  );
  const place = draw.integer(times.length + 1) - 1;
  const versionless = all.objects.findIndex(({ json }) => !json.includes('modified'));
  const query = { ...everything, ...draw.query() };
  const [asked, askedOfModel] = [all, allOfModel].map(({ objects }) => ({
    ...query,
    afterUs: place < 0 ? 0 : objects[place]!.addedUs,
    versions: [
      ...query.versions,
      ...(versionless < 0 || !draw.asksForTimes ? [] : [objects[versionless]!.versionUs]),
    ],
  }));
  for (const read of ['readObjects', 'readManifest'] as const) {
    const page = await store[read](collectionId, asked!);
    const expected = await model[read](MODEL, askedOfModel!);
    deepStrictEqual(comparable(page), comparable(expected), `${what}: ${read} ${JSON.stringify(asked)}`);
  }
}

/** Without times of addition, which no two stores have in common. */
function comparable({ objects, hasMore }: ObjectPage): unknown {
  return {
    hasMore,
    objects: objects.map(({ addedUs, versionUs, versionText, ...object }) =>
      versionUs === addedUs ? object : { ...object, versionUs, versionText },
    ),
  };
}

/** Few ids, few versions and few makers, so that they meet. */
class Draw {
  readonly #random: Random;
  /** Whether versions are asked for by the time of an addition too. */
  readonly asksForTimes: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.asksForTimes = random.integer(2) === 0;
  }

  integer(below: number): number {
    return this.#random.integer(below);
  }

  pick<T>(among: readonly T[]): T {
    return among[this.integer(among.length)]!;
  }

  some<T>(atMost: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.integer(atMost) }, make);
  }

  id(): string {
    return `${this.pick(TYPES)}--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b0${this.integer(4)}`;
  }

  object(): NewObject {
    const id = this.id();
    const type = id.slice(0, id.indexOf('--'));
    const hour = this.integer(5);
    const isVersioned = type !== 'ipv4-addr';
    const versionText = isVersioned ? `2026-11-0${1 + hour}T00:00:00.000Z` : null;
    const specVersion = this.integer(5) === 0 ? '2.0' : '2.1';
    const word = isVersioned ? 'modified' : 'value';
    return {
      id,
      type,
      createdByRef: this.pick([...MAKERS, null]),
      memberId: this.pick(MEMBERS),
      versionUs: versionText === null ? null : Date.parse(versionText) * 1000,
      versionText,
      specVersion,
      mediaType: `application/stix+json;version=${specVersion}`,
      json: `{"${word}":"${versionText ?? ''} \u00e9\u{1f600} ${this.integer(3)}"}`,
      clearance: this.pick([0, 0, 1, 2, 4, null]),
    };
  }

  versionQuery(): VersionQuery {
    const versions = this.some(2, () =>
      this.pick(['last', 'last', 'first', 'all', Date.UTC(2026, 10, 1 + this.integer(5)) * 1000] as const),
    );
    return { versions, specVersions: this.pick([null, null, ['2.1'], ['2.0'], SPEC_VERSIONS, ['9.9']]) };
  }

  query(): Omit<ObjectQuery, 'afterUs'> {
    const reader: Reader = { clearance: this.integer(TLP_LEVELS.length), identity: this.pick(MAKERS) };
    return {
      ...this.versionQuery(),
      reader: this.integer(5) === 0 ? null : reader,
      limit: 1 + this.integer(12),
      maxBytes: this.pick([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 100, 1]),
      ids: this.integer(3) === 0 ? this.some(4, () => this.id()) : null,
      types: this.integer(3) === 0 ? this.some(2, () => this.pick(TYPES)) : null,
    };
  }
}
