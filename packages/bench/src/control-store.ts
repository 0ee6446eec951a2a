import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type ControlStore, openControlStore } from '@phalanx/store/control';
import { openPglite, openPostgres, startTemporaryPostgres } from '@phalanx/store/temporary';
import { withFolder } from './bench-log.js';
import { CpuClock } from './cpu-clock.js';
import { badArgument } from './hydrabench/split.js';
import { formatTimes } from './percentiles.js';
import { drawObject } from './taxii-read-objects.js';

const BATCH = 1_000;
const PAGES = [500, 1_000];
/** Objects added one by one: each waits for the disk. */
const SINGLE = 300;

type Pool = Awaited<ReturnType<typeof openPglite>>;

/**
 * Prints how fast objects are added to a TAXII collection of the control store and read by pages, without HTTP, on both engines; and
 * beside it what the engine gives when only the texts are asked for, row by row and as one text a page. PGlite runs in this
 * process, so its processor time is all; PostgreSQL's own is not in it.
 *
 * @throws PhalanxError `BENCH_ARGUMENT`
 */
export async function benchControlStore(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { objects: { type: 'string', default: '100000' } },
  });
  const objects = Number(values.objects);
  if (!Number.isSafeInteger(objects) || objects < BATCH || objects > 1e7)
    throw badArgument(`--objects ${values.objects}: a number from ${BATCH} to 10,000,000`);
  await withFolder(async (dataDir) => {
    await measure(
      'PGlite',
      objects,
      () => openControlStore({ dataDir }),
      () => openPglite(dataDir),
    );
  });
  const server = await startTemporaryPostgres();
  try {
    const { url } = server;
    await measure(
      'PostgreSQL',
      objects,
      () => openControlStore({ url }),
      async () => openPostgres(url),
    );
  } finally {
    await server.stop();
  }
}

async function measure(
  engine: string,
  objects: number,
  openStore: () => Promise<ControlStore>,
  openPool: () => Promise<Pool>,
): Promise<void> {
  const tell = (what: string, count: number, ms: number, rest: string): void =>
    console.log(
      `${engine}: ${what}: ${Math.round((count / ms) * 1000).toLocaleString('en')} objects/s, ${rest}`,
    );
  const store = await openTimed(`${engine}: opened the first time`, openStore);
  const id = randomUUID();
  await store.taxii.putApiRoot({ path: 'bench', title: 'Bench', description: null, isDefault: true });
  await store.taxii.putCollection('bench', { id, title: 'Bench', rights: {} });
  await writeAll(store, id, objects, tell);
  for (const limit of PAGES)
    for (const read of ['readObjects', 'readManifest'] as const) await readAll(store, id, read, limit, tell);
  await store.close();
  await (await openTimed(`${engine}: opened again`, openStore)).close();
  const pool = await openPool();
  for (const limit of PAGES) for (const query of LIMITS) await readTexts(pool, query, limit, tell);
  await pool.end();
}

async function openTimed(what: string, open: () => Promise<ControlStore>): Promise<ControlStore> {
  const cpu = new CpuClock();
  const started = performance.now();
  const store = await open();
  console.log(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s, ${cpu.lap()}`);
  return store;
}

type Tell = (what: string, count: number, ms: number, rest: string) => void;

async function writeAll(store: ControlStore, id: string, objects: number, tell: Tell): Promise<void> {
  const cpu = new CpuClock();
  let ms = 0;
  let bytes = 0;
  for (let from = 0; from < objects; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, objects - from) }, (_, i) =>
      drawObject(from + i, false),
    );
    for (const { json } of batch) bytes += json.length;
    const started = performance.now();
    await store.taxii.addObjects(id, batch);
    ms += performance.now() - started;
  }
  tell(`added ${BATCH} at a time`, objects, ms, `${Math.round(bytes / objects)} bytes each, ${cpu.lap()}`);
  const times: number[] = [];
  for (let i = 0; i < SINGLE; i++) {
    const object = drawObject(objects + i, false);
    const started = performance.now();
    await store.taxii.addObjects(id, [object]);
    times.push(performance.now() - started);
  }
  tell(
    'added one at a time',
    SINGLE,
    times.reduce((sum, time) => sum + time, 0),
    `${formatTimes(times)}, ${cpu.lap()}`,
  );
}

async function readAll(
  store: ControlStore,
  id: string,
  read: 'readObjects' | 'readManifest',
  limit: number,
  tell: Tell,
): Promise<void> {
  const query = {
    versions: ['last' as const],
    specVersions: null,
    reader: { clearance: 2, identity: 'identity--00000000-0000-4000-8000-000000000000' },
    limit,
    maxBytes: 10_000_000,
    ids: null,
    types: null,
  };
  const cpu = new CpuClock();
  const times: number[] = [];
  let count = 0;
  for (let afterUs = 0, hasMore = true; hasMore; ) {
    const started = performance.now();
    const page = await store.taxii[read](id, { ...query, afterUs });
    times.push(performance.now() - started);
    count += page.objects.length;
    afterUs = page.objects.at(-1)!.addedUs;
    hasMore = page.hasMore;
  }
  tell(
    `${read}, pages of ${limit}`,
    count,
    times.reduce((sum, time) => sum + time, 0),
    `${formatTimes(times)}, ${cpu.lap()}`,
  );
}

interface TextQuery {
  readonly what: string;
  readonly sql: string;
}

const PAGE =
  'SELECT added_us, json FROM taxii_objects WHERE collection = 1 AND added_us > $1 ORDER BY added_us LIMIT $2';
const LIMITS: readonly TextQuery[] = [
  {
    what: 'the engine alone, a row an object',
    sql: `SELECT json AS text, added_us AS last, 1 AS count FROM (${PAGE}) p`,
  },
  {
    what: 'the engine alone, a text a page',
    sql: `SELECT string_agg(json, ',') AS text, max(added_us) AS last, count(*)::int4 AS count FROM (${PAGE}) p`,
  },
];

async function readTexts(pool: Pool, { what, sql }: TextQuery, limit: number, tell: Tell): Promise<void> {
  const client = await pool.connect();
  const cpu = new CpuClock();
  const started = performance.now();
  let count = 0;
  for (let after = 0; ; ) {
    const { rows } = await client.query<{ text: string | null; last: number; count: number }>(sql, [
      after,
      limit,
    ]);
    if ((rows[0]?.text ?? null) === null) break;
    for (const row of rows) count += row.count;
    after = rows.at(-1)!.last;
  }
  tell(`${what}, pages of ${limit}`, count, performance.now() - started, cpu.lap());
  client.release();
}
