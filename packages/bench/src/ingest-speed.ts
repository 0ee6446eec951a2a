import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ingestFiles } from '@phalanx/ingest';
import { createSketcher, sketchExchange } from '@phalanx/sketch';
import { openTelemetryStore } from '@phalanx/store';

const WORDS =
  `the of and a to in is you that it he was for on are as with his they at be this have from or one had by word but
  not what all were we when your can said there use an each which she do how their if will up other about out many then
  them these so some her would make like him into time has look two more write go see number no way could people`.split(
    /\s+/,
  );

/**
 * Rows to generate; PHALANX_BENCH_ROWS changes it. Starting threads and compiling takes about 0.6 s of processor time,
 * which 400,000 rows bear with 1.5 us each.
 */
const ROWS = Number(process.env.PHALANX_BENCH_ROWS ?? 400_000);

/**
 * Measures ingestion of LiteLLM JSONL into the embedded engine: rows of a 1 KB prompt and a 1 KB answer (3.35 KB in
 * all), then the same rows without the answer. Prints it beside limits of the same file on the same machine: reading
 * its bytes, JSON.parse of its lines and sketching, each on one thread.
 */
export async function benchIngestSpeed(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'phalanx-ingest-'));
  try {
    for (const withAnswer of [true, false]) await measureIngest(dir, withAnswer);
    console.log(`  sketch x1       ${(await sketchRate()).toFixed(0)} exchanges/s (one thread, 1 KB + 1 KB)`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureIngest(dir: string, withAnswer: boolean): Promise<void> {
  const cores = availableParallelism();
  const file = join(dir, 'litellm.jsonl');
  await generate(file, ROWS, withAnswer);
  const size = (await stat(file)).size;
  console.log(
    `ingest: ${ROWS} LiteLLM rows ${withAnswer ? 'with' : 'without'} answers, ${(size / ROWS).toFixed(0)} bytes a row, ${cores} cores, load ${loadavg()[0]!.toFixed(1)}`,
  );
  const read = ROWS / (await timed(() => readBytes(file)));
  const beforeParse = process.cpuUsage();
  await parseLines(file);
  const parseUs = processorUs(beforeParse) / ROWS;
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  const path = join(dir, withAnswer ? 'full' : 'bare');
  const store = await openTelemetryStore({ path });
  const before = process.cpuUsage();
  const report = await ingestFiles([file], { store, sketchKey: randomBytes(32) });
  const cpuUs = processorUs(before) / report.exchanges;
  clearInterval(timer);
  await store.close();
  await rm(path, { recursive: true });
  const rate = report.exchanges / report.seconds;
  console.log(
    `  end to end      ${rate.toFixed(0)} exchanges/s, ${(size / report.seconds / 1e6).toFixed(0)} MB/s`,
  );
  // On a shared machine wall time measures the neighbours; processor time does so less.
  console.log(
    `  processor time  ${cpuUs.toFixed(1)} us an exchange, all threads and the engine: ${((1e6 * cores) / cpuUs).toFixed(0)} exchanges/s if all ${cores} cores were free`,
  );
  console.log(`  peak RSS        ${(peak / 2 ** 20).toFixed(0)} MiB`);
  console.log(
    `  read alone      ${read.toFixed(0)} rows/s; ingest is ${((100 * rate) / read).toFixed(1)} % of it`,
  );
  console.log(
    `  JSON.parse x1   ${parseUs.toFixed(1)} us of processor time a row; ingest takes ${(cpuUs / parseUs).toFixed(2)} x that`,
  );
}

function processorUs(before: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

async function readBytes(file: string): Promise<number> {
  let total = 0;
  for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 }))
    total += (piece as Buffer).length;
  return total;
}

async function parseLines(file: string): Promise<number> {
  let seen = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of createReadStream(file, { highWaterMark: 4 << 20 })) {
    const bytes = Buffer.concat([rest, piece as Buffer]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      if (JSON.parse(bytes.toString('utf8', start, end)) !== null) seen++;
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  return seen;
}

async function sketchRate(): Promise<number> {
  const sketcher = createSketcher(randomBytes(32));
  const random = makeRandom(3);
  const rows = Array.from({ length: 2000 }, (_, index) => ({
    sourceId: `s${index}`,
    accountId: `a${index % 50}`,
    startedAtMs: index,
    model: 'm',
    operation: 'chat' as const,
    status: 'ok' as const,
    messages: [{ role: 'user' as const, text: sentence(random, 1000) }],
    response: sentence(random, 1000),
  }));
  for (const row of rows.slice(0, 500)) sketchExchange(row, sketcher);
  const seconds = await timed(async () => {
    for (let round = 0; round < 5; round++) for (const row of rows) sketchExchange(row, sketcher);
  });
  return (5 * rows.length) / seconds;
}

async function generate(file: string, rows: number, withAnswer: boolean): Promise<void> {
  const random = makeRandom(1);
  const out = createWriteStream(file, { highWaterMark: 4 << 20 });
  for (let index = 0; index < rows; index++) {
    const line = `${JSON.stringify(litellmRow(random, index, withAnswer))}\n`;
    if (!out.write(line)) await new Promise<void>((resolve) => out.once('drain', () => resolve()));
  }
  out.end();
  await finished(out);
}

function litellmRow(random: () => number, index: number, withAnswer: boolean): unknown {
  const start = 1_770_000_000 + index * 0.4;
  const account = Math.floor(random() ** 2 * 2000);
  const answer = sentence(random, 1000);
  return {
    id: `chatcmpl-${index.toString(36)}`,
    trace_id: `t-${index}`,
    litellm_call_id: `c-${index}`,
    call_type: 'acompletion',
    stream: index % 3 === 0,
    response_cost: 0.0001,
    status: 'success',
    custom_llm_provider: 'openai',
    prompt_tokens: 230,
    completion_tokens: 250,
    total_tokens: 480,
    startTime: start,
    endTime: start + 2.5,
    completionStartTime: start + 0.4,
    response_time: 2.5,
    model: 'gpt-x',
    model_id: 'd4c0',
    model_group: 'gpt-x',
    api_base: 'https://api.example.org/v1',
    cache_hit: false,
    cache_key: null,
    request_tags: [],
    end_user: '',
    requester_ip_address: `10.${account % 200}.3.${index % 250}`,
    user_agent: 'OpenAI/Python 1.60.0',
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: sentence(random, 1000) },
    ],
    response: !withAnswer
      ? null
      : {
          id: `chatcmpl-${index.toString(36)}`,
          object: 'chat.completion',
          created: Math.floor(start),
          model: 'gpt-x',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: answer } }],
          usage: { prompt_tokens: 230, completion_tokens: 250, total_tokens: 480 },
        },
    error_str: null,
    model_parameters: { temperature: 0.7, max_tokens: 512, stream: index % 3 === 0 },
    hidden_params: {
      model_id: 'd4c0',
      cache_key: null,
      api_base: 'https://api.example.org/v1',
      response_cost: 0.0001,
    },
    metadata: {
      user_api_key_hash: `hash-${account}`,
      user_api_key_alias: `alias-${account}`,
      user_api_key_team_id: null,
      user_api_key_org_id: null,
      user_api_key_user_id: `user-${account}`,
      requester_custom_headers: {},
    },
  };
}

function sentence(random: () => number, length: number): string {
  let text = '';
  while (text.length < length)
    text += `${WORDS[Math.floor(random() * WORDS.length)]}${random() < 0.08 ? '. ' : ' '}`;
  return text.slice(0, length);
}

/** Small seeded generator (mulberry32): the same file every time. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
