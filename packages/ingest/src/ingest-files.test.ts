import { execFile, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { openTelemetryStore, type TelemetryStore } from '@phalanx/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IngestStore } from './batch-writer.js';
import type { ExchangeTexts } from './chunk-result.js';
import { readMappingFile } from './formats/mapping.js';
import { type IngestOptions, ingestFiles } from './ingest-files.js';
import type { IngestReport, IngestStatus } from './report.js';

const run = promisify(execFile);
const fixture = (name: string): string => new URL(`fixtures/${name}`, import.meta.url).pathname;
const ALL = { fromMs: 0, toMs: 8e15 };
let dir: string;
let store: TelemetryStore;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'phalanx-ingest-'));
  store = await openTelemetryStore({ path: join(dir, 'store') });
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

function ingest(files: readonly string[], options: Partial<IngestOptions> = {}): Promise<IngestReport> {
  return ingestFiles(files, {
    store,
    sketchKey: new Uint8Array(32).fill(3),
    workers: 1,
    rejectedDir: dir,
    ...options,
  });
}

/** How many exchanges the store holds more after than before. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = await store.countExchanges(ALL);
  await work();
  return (await store.countExchanges(ALL)) - before;
}

let series = 0;
/** LiteLLM lines that no other test has; every `badEvery`th one is broken. */
function makeLines(count: number, badEvery = Number.POSITIVE_INFINITY): string {
  const batch = series++;
  let text = '';
  for (let n = 0; n < count; n++) {
    if (n % badEvery === badEvery - 1) {
      text += `{"broken": ${n}\n`;
      continue;
    }
    text += `${JSON.stringify({
      id: `id-${batch}-${n}`,
      call_type: 'acompletion',
      custom_llm_provider: 'openai',
      status: 'success',
      startTime: 1_770_000_000 + n,
      model: 'gpt-x',
      messages: [{ role: 'user', content: `Question ${n} of batch ${batch}: what floats?` }],
      response: 'A cork, an egg in brine, and small stones.',
      model_parameters: {},
      metadata: { user_api_key_hash: `key-${n % 7}` },
    })}\n`;
  }
  return text;
}

/** One zstd frame of raw blocks (RFC 8878 3.1.1): magic, descriptor for a 1 MiB window, blocks of 64 KiB. */
function packZstd(bytes: Buffer): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50])];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const block = bytes.subarray(at, at + 65_536);
    const last = at + 65_536 >= bytes.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

describe('ingestFiles', () => {
  it('reads a file once, however often it is given, under whatever name', async () => {
    const file = join(dir, 'once.jsonl');
    writeFileSync(file, makeLines(3000));
    const reports: IngestReport[] = [];
    expect(await growth(async () => reports.push(await ingest([file])))).toBe(3000);
    expect(await growth(async () => reports.push(await ingest([file])))).toBe(0);
    const copy = join(dir, 'once-copy.jsonl.gz');
    writeFileSync(copy, gzipSync(readFileSync(file)));
    expect(await growth(async () => reports.push(await ingest([copy])))).toBe(0);
    expect(reports).toMatchObject([
      { rows: 3000, exchanges: 3000, rejected: 0, skippedLines: 0, failures: [], interrupted: false },
      { rows: 0, exchanges: 0, skippedLines: 3000 },
      { rows: 3000, exchanges: 3000 },
    ]);
  });

  it('follows a file that grows, also when it was caught in the middle of a row', async () => {
    const file = join(dir, 'growing.jsonl');
    const lines = makeLines(2000);
    const half = Math.floor(lines.length / 2);
    writeFileSync(file, lines.slice(0, half));
    await growth(() => ingest([file]));
    const rejected = `${file}.rejected`;
    expect(readFileSync(rejected, 'utf8').trim().split('\n')).toHaveLength(1);
    const before = await store.countExchanges(ALL);
    appendFileSync(file, lines.slice(half));
    const report = await ingest([file]);
    expect(report.skippedLines).toBeGreaterThan(900);
    expect(report.rows).toBeLessThan(1100);
    // The half row of the first run was met again, whole, and is no longer among the rejected.
    expect(readFileSync(rejected, 'utf8')).toBe('');
    expect((await store.countExchanges(ALL)) - before + report.skippedLines).toBe(2000);
  });

  it('rejects bad rows with file, line and reason, and adds up', async () => {
    const file = join(dir, 'bad.jsonl');
    writeFileSync(file, makeLines(1000, 100));
    const report = await ingest([file]);
    expect(report).toMatchObject({ rows: 1000, exchanges: 990, rejected: 10, ignored: 0 });
    expect(report.rejectedFiles).toEqual([join(dir, 'bad.jsonl.rejected')]);
    const rows = readFileSync(join(dir, 'bad.jsonl.rejected'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => row.line)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(rows[0]).toMatchObject({ file, reason: 'not JSON', row: '{"broken": 99' });
  });

  it.each([
    ['gzip', 'z.jsonl.gz', gzipSync],
    [
      'two gzip members',
      'z2.jsonl.gz',
      (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
    ],
    ['zstd', 'z.jsonl.zst', packZstd],
    [
      'one JSON array',
      'z.json',
      (bytes: Buffer) => Buffer.from(`[${bytes.toString().trim().split('\n').join(',\n')}]`),
    ],
    ['objects end to end', 'z2.json', (bytes: Buffer) => Buffer.from(bytes.toString().replaceAll('\n', ''))],
    [
      'a byte order mark',
      'bom.jsonl',
      (bytes: Buffer) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    ],
  ])('reads %s', async (_name, name, pack) => {
    const file = join(dir, name);
    writeFileSync(file, pack(Buffer.from(makeLines(2500))));
    let report: IngestReport | undefined;
    expect(await growth(async () => (report = await ingest([file])))).toBe(2500);
    expect(report).toMatchObject({ rows: 2500, rejected: 0, failures: [] });
    expect(await growth(() => ingest([file]))).toBe(0);
  });

  it('reads standard input', async () => {
    const stdin = Readable.from([Buffer.from(makeLines(300)), Buffer.from(makeLines(300))]);
    expect(await growth(() => ingest(['-'], { stdin }))).toBe(600);
  });

  it('reads Parquet by a mapping, across row groups', async () => {
    const mapping = {
      fields: {
        sourceId: 'id',
        accountId: 'key',
        startedAtMs: 'at',
        prompt: 'question',
        outputTokens: 'usage.out',
      },
    };
    expect(await growth(() => ingest([fixture('exchanges.parquet')], { mapping }))).toBe(50);
    expect(await growth(() => ingest([fixture('exchanges.parquet')], { mapping }))).toBe(0);
  });

  it('reads every fixture together, joins batches, keeps accounts and interventions', async () => {
    const names = readdirFixtures();
    const report = await ingest(names.map(fixture), { defaultAccountId: 'fallback' });
    expect(report.rows).toBe(
      report.exchanges + report.accounts + report.interventions + report.ignored + report.rejected,
    );
    expect(report).toMatchObject({ accounts: 2, interventions: 1, failures: [] });
    const facts = await store.accountFacts();
    const row = facts.accountId.indexOf('acct-9');
    expect(facts.declaration[row]).toBe('aggregator');
    // Traffic alone names an account too, and does not overwrite what is known of one.
    expect(facts.accountId).toContain('key-1');
    await ingest([fixture('mapping.jsonl')], { mapping: readMappingFile(fixture('mapping.toml')) });
    expect((await store.interventions()).map(({ id, account }) => [id, account])).toEqual([
      ['i1', facts.account[row]],
    ]);
  });

  it('hands texts to the vault', async () => {
    const texts: ExchangeTexts[] = [];
    const file = join(dir, 'texts.jsonl');
    copyFileSync(fixture('openai-pairs.jsonl'), file);
    appendFileSync(file, '\n');
    await ingest([file], { texts: { appendTexts: async (rows) => void texts.push(...rows) } });
    expect(texts).toMatchObject([{ prompt: '[{"role":"user","text":"Sum 2 and 3."}]', response: '5' }]);
    expect(texts[0]!.id.length).toBe(16);
  });

  it('stores what came before damage, and reports the file', async () => {
    const whole = gzipSync(Buffer.from(makeLines(20_000)));
    const file = join(dir, 'torn.jsonl.gz');
    writeFileSync(file, whole.subarray(0, Math.floor(whole.length * 0.8)));
    const other = join(dir, 'after-torn.jsonl');
    writeFileSync(other, makeLines(10));
    const report = await ingest([file, other]);
    expect(report.failures).toMatchObject([{ file, code: 'INGEST_CONTAINER' }]);
    expect(report.exchanges).toBeGreaterThan(10);
    expect(report.exchanges).toBeLessThan(20_010);
  });

  it('refuses before it reads: unknown format, UTF-16, Parquet on a pipe', async () => {
    const unknown = join(dir, 'unknown.csv');
    writeFileSync(unknown, 'colour,size\nred,3\n');
    const good = join(dir, 'good.jsonl');
    writeFileSync(good, makeLines(5));
    const none = await growth(async () => {
      await expect(ingest([good, unknown])).rejects.toMatchObject({ code: 'INGEST_FORMAT_UNKNOWN' });
    });
    expect(none).toBe(0);
    const wide = join(dir, 'wide.jsonl');
    writeFileSync(wide, Buffer.from(`\uFEFF${makeLines(1)}`, 'utf16le'));
    await expect(ingest([wide])).rejects.toMatchObject({ code: 'INGEST_CONTAINER' });
    const stdin = Readable.from([readFileSync(fixture('exchanges.parquet'))]);
    await expect(ingest(['-'], { stdin })).rejects.toMatchObject({ code: 'INGEST_CONTAINER' });
    await expect(ingest([join(dir, 'absent')])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('compacts the store after a large run, and only then', async () => {
    const small = join(dir, 'small.jsonl');
    const large = join(dir, 'large.jsonl');
    writeFileSync(small, makeLines(10));
    writeFileSync(large, makeLines(20));
    let compacted = 0;
    const counting: IngestStore = {
      insertExchanges: (block) => store.insertExchanges(block),
      insertAccounts: (rows) => store.insertAccounts(rows),
      insertInterventions: (rows) => store.insertInterventions(rows),
      readProgress: (digest) => store.readProgress(digest),
      writeProgress: (digest, progress) => store.writeProgress(digest, progress),
      accountFacts: () => store.accountFacts(),
      compact: async () => {
        await store.compact();
        compacted++;
      },
    };
    const phases: string[] = [];
    const onProgress = ({ phase }: IngestStatus): void => {
      phases.push(phase);
    };
    await ingest([small], { store: counting, compactAfterRows: 11, onProgress });
    expect([compacted, phases.includes('compacting')]).toEqual([0, false]);
    await ingest([large], { store: counting, compactAfterRows: 11, onProgress });
    expect([compacted, phases.at(-1)]).toEqual([1, 'compacting']);
  });

  it('stops when asked, stores what it read, and goes on the next time', async () => {
    const file = join(dir, 'stopped.jsonl');
    writeFileSync(file, makeLines(60_000));
    const abort = new AbortController();
    const seen: IngestStatus[] = [];
    const onProgress = (status: IngestStatus): void => {
      seen.push(status);
      if (status.rows > 0) abort.abort();
    };
    let first: IngestReport | undefined;
    let second: IngestReport | undefined;
    const count = await growth(async () => {
      first = await ingest([file], { signal: abort.signal, onProgress });
      second = await ingest([file]);
    });
    expect(count).toBe(60_000);
    expect(first!.interrupted).toBe(true);
    expect(second!.skippedLines).toBe(first!.rows);
    expect(first!.rows + second!.rows).toBe(60_000);
    expect(seen[0]!.totalBytes).toBe(readFileSync(file).length);
  });
});

function readdirFixtures(): string[] {
  const names = 'litellm otel langfuse helicone openai-batch-input openai-batch-output openai-pairs'.split(
    ' ',
  );
  names.push('anthropic-pairs', 'gemini-pairs', 'phalanx-exchanges', 'phalanx-interventions');
  return [...names.map((name) => `${name}.jsonl`), 'langfuse.csv', 'phalanx-accounts.csv'];
}

describe('a killed ingestion', () => {
  it('goes on where it was, to the exact count and the exact rejected rows', async () => {
    const file = join(dir, 'killed.jsonl');
    const total = 150_000;
    writeFileSync(file, makeLines(total, 1000));
    const data = join(dir, 'killed-store');
    const child = [fixture('ingest-child.mjs'), file, data, dir];
    // Until it was killed three times, and at least once after a batch was durable.
    for (let round = 0; round < 3 || (round < 8 && !existsSync(`${file}.rejected`)); round++) {
      const process_ = spawn(process.execPath, child, { stdio: 'ignore' });
      const exit = new Promise((resolve) => process_.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, 800 + 700 * round + Math.random() * 2500));
      process_.kill('SIGKILL');
      await exit;
    }
    const { stdout } = await run(process.execPath, child);
    const report = JSON.parse(stdout);
    expect(report.count).toBe(total - total / 1000);
    expect(report.skippedLines + report.rows).toBe(total);
    expect(existsSync(`${file}.rejected`)).toBe(true);
    const offsets = readFileSync(`${file}.rejected`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).line);
    expect(offsets).toEqual(Array.from({ length: total / 1000 }, (_, index) => (index + 1) * 1000));
  });
});
