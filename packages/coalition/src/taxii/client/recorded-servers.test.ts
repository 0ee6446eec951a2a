import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TaxiiClient } from './taxii-client.js';

interface Recorded {
  readonly collection: string;
  readonly changed: string;
  readonly sent: readonly string[];
  readonly exchanges: readonly {
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly answer: string;
  }[];
}

// What medallion 3.0.0 and OpenTAXII 0.10.0b1 answered (pages of 20): conformance, record-taxii-servers. medallion gives all pages of one list the
// same `next`; OpenTAXII gives none with manifests.
it.each(['medallion', 'opentaxii'])(
  'reads all that %s has, by the requests that it was asked',
  async (name) => {
    const file = new URL(`./fixtures/${name}.json`, import.meta.url);
    const recorded: Recorded = JSON.parse(readFileSync(file, 'utf8'));
    const collection = new URL(recorded.collection);
    const left = [...recorded.exchanges];
    const client = new TaxiiClient(collection, {
      transport: async (request) => {
        const { pathname, search } = new URL(request.url);
        const { method, path, status, headers, answer } = left.shift()!;
        expect(`${request.method} ${pathname}${search}`).toBe(`${method} ${path}`);
        return new Response(answer, { status, headers });
      },
    });
    expect(await client.findCollection(collection)).toMatchObject({ canRead: true, canWrite: true });
    const objects: string[] = [];
    for await (const page of client.readAll(collection)) {
      objects.push(
        ...page.objects.map(({ id, modified, created }) => `${id} ${modified ?? created ?? ''}`.trim()),
      );
      expect(page.refused).toEqual([]);
    }
    expect(objects.sort()).toEqual([...recorded.sent].sort());
    const records: string[] = [];
    for await (const page of client.readManifest(collection))
      records.push(...page.records.map(({ id }) => id));
    expect(records.sort()).toEqual(recorded.sent.map((one) => one.split(' ')[0]).sort());
    const versions = await client.listVersions(collection, recorded.changed);
    expect(versions.length).toBe(recorded.sent.filter((one) => one.startsWith(recorded.changed)).length);
    expect(left).toEqual([]);
  },
);
