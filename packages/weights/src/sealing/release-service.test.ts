import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR_MS, PhalanxError, toBase64 } from '@phalanx/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBytesSource } from '../formats/byte-source.js';
import { collect, seal } from './age.test.support.js';
import { openHeader, readHeader } from './age-header.js';
import { generateIdentity } from './age-key.js';
import {
  addApproval,
  approve,
  formatSigned,
  keyIdOf,
  parseApprovers,
  parseSignedLease,
  parseSignedWithdrawal,
} from './approval.js';
import { KeyBudget } from './key-budget.js';
import { digestTerms, formatTerms, makeLease } from './lease.js';
import { openPaced, openPacedFile, readManifest } from './open-paced.js';
import { formatManifest, parseManifest, segmentName } from './paced-container.js';
import { type Office, openOffice, SEGMENT, SIZES, START_MS } from './release.test.support.js';
import type { ReleaseStatement } from './release-service.js';
import { sealPayload } from './sealed-stream.js';

const office: Office = await openOffice();
afterAll(() => rmSync(office.folder, { recursive: true }));

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (PhalanxError.is(error)) return error.code;
    throw error;
  }
  return 'none';
};
const all = [0, 1, 2, 3, 4];
const logged = (log: readonly ReleaseStatement[]) =>
  log.flatMap((each) => (each.kind === 'segment-release' ? each.segments : []));

/** A service with an empty log, at the start of the lease. */
async function begin(terms: Parameters<Office['lease']>[0] = {}) {
  office.log.length = 0;
  office.now.wallMs = START_MS;
  const lease = await office.lease(terms);
  const signed = office.sign(lease, 0, 1);
  const service = await office.open();
  return { lease, signed, service, ...(await office.enter(service, signed)) };
}

describe('approval', () => {
  it('needs two of the approvers', async () => {
    const service = await office.open({ history: [] });
    const lease = await office.lease();
    expect(await codeOf(() => service.submit(office.sign(lease)))).toBe('WEIGHTS_LEASE');
    expect(await codeOf(() => service.submit(office.sign(lease, 0)))).toBe('WEIGHTS_LEASE');
    expect(await codeOf(() => service.submit(office.sign(lease, 0, 0)))).toBe('WEIGHTS_LEASE');
    // ECDSA gives another signature each time.
    expect(await codeOf(() => service.submit(office.sign(lease, 1, 1)))).toBe('WEIGHTS_LEASE');
    for (const pair of [
      [0, 1],
      [1, 2],
      [2, 0],
    ])
      expect(await codeOf(() => service.submit(office.sign(lease, ...pair)))).toBe('none');
    const stranger = approve(lease, generateKeyPairSync('ed25519').privateKey);
    const other = await office.lease();
    expect(await codeOf(() => service.submit(addApproval(office.sign(other, 0), stranger)))).toBe(
      'WEIGHTS_LEASE',
    );
  });

  it('of one lease is none of another, however alike, nor of a lease that was changed', async () => {
    const service = await office.open({ history: [] });
    const signed = office.sign(await office.lease(), 0, 1);
    const twin = await office.lease();
    expect(await codeOf(() => service.submit({ ...signed, lease: twin }))).toBe('WEIGHTS_LEASE');
    for (const change of [{ keysPerHour: 3 }, { notAfterMs: START_MS * 2 }, { purpose: 'else' }])
      expect(await codeOf(() => service.submit({ ...signed, lease: { ...signed.lease, ...change } }))).toBe(
        'WEIGHTS_LEASE',
      );
  });

  it('of a withdrawal is none of a lease', async () => {
    const service = await office.open({ history: [] });
    const lease = await office.lease();
    const withdrawn = [0, 1].map((i) => office.withdraw(lease, i).approvals[0]!);
    const signed = { ...office.sign(lease), approvals: withdrawn };
    expect(await codeOf(() => service.submit(signed))).toBe('WEIGHTS_LEASE');
  });

  it('takes one key for one person, by whatever names and encodings', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const compressed = compress(publicKey);
    expect(keyIdOf(createPublicKey(compressed))).toBe(keyIdOf(publicKey));
    const list = (...keys: string[]) =>
      JSON.stringify(keys.map((key, i) => ({ name: `n${i}`, publicKey: key })));
    for (const keys of [[pem, pem], [pem, compressed], [pem], []])
      expect(() => parseApprovers(list(...keys))).toThrow(expect.objectContaining({ code: 'WEIGHTS_KEY' }));
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const rsaPem = rsa.export({ type: 'spki', format: 'pem' }) as string;
    expect(() => parseApprovers(list(pem, rsaPem))).toThrow(/Ed25519 or P-256/);
    expect(() => parseApprovers('{}')).toThrow(expect.objectContaining({ code: 'WEIGHTS_FORMAT' }));
  });

  it('reads what it writes, and signs canonical JSON', async () => {
    const lease = await office.lease();
    const signed = office.sign(lease, 0, 1);
    expect(parseSignedLease(formatSigned(signed))).toEqual(signed);
    const withdrawal = office.withdraw(lease, 2);
    expect(parseSignedWithdrawal(formatSigned(withdrawal))).toEqual(withdrawal);
    expect(Buffer.from(formatTerms(lease)).toString()).toMatch(
      /^\{"artifactSha256":"[0-9a-f]{64}","keysPerHour":2,"leaseId"/,
    );
    const bad = { ...signed, lease: { ...lease, segments: [[2, 1]] } };
    expect(await codeOf(() => parseSignedLease(Buffer.from(JSON.stringify(bad))))).toBe('WEIGHTS_FORMAT');
    expect(await codeOf(() => makeLease(office.container, { ...lease, segments: [[0, 5]] }))).toBe(
      'WEIGHTS_LEASE',
    );
  });
});

/** The same point, its y as one bit. */
function compress(key: KeyObject): string {
  const { x, y } = key.export({ format: 'jwk' });
  const sign = Buffer.from(y!, 'base64url').at(-1)! & 1;
  const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  const der = Buffer.concat([prefix, Buffer.of(2 + sign), Buffer.from(x!, 'base64url')]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

describe('release', () => {
  it('hands out so many keys in any hour, and logs before', async () => {
    const { service, leaseSha256, token } = await begin();
    const first = await service.release(leaseSha256, token, all);
    expect(first.keys.map(({ segment }) => segment)).toEqual([0, 1]);
    expect([first.pending, first.waitMs]).toEqual([[2, 3, 4], HOUR_MS]);
    expect(logged(office.log)).toEqual([0, 1]);
    office.wait(HOUR_MS - 1);
    expect((await service.release(leaseSha256, token, [2])).keys).toEqual([]);
    office.wait(1);
    expect((await service.release(leaseSha256, token, [4, 3, 2])).keys.map((key) => key.segment)).toEqual([
      4, 3,
    ]);
    expect(logged(office.log)).toEqual([0, 1, 4, 3]);
  });

  it('gives a segment again for nothing, and does not log it again', async () => {
    const { service, leaseSha256, token } = await begin();
    await service.release(leaseSha256, token, [0, 1]);
    const again = await service.release(leaseSha256, token, [1, 1, 0]);
    expect(again.keys.map(({ segment }) => segment)).toEqual([1, 0]);
    expect(logged(office.log)).toEqual([0, 1]);
  });

  it('is no faster than the lease, also after a restart, where the container would allow more', async () => {
    const { service, signed, leaseSha256, token } = await begin({ keysPerHour: 1 });
    expect((await service.release(leaseSha256, token, all)).keys.length).toBe(1);
    expect(await service.release(leaseSha256, token, [1])).toMatchObject({ keys: [], waitMs: HOUR_MS });
    const reopened = await office.open();
    await office.enter(reopened, signed);
    expect((await reopened.release(leaseSha256, token, [1])).keys).toEqual([]);
  });

  it('takes no lease of segments that are not there', async () => {
    const { service } = await begin();
    const lease = { ...(await office.lease()), segments: [[0, 5] as [number, number]] };
    expect(await codeOf(() => service.submit(office.sign(lease, 0, 1)))).toBe('WEIGHTS_LEASE');
  });

  it('counts all leases of a container together', async () => {
    const { service, leaseSha256, token } = await begin();
    const second = await office.enter(service, office.sign(await office.lease({ keysPerHour: 100 }), 0, 2));
    expect((await service.release(leaseSha256, token, [0])).keys.length).toBe(1);
    expect((await service.release(second.leaseSha256, second.token, all)).keys.length).toBe(1);
    expect((await service.release(leaseSha256, token, [1])).waitMs).toBe(HOUR_MS);
  });

  it('is to the leased segments, between the dates, with the token', async () => {
    const { service, leaseSha256, token } = await begin({
      segments: [[1, 2]],
      notBeforeMs: START_MS + 1000,
      notAfterMs: START_MS + HOUR_MS,
    });
    const ask = (segments: number[], by = token) => codeOf(() => service.release(leaseSha256, by, segments));
    expect(await ask([1])).toBe('WEIGHTS_LEASE');
    office.wait(1000);
    expect(await ask([0])).toBe('WEIGHTS_LEASE');
    expect(await ask([3])).toBe('WEIGHTS_LEASE');
    expect(await ask([5])).toBe('WEIGHTS_ARGUMENT');
    expect(await ask([])).toBe('WEIGHTS_ARGUMENT');
    expect(await ask([1], '')).toBe('WEIGHTS_LEASE');
    expect(
      await ask(
        [1],
        token.replace(/^./, (c) => (c === '0' ? '1' : '0')),
      ),
    ).toBe('WEIGHTS_LEASE');
    expect(await codeOf(() => service.release('0'.repeat(64), token, [1]))).toBe('WEIGHTS_LEASE');
    expect(await ask([1])).toBe('none');
    office.wait(HOUR_MS);
    expect(await ask([1])).toBe('WEIGHTS_LEASE');
  });

  it('is over when the clock says so, though the counter slept', async () => {
    const { service, signed, leaseSha256, token } = await begin({ notAfterMs: START_MS + HOUR_MS });
    office.now.wallMs = START_MS + HOUR_MS + 1;
    expect(await codeOf(() => service.release(leaseSha256, token, [1]))).toBe('WEIGHTS_LEASE');
    expect(await codeOf(() => service.submit(signed))).toBe('WEIGHTS_LEASE');
  });

  it('ends with a withdrawal by one approver, for good', async () => {
    const { service, lease, signed, leaseSha256, token } = await begin();
    await service.release(leaseSha256, token, [0]);
    const stranger = office.withdraw(lease, 0);
    stranger.approvals[0]!.keyId = '0'.repeat(64);
    expect(await codeOf(() => service.withdraw(stranger))).toBe('WEIGHTS_LEASE');
    await service.withdraw(office.withdraw(lease, 2));
    await service.withdraw(office.withdraw(lease, 1));
    expect(await codeOf(() => service.release(leaseSha256, token, [0]))).toBe('WEIGHTS_LEASE');
    const reopened = await office.open();
    expect(await codeOf(() => reopened.submit(signed))).toBe('WEIGHTS_LEASE');
    expect(office.log.map((each) => (each.kind === 'lease' ? each.state : each.kind))).toEqual([
      'granted',
      'segment-release',
      'withdrawn',
    ]);
    const unseen = await office.lease();
    await reopened.withdraw(office.withdraw(unseen, 0));
    expect(await codeOf(() => reopened.submit(office.sign(unseen, 0, 1)))).toBe('WEIGHTS_LEASE');
  });
});

describe('after a restart', () => {
  it('the log is the memory: budget, segments, no second grant, the same token', async () => {
    const { signed, service, leaseSha256, token } = await begin();
    await service.release(leaseSha256, token, [0, 1]);
    const reopened = await office.open();
    expect(await codeOf(() => reopened.release(leaseSha256, token, [0]))).toBe('WEIGHTS_LEASE');
    expect(await office.enter(reopened, signed)).toEqual({ leaseSha256, token });
    const { keys, pending } = await reopened.release(leaseSha256, token, all);
    expect([keys.map(({ segment }) => segment), pending]).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    expect(office.log.length).toBe(2);
  });

  it('what was logged and not answered counts', async () => {
    const { signed, leaseSha256 } = await begin();
    const service = await office.open({
      history: [
        {
          ...{ kind: 'segment-release', version: 1, atMs: START_MS, by: 'x', leaseSha256 },
          artifactSha256: office.container.artifactSha256,
          segments: [3, 4],
        },
      ],
    });
    const { token } = await office.enter(service, signed);
    const { keys } = await service.release(leaseSha256, token, [0, 1, 2, 3, 4]);
    expect(keys.map(({ segment }) => segment)).toEqual([3, 4]);
  });

  it('nothing more leaves after a statement that was not logged', async () => {
    const { signed, leaseSha256 } = await begin();
    let works = true;
    const service = await office.open({
      record: async () => {
        if (!works) throw new Error('no disk');
      },
    });
    const { token } = await office.enter(service, signed);
    works = false;
    expect(await codeOf(() => service.release(leaseSha256, token, [0]))).toBe('WEIGHTS_RELEASE');
    works = true;
    expect(await codeOf(() => service.release(leaseSha256, token, [0]))).toBe('WEIGHTS_RELEASE');
    expect(await codeOf(() => service.submit(signed))).toBe('WEIGHTS_RELEASE');
  });

  it('a clock that was set back or forward gives no more', async () => {
    const { signed, service, leaseSha256, token } = await begin();
    await service.release(leaseSha256, token, [0, 1]);
    office.now.wallMs += 3 * HOUR_MS;
    expect((await service.release(leaseSha256, token, [2])).keys).toEqual([]);
    office.now.wallMs = START_MS - 100 * HOUR_MS;
    const reopened = await office.open();
    await office.enter(reopened, signed);
    expect((await reopened.release(leaseSha256, token, [2])).waitMs).toBe(HOUR_MS);
    office.now.counterMs += HOUR_MS;
    expect((await reopened.release(leaseSha256, token, [2])).keys.length).toBe(1);
    expect(office.log.at(-1)!.atMs).toBe(START_MS + HOUR_MS);
  });

  it('requests at once share the budget', async () => {
    const { service, leaseSha256, token } = await begin();
    const answers = await Promise.all(all.map((i) => service.release(leaseSha256, token, [i])));
    expect(answers.filter(({ keys }) => keys.length > 0).length).toBe(2);
  });
});

it('a budget never gives more in any hour, whatever is asked when', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.nat(HOUR_MS), fc.integer({ min: 1, max: 10 })), { maxLength: 60 }),
      (rate, steps) => {
        const budget = new KeyBudget(rate);
        const given: number[] = [];
        let nowMs = 0;
        for (const [stepMs, wanted] of steps) {
          nowMs += stepMs;
          const got = Math.min(wanted, budget.left(nowMs));
          if (got > 0) budget.take(nowMs, got);
          for (let i = 0; i < got; i++) given.push(nowMs);
          expect(budget.left(nowMs) > 0 || budget.waitMs(nowMs) > 0).toBe(true);
        }
        for (const from of given)
          expect(given.filter((at) => at >= from && at < from + HOUR_MS).length).toBeLessThanOrEqual(rate);
      },
    ),
  );
});

describe('a paced container', () => {
  const folder = join(office.folder, 'sealed');
  let headers: (Uint8Array | null)[] = [];
  const keys = { identities: [office.lessee], findHeader: async (i: number) => headers[i] ?? null };

  beforeAll(async () => {
    const { service, leaseSha256, token } = await begin();
    for (let i = 0; i < 3; i++) {
      for (const key of (await service.release(leaseSha256, token, all)).keys)
        headers[key.segment] = key.header;
      office.wait(HOUR_MS);
    }
    expect(headers.length).toBe(5);
  });

  it('opens file by file as keys come', async () => {
    const whole = headers;
    const out = join(office.folder, 'opened');
    const open = async () => {
      const states = [];
      for await (const file of openPaced(folder, office.container, out, keys)) states.push(file.state);
      return states;
    };
    headers = [...whole.slice(0, 2), null, ...whole.slice(3)];
    expect(await open()).toEqual(['waiting', 'waiting']);
    headers = [...whole.slice(0, 3)];
    expect(await open()).toEqual(['opened', 'waiting']);
    headers = whole;
    expect(await open()).toEqual(['there already', 'opened']);
    for (const [i, plain] of office.plains.entries())
      expect(Buffer.compare(readFileSync(join(out, `part-${i}.bin`)), plain)).toBe(0);
  });

  it('is read in part where keys are there', async () => {
    const whole = headers;
    headers = [null, null, null, whole[3]!, null];
    const file = openPacedFile(folder, office.container, 'part-1.bin', keys);
    const at = 3 * SEGMENT - SIZES[0]!;
    expect(Buffer.compare(await file.read(at, 100), office.plains[1]!.subarray(at, at + 100))).toBe(0);
    expect(await codeOf(() => file.read(at - 1, 100))).toBe('WEIGHTS_LEASE');
    expect(await codeOf(() => file.read(SIZES[1]! - 10, 11))).toBe('WEIGHTS_ARGUMENT');
    await file.close();
    headers = whole;
  });

  it('opens for the service itself, and for nobody without keys', async () => {
    const service = { identities: [office.identity] };
    const whole = openPacedFile(folder, office.container, 'part-0.bin', service);
    expect(Buffer.compare(await whole.read(0, SIZES[0]!), office.plains[0]!)).toBe(0);
    await whole.close();
    const lessee = openPacedFile(folder, office.container, 'part-0.bin', { identities: [office.lessee] });
    expect(await codeOf(() => lessee.read(0, 1))).toBe('WEIGHTS_SEAL');
    const other = { ...keys, identities: [await generateIdentity('X25519')] };
    const stranger = openPacedFile(folder, office.container, 'part-0.bin', other);
    expect(await codeOf(() => stranger.read(0, 1))).toBe('WEIGHTS_SEAL');
  });

  it('refuses segments that another wrote with a key that was released', async () => {
    const path = join(folder, segmentName(0));
    const before = readFileSync(path);
    const fileKey = await openHeader(headers[0]!, [office.lessee]);
    const forged = await collect(
      sealPayload({ source: openBytesSource(new Uint8Array(SEGMENT)), offset: 0, length: SEGMENT }, fileKey),
    );
    const own = Buffer.from(office.container.manifest.segments[0]!.header, 'base64');
    writeFileSync(path, Buffer.concat([own, forged]));
    const open = async () => {
      const out = join(office.folder, 'forged');
      for await (const _ of openPaced(folder, office.container, out, keys));
    };
    expect(await codeOf(open)).toBe('WEIGHTS_SEAL');
    writeFileSync(path, before);
  });

  it('refuses a segment that is shorter than its manifest says, though its digest is right', async () => {
    const other = join(office.folder, 'short');
    cpSync(folder, other, { recursive: true });
    const file = await seal(office.plains[0]!.subarray(0, SEGMENT - 1), [office.container.manifest.service]);
    writeFileSync(join(other, segmentName(0)), file);
    const header = await readHeader(openBytesSource(file));
    const { manifest } = office.container;
    const sha256 = createHash('sha256').update(file).digest('hex');
    const segments = [{ header: toBase64(header), sha256 }, ...manifest.segments.slice(1)];
    const short = parseManifest(formatManifest({ ...manifest, segments }));
    const service = { identities: [office.identity] };
    const open = async () => {
      for await (const _ of openPaced(other, short, join(office.folder, 'shorter'), service));
    };
    expect(await codeOf(open)).toBe('WEIGHTS_SEAL');
    const part = openPacedFile(other, short, 'part-0.bin', service);
    expect(await codeOf(() => part.read(0, 1))).toBe('WEIGHTS_SEAL');
  });

  it('has a manifest that is read back and nothing else', async () => {
    const { manifest, artifactSha256 } = await readManifest(folder);
    expect(artifactSha256).toBe(office.container.artifactSha256);
    const bytes = formatManifest(manifest);
    const code = (value: unknown) => codeOf(() => parseManifest(Buffer.from(JSON.stringify(value))));
    expect(await codeOf(() => parseManifest(Buffer.concat([bytes, Buffer.from('\n')])))).toBe(
      'WEIGHTS_FORMAT',
    );
    const ordered = JSON.parse(Buffer.from(bytes).toString());
    expect(await code(ordered)).toBe('none');
    expect(await code({ ...ordered, segments: ordered.segments.slice(1) })).toBe('WEIGHTS_FORMAT');
    expect(await code({ ...ordered, segmentBytes: 65_537 })).toBe('WEIGHTS_FORMAT');
    for (const path of ['../a', '/a', 'a//b', 'C:a', 'part-0.bin'])
      expect(await code({ ...ordered, files: [ordered.files[0], { ...ordered.files[1], path }] })).toBe(
        'WEIGHTS_FORMAT',
      );
    expect(digestTerms(await office.lease())).toMatch(/^[0-9a-f]{64}$/);
  });
});
