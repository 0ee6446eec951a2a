// Prints the measured figures of docs/scale.md: `npm run build && node docs/scale.mjs [rows]`.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExchangeBlock, openTelemetryStore } from '@phalanx/store';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const DAYS = 7;
const DAY_MS = 86_400_000;
const ACCOUNTS = Math.ceil(ROWS / DAYS / 26);
const START_MS = Date.UTC(2026, 0, 5);
const hashes = new BigUint64Array(30_000).map(() => randomBytes(8).readBigUInt64LE());
const accounts = new BigUint64Array(ACCOUNTS).map(() => randomBytes(8).readBigUInt64LE());
const below = (n) => Math.floor(Math.random() * n);

const path = await mkdtemp(join(tmpdir(), 'phalanx-scale-'));
const store = await openTelemetryStore({ path });
const block = new ExchangeBlock();
const began = performance.now();
for (let row = 0; row < ROWS; row++) {
  // Every text distinct, so its sketch is random bytes; shapes uniform over 800 cells, more than real traffic has.
  const sketch = randomBytes(144);
  block.push({
    id: sketch.subarray(0, 16),
    account: accounts[below(ACCOUNTS)],
    organisation: 0n,
    endUser: 0n,
    atMs: START_MS + (row / ROWS) * DAYS * DAY_MS,
    model: `model-${below(5)}`,
    operation: 'chat',
    ok: true,
    streamed: below(2) === 0,
    inputTokens: below(4000),
    outputTokens: below(2000),
    promptBytes: below(16_000),
    responseBytes: below(8000),
    durationMs: below(20_000),
    turns: 1 + below(8),
    promptHash: sketch.readBigUInt64LE(16),
    minhash: sketch.subarray(24, 88),
    topics: sketch.subarray(88, 104),
    shape: below(800),
    intents: 1 << below(12),
    systemHash: hashes[below(3000)],
    toolsHash: 0n,
    responseHash: sketch.readBigUInt64LE(104),
    responseMinhash: sketch.subarray(112, 144),
    fingerprint: hashes[below(200)],
    contradiction: false,
    network: hashes[below(30_000)],
    parameters: hashes[below(100)],
  });
  if (block.rows < 100_000 && row < ROWS - 1) continue;
  await store.insertExchanges(block.encode());
  block.clear();
}
console.log(`${ROWS} exchanges of ${ACCOUNTS} accounts over ${DAYS} days`);
console.log(`written in ${((performance.now() - began) / 1000).toFixed(1)} s, rows made included`);
await store.compact();
const { columns } = await store.tables.read(
  () => `SELECT toFloat64(sum(bytes_on_disk)) AS live FROM system.parts WHERE table = 'exchanges' AND active`,
);
console.log(`${(columns[0].values[0] / ROWS).toFixed(0)} bytes on disk an exchange, after merging`);

const week = await store.span();
const day = { fromMs: week.fromMs, toMs: week.fromMs + DAY_MS };
const bounds = { minAccounts: 2, maxAccounts: Math.max(20, Math.floor(0.06 * ACCOUNTS)) };
const reads = {
  'shapeCounts, a day': async () => (await store.shapeCounts(day)).key.length,
  'accountActivity, the week': async () => (await store.accountActivity(week)).account.length,
  'sharedObjects network, the week': async () =>
    (await store.sharedObjects(week, 'network', bounds)).key.length,
  'sharedObjects template, the week': async () =>
    (await store.sharedObjects(week, 'template', bounds)).key.length,
  'sampleExchanges at a share of about 30,000, the week': async () =>
    (await store.sampleExchanges({ ...week, draws: [{ share: Math.min(1, 30_000 / ROWS) }] })).account.length,
};
for (const [name, read] of Object.entries(reads)) {
  const from = performance.now();
  const rows = await read();
  console.log(`${name}: ${rows} rows out, ${(performance.now() - from).toFixed(0)} ms`);
}
console.log(`peak resident memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
await store.close();
await rm(path, { recursive: true });
