import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attributeDataset, type DatasetRow } from '@phalanx/attribution';
import { DAY_MS } from '@phalanx/core';
import type { AttributionReport } from '@phalanx/domain';
import { openRowFile } from '@phalanx/ingest';
import { createSketcher, SKETCH_KEY_BYTES, type Sketcher, sketchExchange } from '@phalanx/sketch';
import { Random } from '@phalanx/stats';
import { ExchangeBlock, openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import { PLANTS, writeAnswer } from './attribution-texts.js';
import { badArgument } from './hydrabench/split.js';

const KEY = new Uint8Array(SKETCH_KEY_BYTES).fill(11);
const DECOY_KEY = new Uint8Array(SKETCH_KEY_BYTES).fill(12);
const START_MS = Date.UTC(2026, 1, 1);
const DAYS = 20;
const ACCOUNTS = 100_000;
/** Of the rows, one in so many is an answer of ours. */
const PLANT_STRIDE = 20;
/** Of the answers in the data set, half went to one account. */
const THIEF = 'acct-thief';
const INSERT_ROWS = 5_000_000;
const BYTES_A_ROW = 120;

/** What the attributing process tells its parent. */
interface Attributed {
  readonly report: Omit<AttributionReport, 'files'>;
  readonly peakBytes: number;
  /** Of all threads, the engine's too. */
  readonly processorSeconds: number;
  readonly streamSeconds: number;
  readonly engineSeconds: number;
  readonly joinSeconds: number | null;
}

/**
 * Measures attribution: a JSONL file of rows of some 800 bytes, one in twenty an answer of ours (half of them one account's) edited in
 * nine ways, against a store filled by the engine itself with random sketches of 100,000 accounts, no two alike in size.
 * Time and memory are those of a process that only attributes; its scan is set beside reading the same columns in the same
 * process, and in the engine.
 *
 * `attribution [--rows 1000000] [--stored 100000000] [--engine-join]`: the last also times candidates found by the engine (eight
 * bands of four lanes, each an IN of so many keys, nothing compared).
 */
export async function benchAttribution(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '1000000' },
      stored: { type: 'string', default: '100000000' },
      'engine-join': { type: 'boolean', default: false },
      attribute: { type: 'string' },
    },
  });
  const rows = Number(values.rows);
  const stored = Number(values.stored);
  if (values.attribute !== undefined) return attributeIn(values.attribute, values['engine-join'] ? rows : 0);
  if (!(Number.isSafeInteger(rows) && rows >= 1000 && Number.isSafeInteger(stored) && stored >= rows))
    throw badArgument('--rows is an integer from 1000, --stored one from --rows');
  console.log(
    `${rows} rows, ${stored} stored responses; ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'phalanx-attribution-'));
  try {
    const { bavail, bsize } = await statfs(folder);
    const needed = BYTES_A_ROW * stored * 1.5 + 2000 * rows;
    if (bavail * bsize < needed) throw badArgument(`this needs ${needed} bytes on disk, more than are free`);
    await fill(folder, rows, stored);
    report(await attributeApart(folder, rows, values['engine-join']), rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the data set and what it took, then fills up to `stored` with random sketches. */
async function fill(folder: string, rows: number, stored: number): Promise<void> {
  const started = performance.now();
  const store = await openTelemetryStore({ path: join(folder, 'store') });
  try {
    const planted = await writeDataset(join(folder, 'rows.jsonl'), rows, store);
    await fillRandomly(store, stored - planted);
  } finally {
    await store.close();
  }
  console.log(`filled in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function writeDataset(path: string, rows: number, store: TelemetryStore): Promise<number> {
  const out = createWriteStream(path, { mode: 0o600 });
  const random = new Random(7);
  const sketcher = createSketcher(KEY);
  const block = new ExchangeBlock();
  let planted = 0;
  for (let row = 0; row < rows; row++) {
    let output = writeAnswer(random);
    if (row % PLANT_STRIDE === 0) {
      block.push(recordAnswer(output, planted, sketcher));
      output = PLANTS[planted % PLANTS.length]!.apply(output, random);
      planted++;
    }
    if (!out.write(`${JSON.stringify({ instruction: 'Tell me.', output })}\n`)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  await store.insertExchanges(block.encode());
  const names = [THIEF, ...Array.from({ length: 1000 }, (_, i) => `acct-${i}`)];
  await store.insertAccounts(
    names.map((accountId) => ({ account: sketcher.hash64('account', accountId), accountId })),
  );
  return planted;
}

function recordAnswer(response: string, number: number, sketcher: Sketcher) {
  const accountId = Math.floor(number / PLANTS.length) % 2 === 0 ? THIEF : `acct-${number % 1000}`;
  return {
    ...sketchExchange(
      {
        sourceId: `planted-${number}`,
        accountId,
        startedAtMs: START_MS + ((number * 7919) % (DAYS * DAY_MS)),
        provider: 'other',
        model: 'm',
        operation: 'chat',
        status: 'ok',
        messages: [{ role: 'user', text: 'Tell me.' }],
        response,
      },
      sketcher,
    ),
    account: sketcher.hash64('account', accountId),
  };
}

/** A day at a time, so that a partition is few parts. Account i of 100,000 has a share that falls with i. */
async function fillRandomly(store: TelemetryStore, rows: number): Promise<void> {
  const steps = Math.max(DAYS, Math.ceil(rows / INSERT_ROWS));
  for (let step = 0; step < steps; step++) {
    const from = Math.floor((step * rows) / steps);
    const to = Math.floor(((step + 1) * rows) / steps);
    const day = START_MS + Math.floor((step * DAYS) / steps) * DAY_MS;
    await store.tables.maintain(
      { name: 'exchanges', columns: [], orderBy: '' },
      (target) => `INSERT INTO ${target} (account, at, id, response_hash, response_minhash, response_bytes)
        SELECT sipHash64('account', toUInt32(${ACCOUNTS} * pow(sipHash64(1, number) / 18446744073709551616., 2))),
          fromUnixTimestamp64Milli(toInt64(${day}) + sipHash64(2, number) % ${DAY_MS}, 'UTC'),
          sipHash128(3, number), greatest(sipHash64(5, number), 1),
          CAST(concat(sipHash128(6, number), sipHash128(7, number)) AS FixedString(32)), 800
        FROM numbers(${from}, ${to - from})`,
    );
  }
}

async function attributeApart(folder: string, rows: number, join: boolean): Promise<Attributed> {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const args = [
    main,
    'attribution',
    '--attribute',
    folder,
    '--rows',
    String(rows),
    ...(join ? ['--engine-join'] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let answer = '';
  for await (const text of child.stdout.setEncoding('utf8')) answer += text;
  const code = await ended;
  if (code !== 0) throw new Error(`attribution ended with ${code}`);
  return JSON.parse(answer) as Attributed;
}

async function attributeIn(folder: string, joinRows: number): Promise<void> {
  const store = await openTelemetryStore({ path: join(folder, 'store') });
  try {
    const file = await openRowFile(join(folder, 'rows.jsonl'));
    const report = await attributeDataset(
      store,
      {
        sources: ['rows.jsonl'],
        rows: readRows(file.read()),
        sketcher: createSketcher(KEY),
        decoySketcher: createSketcher(DECOY_KEY),
      },
      { listed: 1_000_000 },
    );
    const peakBytes = 1024 * process.resourceUsage().maxRSS;
    const { user, system } = process.cpuUsage();
    const processorSeconds = (user + system) / 1e6;
    const streamSeconds = await timed(async () => {
      for await (const _ of store.responseSketches(report.window!));
    });
    const engineSeconds = await timed(() =>
      store.tables.read(
        (relation) =>
          `SELECT sum(cityHash64(response_hash, response_minhash)) AS s FROM ${relation(EXCHANGES)}`,
      ),
    );
    const joinSeconds = joinRows === 0 ? null : await timed(() => joinInEngine(store, joinRows));
    const found: Attributed = {
      report,
      peakBytes,
      processorSeconds,
      streamSeconds,
      engineSeconds,
      joinSeconds,
    };
    process.stdout.write(JSON.stringify(found));
  } finally {
    await store.close();
  }
}

const EXCHANGES = { name: 'exchanges', columns: [], orderBy: '' };

async function* readRows(rows: AsyncIterable<{ readonly number: number; readonly row: unknown }>) {
  for await (const { number, row } of rows) {
    const made: DatasetRow = { source: 0, number, texts: [(row as { output: string }).output] };
    yield made;
  }
}

async function joinInEngine(store: TelemetryStore, rows: number): Promise<void> {
  for (let band = 0; band < 8; band++)
    await store.tables.read(
      (relation) => `SELECT count() AS n FROM ${relation(EXCHANGES)} WHERE
        reinterpretAsUInt32(substring(response_minhash, ${4 * band + 1}, 4)) IN
        (SELECT toUInt32(sipHash64(number, ${band})) FROM numbers(${4 * rows}))`,
    );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function report(found: Attributed, rows: number): void {
  const { report: result, peakBytes, processorSeconds, streamSeconds, engineSeconds, joinSeconds } = found;
  const { read, index, scan, recipients, total } = result.seconds;
  const say = (seconds: number) => `${seconds.toFixed(1)} s`;
  console.log(
    `attribution ${say(total)} (processor ${say(processorSeconds)}): rows read and sketched ${say(read)}, index ${say(index)}, scan ${say(scan)}, recipients and accounts ${say(recipients)}; resident ${(peakBytes / 2 ** 20).toFixed(0)} MiB at most`,
  );
  console.log(
    `  limits in the same process: the columns streamed without matching ${say(streamSeconds)} (scan = ${(scan / streamSeconds).toFixed(1)} x), hashed in the engine ${say(engineSeconds)} (${(scan / engineSeconds).toFixed(1)} x)${joinSeconds === null ? '' : `; candidates by eight INs in the engine ${say(joinSeconds)}`}`,
  );
  const { lanes, candidates, log10FalseRun, recallByLanes, crowded } = result.rule;
  console.log(
    `  ${candidates} candidates, ${result.rule.pairsTried.toExponential(1)} pairs, ${lanes} of 32 lanes (any false match: 10^${log10FalseRun.toFixed(1)}), index recall at ${lanes} lanes ${recallByLanes[0]}, ${crowded} crowded`,
  );
  const matched = new Map(result.matches.map((match) => [match.row, match]));
  const hits = PLANTS.map(() => 0);
  for (let number = 0; number * PLANT_STRIDE < rows; number++) {
    const match = matched.get(number * PLANT_STRIDE + 1);
    if (match !== undefined) hits[number % PLANTS.length]!++;
  }
  const planted = Math.ceil(rows / PLANT_STRIDE);
  const each = (kind: number) => Math.ceil((planted - kind) / PLANTS.length);
  console.log(
    `  recall: ${PLANTS.map(({ name }, i) => `${name} ${(hits[i]! / each(i)).toFixed(3)}`).join(', ')}`,
  );
  const falseRows = [...matched.keys()].filter((row) => (row - 1) % PLANT_STRIDE !== 0).length;
  console.log(
    `  rows matched that are not ours: ${falseRows} of ${rows - planted}; decoys matched: ${result.nulls.decoy.matched} of ${result.nulls.decoy.rows}`,
  );
  const comparisons = result.nulls.decoy.comparisons.map(
    ({ lanes: equal, observed, expected }) => `${equal}: ${observed} (${expected})`,
  );
  console.log(`  comparisons with decoys by equal lanes, observed (expected): ${comparisons.join(', ')}`);
  const indicated = result.accounts.filter((account) => account.verdict !== 'none');
  const honest = indicated.filter(({ id }) => id !== THIEF).length;
  const thief = result.accounts.find(({ id }) => id === THIEF);
  console.log(
    `  ${result.accounts.length} accounts with items, indicated ${indicated.length}; ${THIEF}: ${thief?.items} items of ${thief?.received}, log10 p ${thief?.log10P.toFixed(1)}, ${thief?.verdict}; of 1000 others who received little else, indicated ${honest}`,
  );
}
