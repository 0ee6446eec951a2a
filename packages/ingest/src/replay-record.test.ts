import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exchange } from '@phalanx/domain';
import {
  FolderDisk,
  makeNoteSigner,
  makeVerifierKey,
  SignatureType,
  signingKeyOf,
  TransparencyLog,
} from '@phalanx/ledger';
import { describeExchange, observe, TelemetryLog } from '@phalanx/record';
import { createSketcher, sketchExchange } from '@phalanx/sketch';
import { type AccountRow, openAccountDayKeys } from '@phalanx/store';
import { afterAll, expect, it } from 'vitest';
import type { ExchangeTexts } from './chunk-result.js';
import { replayRecord } from './replay-record.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('makes again what strange exchanges left in the log', async () => {
  const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const origin = 'node.example';
  const disk = new FolderDisk(join(folder, 'log'));
  const log = await TransparencyLog.open({
    disk,
    state: new FolderDisk(join(folder, 'state')),
    origin,
    signers: [makeNoteSigner(origin, key)],
    verifiers: [makeVerifierKey(origin, SignatureType.ED25519, key.publicKey)],
  });
  const keys = {
    rest: await openAccountDayKeys(folder, 'record-keys'),
    text: await openAccountDayKeys(folder, 'keys'),
  };
  const telemetry = await TelemetryLog.open({ log, disk, keys });
  const sketchKey = new Uint8Array(randomBytes(32));
  const sketcher = createSketcher(sketchKey);
  const strange: readonly Partial<Exchange>[] = [
    { response: '\uFEFFfirst a byte order mark' },
    { response: 'half a pair: \uD83D', accountId: '__proto__' },
    { durationMs: Number.POSITIVE_INFINITY, model: '\u0000\u202E' },
    { accountId: 'large', client: { headers: { 'x-large': 'x'.repeat(21_000_000) } } },
  ];
  const observations = strange.map((part, i) => {
    const exchange: Exchange = {
      sourceId: `s${i}`,
      accountId: 'a',
      startedAtMs: 1_770_000_000_000 + i,
      model: 'm',
      operation: 'chat',
      status: 'ok',
      messages: [{ role: 'user', text: 'hello' }],
      ...part,
    };
    const record = sketchExchange(exchange, sketcher);
    return observe(record, describeExchange(exchange, record), true);
  });
  await telemetry.append(observations);

  const accounts: AccountRow[] = [];
  const texts: ExchangeTexts[] = [];
  const report = await replayRecord(telemetry, {
    store: {
      insertExchanges: async () => {},
      insertAccounts: async (rows) => void accounts.push(...rows),
      accountFacts: async () => ({ account: new BigUint64Array(0) }) as never,
    },
    sketchKey,
    texts: { appendTexts: async (rows) => void texts.push(...rows) },
  });
  expect(report).toEqual({ leaves: 4, exchanges: 4, erased: 0, texts: 4 });
  expect(accounts.map(({ accountId }) => accountId)).toEqual(['a', '__proto__']);
  expect(texts.map(({ response }) => response)).toEqual([
    '\uFEFFfirst a byte order mark',
    'half a pair: \uFFFD',
    null,
    null,
  ]);
  await telemetry.close();
});
