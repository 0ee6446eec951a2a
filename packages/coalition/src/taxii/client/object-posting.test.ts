import { describe, expect, it } from 'vitest';
import { AT_MS, LAB } from '../../stix/sample-objects.test.support.js';
import type { StixObject } from '../../stix/stix-object.js';
import type { Transport } from './http-transport.js';
import { TaxiiClient } from './taxii-client.js';

const COLLECTION = new URL('https://hub.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/');
const STATUS = {
  id: 's-1',
  status: 'complete',
  total_count: 0,
  success_count: 0,
  failure_count: 0,
  pending_count: 0,
};

function makeObjects(count: number): StixObject[] {
  return Array.from({ length: count }, (_, at) => ({
    ...LAB,
    id: `identity--0f6c2a52-3c3f-4b44-9c1c-${`${at}`.padStart(12, '0')}`,
  }));
}

type Answerer = (objects: readonly StixObject[], request: Request) => Response;

/** A server that answers POSTs so; it has what `stored` holds, and its root allows so many bytes. */
function connect(
  answer: Answerer,
  stored: readonly StixObject[] = [],
  maxBytes?: number,
  status?: () => unknown,
) {
  const asked: string[] = [];
  const transport: Transport = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    asked.push(`${request.method} ${pathname.split('/').at(-2)}`);
    if (request.method === 'POST') {
      const { objects } = (await request.json()) as { objects: StixObject[] };
      return answer(objects, request);
    }
    if (pathname === '/api/')
      return Response.json({ title: 'root', ...(maxBytes && { max_content_length: maxBytes }) });
    if (pathname.includes('/status/')) return Response.json(status?.() ?? {}, { status: status ? 200 : 404 });
    const ids = searchParams.get('match[id]')!.split(',');
    const records = stored
      .filter(({ id }) => ids.includes(id))
      .map(({ id, modified }) => ({ id, date_added: new Date(AT_MS).toISOString(), version: modified }));
    return Response.json({ objects: records });
  };
  let nowMs = AT_MS;
  const connection = {
    transport,
    clock: { nowMs: () => nowMs },
    wait: async (ms: number) => void (nowMs += ms),
  };
  return { client: new TaxiiClient(COLLECTION, connection), asked };
}

const outcomes = (posted: readonly { outcome: string }[]) => posted.map(({ outcome }) => outcome);

describe('sending objects', () => {
  it('waits for what is pending, with status 200 as with 202, and not for ever', async () => {
    let polls = 0;
    const pending = {
      ...STATUS,
      status: 'pending',
      pending_count: 1,
      pendings: [{ id: makeObjects(1)[0]!.id }],
    };
    const soon = connect(
      () => Response.json(pending, { status: 200 }),
      [],
      undefined,
      () => (++polls < 4 ? pending : { ...STATUS, success_count: 1 }),
    );
    expect(outcomes(await soon.client.post(COLLECTION, makeObjects(1)))).toEqual(['accepted']);
    expect(polls).toBe(4);
    const never = connect(
      () => Response.json(pending, { status: 202 }),
      [],
      undefined,
      () => pending,
    );
    expect(outcomes(await never.client.post(COLLECTION, makeObjects(1)))).toEqual(['unknown']);
    expect(never.asked.length).toBeLessThan(30);
  });

  it('calls present what a server refuses because it has it, in that version', async () => {
    const objects = makeObjects(3);
    const failures = objects.map(({ id, modified }) => ({
      id,
      version: modified,
      message: 'Unable to process object',
    }));
    const other = { ...objects[1]!, modified: '2026-11-02T00:00:00.000Z' };
    const { client } = connect(
      () => Response.json({ ...STATUS, failure_count: 3, failures }, { status: 202 }),
      [objects[0]!, other],
    );
    expect(outcomes(await client.post(COLLECTION, objects))).toEqual(['present', 'refused', 'refused']);
  });

  it.each([400, 413, 422, 500])(
    'halves a batch that is refused whole (%i) until the bad one stands alone',
    async (status) => {
      const objects = makeObjects(20);
      const bad = objects[13]!.id;
      let sent = 0;
      const { client } = connect((batch) => {
        sent++;
        return batch.some(({ id }) => id === bad)
          ? new Response('{}', { status })
          : Response.json(STATUS, { status: 202 });
      });
      const posted = await client.post(COLLECTION, objects);
      expect(posted.filter(({ outcome }) => outcome === 'accepted').length).toBe(19);
      expect(posted[13]).toMatchObject({ outcome: 'refused', message: `answered ${status}` });
      // A 500 may pass, and is asked for again.
      expect(sent).toBeLessThan(60);
    },
  );

  it('keeps to the length that the root allows, and tells what nobody speaks of', async () => {
    const sizes: number[] = [];
    const { client } = connect(
      (batch) => {
        sizes.push(JSON.stringify({ objects: batch }).length);
        return new Response('', { status: 202 });
      },
      [],
      1000,
    );
    const posted = await client.post(COLLECTION, makeObjects(12));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(sizes.length).toBeGreaterThan(2);
    expect(new Set(outcomes(posted))).toEqual(new Set(['unknown']));
    const counted = connect(() => Response.json({ ...STATUS, failure_count: 1 }, { status: 202 }));
    expect(outcomes(await counted.client.post(COLLECTION, makeObjects(2)))).toEqual(['unknown', 'unknown']);
  });

  it.each([401, 403, 404])('throws where nothing can be sent (%i)', async (status) => {
    const { client } = connect(() => new Response('{}', { status }));
    await expect(client.post(COLLECTION, makeObjects(2))).rejects.toMatchObject({ code: 'COALITION_TAXII' });
  });
});
