import { Random } from '@phalanx/stats';
import { describe, expect, it } from 'vitest';
import { type ExchangePolicy, makeIepMarking } from '../stix/marking/iep.js';
import { redactObject } from '../stix/marking/redact-object.js';
import { makeTlpMarking, TLP_LEVELS } from '../stix/marking/tlp.js';
import type { StixObject } from '../stix/stix-object.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import type { TaxiiServer } from './taxii-server.js';
import {
  ask,
  CLOCK,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
  post,
} from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');

function makePolicy(changes: Partial<ExchangePolicy>): StixObject {
  const policy: ExchangePolicy = {
    policyId: '0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0c01',
    name: 'policy',
    description: '',
    tlp: 'green',
    encryptInTransit: 'may',
    permittedActions: 'none',
    affectedPartyNotifications: 'may',
    providerAttribution: 'may',
    unmodifiedResale: 'may',
    startMs: CLOCK.ms - 1000,
    endMs: null,
    ...changes,
  };
  return makeIepMarking(policy, CLOCK.ms);
}

const OPEN = makePolicy({});
const AMBER = makePolicy({ tlp: 'amber' });
const SAFE = makePolicy({ encryptInTransit: 'must' });
const OVER = makePolicy({ endMs: CLOCK.ms - 1 });
const NAMELESS = makePolicy({ providerAttribution: 'must-not' });
const POLICIES = [OPEN, AMBER, SAFE, OVER, NAMELESS];
const RED = makeTlpMarking('red').id;

/** Objects of a few ids in several versions, each marked otherwise. */
function drawObjects(random: Random): StixObject[] {
  const ids = ['a1', 'a2', 'a3'].map((end) => `indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b${end}`);
  const seen = new Set<string>();
  return Array.from({ length: 14 }, (): StixObject => {
    const marking = [...TLP_LEVELS, ...POLICIES.map(({ id }) => [id])][random.integer(10)]!;
    const granular = random.integer(4) === 0 && {
      granular_markings: [{ marking_ref: RED, selectors: [random.integer(2) === 0 ? 'name' : 'pattern'] }],
    };
    if (random.integer(5) === 0) {
      const value = `198.51.100.${random.integer(3)}`;
      const refs = typeof marking === 'string' ? [makeTlpMarking(marking).id] : marking;
      return {
        type: 'domain-name',
        spec_version: '2.1',
        id: `domain-name--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b0${random.integer(3)}`,
        value,
        object_marking_refs: refs,
      };
    }
    return makeIndicator('lab-a', marking, {
      id: ids[random.integer(3)]!,
      modified: `2026-11-0${2 + random.integer(7)}T00:00:00.000Z`,
      ...granular,
    });
  }).filter((object) => {
    const key = `${object.id} ${object.modified ?? JSON.stringify(object)}`;
    return seen.size < seen.add(key).size;
  });
}

/** All that a reader can learn, without times of addition. */
async function readEverything(server: TaxiiServer, reader: ReturnType<typeof makeCaller>): Promise<unknown> {
  const seen: unknown[] = [];
  const follow = async (path: string) => {
    for (let next = '', pages = 0; pages < 50; pages++) {
      const { status, body } = await ask(server, reader, `${path}${next}`);
      const shown = body.objects?.map(({ date_added: _, ...object }) => object);
      // What has no version of its own shows the time of its addition.
      const bare = shown?.map((object) =>
        String(object.id).startsWith('domain') ? { ...object, version: '' } : object,
      );
      seen.push([path, status, bare, body.versions?.length, body.more ?? null]);
      if (body.more !== true) return;
      next = `&next=${body.next}`;
    }
    throw new Error('no end');
  };
  const ids = ['a1', 'a2', 'a3'].map((end) => `indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b${end}`);
  ids.push(...[0, 1, 2].map((end) => `domain-name--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0b0${end}`));
  for (const version of ['last', 'first', 'all', '2026-11-03T00:00:00Z', 'first,last']) {
    for (const limit of [1, 3, 100]) {
      await follow(`${PATH}/objects/?match[version]=${version}&limit=${limit}`);
      await follow(`${PATH}/manifest/?match[version]=${version}&limit=${limit}`);
    }
    for (const id of ids) await follow(`${PATH}/objects/${id}/?match[version]=${version}`);
  }
  for (const id of ids) await follow(`${PATH}/objects/${id}/versions/?limit=2`);
  return seen;
}

describe('what a reader may not see', () => {
  it('leaves no trace: a hub without it answers the same', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = new Random(seed);
      const reader = makeCaller('lab-b', TLP_LEVELS[random.integer(4)]!, random.integer(2) === 0);
      const recipient = {
        clearance: reader.member.clearance,
        identity: reader.member.identity,
        encrypted: reader.encrypted,
        atMs: CLOCK.ms,
      };
      const markings = new Map(POLICIES.map((policy) => [policy.id, policy]));
      const objects = drawObjects(random);
      const visible = objects.filter((object) => redactObject(object, markings, recipient) !== null);
      const [all, without] = [makeServer().server, makeServer().server];
      const [sent] = [
        await post(all, labA, [...POLICIES, ...objects]),
        await post(without, labA, [...POLICIES, ...visible]),
      ];
      expect([sent.failure_count, sent.success_count]).toEqual([0, objects.length + POLICIES.length]);
      expect(await readEverything(all, reader), `seed ${seed}`).toEqual(
        await readEverything(without, reader),
      );
      const { body } = await ask(all, reader, `${PATH}/manifest/?match[type]=indicator`);
      const versions = visible
        .filter(({ type }) => type === 'indicator')
        .map(({ id, modified }) => `${id} ${modified}`);
      const last = new Map(
        versions.sort().map((version) => [version.slice(0, version.indexOf(' ')), version]),
      );
      const shown = (body.objects ?? []).map(({ id, version }) => `${id} ${version}`);
      expect(shown.sort(), `seed ${seed}`).toEqual([...last.values()]);
    }
  });

  it('is hidden from others and not from its maker', async () => {
    const { server } = makeServer();
    const own = makeIndicator('lab-a', 'red');
    await post(server, labA, [own]);
    expect((await ask(server, makeCaller('lab-b', 'amber+strict'), `${PATH}/objects/`)).body).toEqual({});
    expect((await ask(server, makeCaller('lab-b', 'red'), `${PATH}/objects/`)).body.objects).toEqual([own]);
    expect((await ask(server, makeCaller('lab-a', 'clear'), `${PATH}/objects/`)).body.objects).toEqual([own]);
  });

  it('is stripped where a part of the object is hidden, and a hidden provider is not named', async () => {
    const { server } = makeServer();
    const part = makeIndicator('lab-a', 'clear', {
      granular_markings: [{ marking_ref: RED, selectors: ['name'] }],
    });
    const nameless = makeIndicator('lab-a', [NAMELESS.id]);
    await post(server, labA, [NAMELESS, part, nameless]);
    const { name: _name, granular_markings: _granular, ...left } = part;
    const { created_by_ref: _maker, ...unnamed } = nameless;
    const { objects } = (
      await ask(server, makeCaller('lab-b', 'green'), `${PATH}/objects/?match[type]=indicator`)
    ).body;
    expect(objects).toEqual([left, unnamed]);
  });

  it('costs a bounded amount of work for each page, and every page goes on', async () => {
    const { server } = makeServer();
    const hidden = () => makeIndicator('lab-a', [OVER.id], { description: 'x' });
    const last = makeIndicator('lab-a', [OPEN.id]);
    await post(server, labA, [OPEN, OVER]);
    for (let batch = 0; batch < 2; batch++) await post(server, labA, Array.from({ length: 2500 }, hidden));
    await post(server, labA, [last]);
    let next = '';
    const found: string[] = [];
    let pages = 0;
    for (; pages < 10; pages++) {
      const { body } = await ask(
        server,
        makeCaller('lab-b', 'green'),
        `${PATH}/objects/?limit=10&match[type]=indicator${next}`,
      );
      found.push(...(body.objects ?? []).map(({ id }) => id));
      if (!body.more) break;
      next = `&next=${body.next}`;
    }
    expect(found).toEqual([last.id]);
    expect(pages).toBe(Math.floor(5000 / TAXII_LIMITS.scannedObjects));
  });

  it('is judged by the marking definition that came first', async () => {
    const { server } = makeServer();
    const labB = makeCaller('lab-b', 'green');
    const amber = makeIndicator('lab-a', [AMBER.id]);
    expect((await post(server, labA, [amber])).failures[0]?.message).toContain('marking');
    await post(server, labA, [AMBER, amber]);
    const lax = { ...OPEN, id: AMBER.id };
    const later = { ...lax, created: '2026-11-24T00:00:00.000Z' };
    expect((await post(server, labB, [lax, later])).failure_count).toBe(2);
    expect((await ask(server, labB, `${PATH}/objects/?match[type]=indicator`)).body).toEqual({});
    const gone = await ask(server, labA, `${PATH}/objects/${AMBER.id}/`, { method: 'DELETE' });
    expect(gone.status).toBe(403);
    expect((await post(server, labA, [AMBER])).failure_count).toBe(0);
  });
});
