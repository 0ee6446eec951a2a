import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestTimestamp, statementSignerOf, type TimestampAuthority } from '@phalanx/attestation';
import { issueCertificate, makeToken } from '@phalanx/attestation/test-authority';
import { utf8 } from '@phalanx/core';
import { DetectionReport } from '@phalanx/domain';
import {
  FolderDisk,
  formatVerifierKey,
  makeNoteSigner,
  makeVerifierKey,
  SignatureType,
  signingKeyOf,
  TransparencyLog,
} from '@phalanx/ledger';
import { type AccountKeys, type DayKey, describeExchange, observe, TelemetryLog } from '@phalanx/record';
import type { DatedCheckpoint } from './dated-checkpoint.js';
import { hashAccount, makeExchange, makeRecord } from './exchange-record.test.support.js';
import type { ExportRequest } from './export.js';
import { makeSampleCaseFile } from './report/sample-case-file.test.support.js';
import { makeSigningCertificate } from './report/signing-certificate.js';

export const ORIGIN = 'node-1.lab.example';
export const WINDOW = { fromMs: Date.UTC(2026, 2, 1), toMs: Date.UTC(2026, 2, 5) };
/** Of these the first four make the pool of the finding. */
export const ACCOUNTS = Array.from({ length: 12 }, (_, i) => `account-${i}`);
export const POOL = ACCOUNTS.slice(0, 4);
const EXCHANGES = 360;
const HOUR_MS = 3_600_000;
/** What the laboratory's clock shows, and the authority's. */
export const CLOCK_MS = WINDOW.toMs + 8 * HOUR_MS;

/** Keys in memory. */
class MemoryKeys implements AccountKeys {
  readonly #keys = new Map<string, DayKey & { readonly account: bigint }>();

  async findOrMake(accounts: readonly bigint[], day: number): Promise<readonly DayKey[]> {
    return accounts.map((account) => {
      const name = `${account} ${day}`;
      const id = randomBytes(8).readBigUInt64LE();
      const key = this.#keys.get(name) ?? { account, id, key: randomBytes(32) };
      this.#keys.set(name, key);
      return key;
    });
  }

  async findNamed(id: bigint): Promise<{ readonly account: bigint; readonly key: Uint8Array } | null> {
    return [...this.#keys.values()].find((key) => key.id === id) ?? null;
  }

  async erase(account: bigint): Promise<number> {
    const mine = [...this.#keys].filter(([, key]) => key.account === account);
    for (const [name] of mine) this.#keys.delete(name);
    return mine.length;
  }
}

/** A laboratory with a log of some hundred exchanges of a dozen accounts, and a finding about four of them. */
export interface SampleLaboratory {
  readonly folder: string;
  readonly telemetry: TelemetryLog;
  readonly report: DetectionReport;
  /** A verifier's own. */
  readonly policy: Uint8Array;
  readonly request: ExportRequest;
  close(): Promise<void>;
}

/** @param authority stamps the log after every ninety exchanges; null: nobody does */
export async function openLaboratory(authority: TimestampAuthority | null): Promise<SampleLaboratory> {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-evidence-'));
  const logSigner = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  const logKey = makeVerifierKey(ORIGIN, SignatureType.ED25519, logSigner.publicKey);
  const disk = new FolderDisk(join(folder, 'log'));
  const log = await TransparencyLog.open({
    disk,
    state: new FolderDisk(join(folder, 'state')),
    origin: ORIGIN,
    signers: [makeNoteSigner(ORIGIN, logSigner)],
    verifiers: [logKey],
  });
  const keys = { rest: new MemoryKeys(), text: new MemoryKeys() };
  const telemetry = await TelemetryLog.open({ log, disk, keys });
  // From an hour before the window to some hours after it.
  const stepMs = (WINDOW.toMs + 6 * HOUR_MS - (WINDOW.fromMs - HOUR_MS)) / EXCHANGES;
  const observations = Array.from({ length: EXCHANGES }, (_, n) => {
    const accountId = ACCOUNTS[(n * 7) % ACCOUNTS.length]!;
    const exchange = makeExchange(n, accountId, Math.round(WINDOW.fromMs - HOUR_MS + n * stepMs));
    const record = makeRecord(exchange);
    return observe(record, describeExchange(exchange, record), n % 10 !== 9);
  });
  const dated: DatedCheckpoint[] = [];
  for (let at = 0; at < EXCHANGES; at += 90) {
    await telemetry.append(observations.slice(at, at + 90));
    const note = await telemetry.publish();
    if (authority !== null)
      dated.push({ note, response: (await requestTimestamp(note, authority)).response });
  }
  const statements = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const madeBy = { organisation: 'Example Models, Inc.', person: 'A. Analyst', role: 'Head of forensics' };
  const validity = { notBeforeMs: CLOCK_MS - HOUR_MS, notAfterMs: CLOCK_MS + 365 * 24 * HOUR_MS };
  const certificate = await makeSigningCertificate(statements, { subject: madeBy, ...validity }, null);
  const logKeyText = formatVerifierKey(logKey);
  const policy = utf8(`log ${logKeyText}\nquorum none\n`);
  const report = makeReport();
  let ticks = 0;
  return {
    folder,
    telemetry,
    report,
    policy,
    request: {
      telemetry,
      logKey,
      logKeyText,
      policy,
      statements,
      certificates: [certificate],
      report,
      ranAtMs: CLOCK_MS - 1000,
      detector: { version: '0.1.0', codeSha256: 'c0'.repeat(32) },
      accountOf: hashAccount,
      caseId: '2026-0017',
      madeBy,
      software: { name: 'Phalanx', version: '0.1.0' },
      disclose: 'metadata',
      names: false,
      recipients: [],
      sample: { size: 20, seed: null },
      timestamps: authority,
      dated,
      clock: { nowMs: () => CLOCK_MS + ticks++ },
    },
    close: async () => {
      await telemetry.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The finding of the sample case file, about the pool. */
function makeReport(): DetectionReport {
  const { finding, detection } = makeSampleCaseFile();
  return DetectionReport.parse({
    ...detection,
    schema: 'phalanx.detection-report.v1',
    window: WINDOW,
    accounts: ACCOUNTS.length,
    exchanges: EXCHANGES,
    findings: [
      {
        ...finding,
        members: POOL.map((accountId, i) => ({
          accountId,
          strength: 6 - i,
          exchanges: EXCHANGES / ACCOUNTS.length,
          firstAtMs: WINDOW.fromMs + i,
        })),
      },
    ],
    seconds: 1,
  });
}

/** A time stamping authority on this machine. */
export async function openAuthority(): Promise<TimestampAuthority & { close(): Promise<void> }> {
  const root = await issueCertificate('root', null);
  const stamper = await issueCertificate('stamper', root);
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const asked = Buffer.concat(parts);
    // As `makeTimestampRequest` writes it: version, imprint with the hash at its end, nonce, whether to send certificates.
    const at = asked.indexOf(Buffer.from([0x04, 0x20])) + 2;
    const imprint = asked.subarray(at, at + 32);
    const nonce = asked.subarray(at + 34, at + 34 + asked[at + 33]!);
    const token = makeToken(new Uint8Array(), stamper, { imprint, nonce, timeMs: CLOCK_MS });
    response.setHeader('content-type', 'application/timestamp-reply').end(token);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    certificates: [stamper.der, root.der],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
