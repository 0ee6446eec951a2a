import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPolicies } from '@phalanx/coalition/policy';
import { DAY_MS, listen } from '@phalanx/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../config.js';
import { packFindings } from '../kept-finding.js';
import { runCli } from '../program.js';
import { makeSampleReport } from '../report-page/sample-report.test.fixture.js';
import { withStore } from '../telemetry-session.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-coalition-release-'));
const at = (...names: string[]) => join(folder, ...names);
const HUB = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02';
const env: Record<string, string | undefined> = {
  PATH: process.env.PATH,
  PHALANX_DATA: at('data'),
  PHALANX_COALITION_OFFICE: at('office'),
  PHALANX_COALITION_IDENTITY: at('lab.key'),
};

async function run(expected: number, ...args: string[]): Promise<string> {
  let said = '';
  let talked = '';
  const screen = { outIsScreen: false, talkIsScreen: false, columns: 100 };
  const out = (text: string) => (said += text);
  const talk = (text: string) => (talked += text);
  expect([await runCli(['coalition', ...args], { out, talk, env, ...screen }), talked]).toEqual([
    expected,
    talked,
  ]);
  return expected >= 2 ? talked : said;
}

function writeJson(name: string, value: unknown): string {
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
}

function keyOf(person: string): string {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(at(`${person}.key`), pem, { mode: 0o600 });
  return at(`${person}.key`);
}

let findingId = '';

beforeAll(async () => {
  mkdirSync(at('office', 'approvals'), { recursive: true });
  const report = { ...makeSampleReport(), window: { fromMs: Date.now() - 9 * DAY_MS, toMs: Date.now() } };
  const finding = report.findings[0]!;
  findingId = finding.id;
  await withStore(loadConfig(env), at('data'), async (store) => {
    for (const row of packFindings({ ...report, findings: [finding] }, Date.now()))
      await store.putFinding(row);
  });
  const screen = { out: () => {}, talk: () => {}, env, outIsScreen: false, talkIsScreen: false, columns: 80 };
  expect(await runCli(['ledger', 'init', '--origin', 'lab-a.example', '--unencrypted'], screen)).toBe(0);
  await run(0, 'identity', 'new', at('lab.key'), '--member', 'lab-a', '--unencrypted');
  writeFileSync(at('names.txt'), 'Acme Robotics Inc.\nGlobex\n');
  expect(await run(0, 'customers', at('names.txt'))).toBe('hashed  2 names\n');
  const person = async (id: string, role: string) =>
    JSON.parse(await run(0, 'person', keyOf(id), '--id', id, '--kid', `${id}-1`, '--role', role));
  const people = [await person('rosa', 'releaser'), await person('carl', 'counsel')];
  writeJson('office/people.json', { schema: 'phalanx.people.v1', people });
});
afterAll(() => rmSync(folder, { recursive: true }));

// One order of events, so one test: each step looks at what the ones before have left.
it('a finding becomes a draft, two persons sign it, and the exact bytes leave behind a receipt', {
  timeout: 120_000,
}, async () => {
  const print = `minhash-128:${'ab'.repeat(32)}:${'c0'.repeat(64)}`;
  const describe = ['describe', findingId, '--to', HUB, '--fingerprint', print, '--range', '203.0.113.0/24'];
  expect(await run(0, ...describe, '--out', at('draft.json'))).toMatch(/^draft .*; nothing has left\n$/);
  const sighting = writeJson('sighting.json', {
    type: 'sighting',
    spec_version: '2.1',
    id: 'sighting--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a11',
    created: '2026-11-20T09:00:00.000Z',
    modified: '2026-11-20T09:00:00.000Z',
    sighting_of_ref: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a12',
    count: 317,
  });
  await run(0, 'describe', sighting, '--to', HUB, '--out', at('seen.json'));
  const [marking, seen] = JSON.parse(readFileSync(at('seen.json'), 'utf8')).objects;
  expect(seen).toMatchObject({ count: 100, created: '2026-11-20T00:00:00.000Z' });
  expect(seen.object_marking_refs).toContain(marking.id);

  // Nobody signed, and there is no legal basis.
  const blank = JSON.parse(await run(1, 'release', at('draft.json'), '--json'));
  expect([blank.verdict, ...new Set(blank.reasons.map(({ code }: { code: string }) => code))]).toEqual([
    'refused',
    'counsel-missing',
    'legal-basis-missing',
    'releaser-missing',
  ]);

  const now = Date.now();
  const basis = writeJson('basis.json', {
    schema: 'phalanx.legal-basis.v1',
    jurisdiction: 'EU',
    authority: 'Coalition agreement, section 4',
    categories: ['prompt-fingerprint', 'address-range', 'account-cluster'],
    recipients: [HUB],
    notBeforeMs: now - DAY_MS,
    notAfterMs: now + DAY_MS,
    reviewByMs: now + DAY_MS,
    documentSha256: '5a'.repeat(32),
  });
  const carl = ['--key', at('carl.key'), '--kid', 'carl-1'];
  const rosa = ['--key', at('rosa.key'), '--kid', 'rosa-1'];
  expect(await run(0, 'approve', basis, ...carl, '--out', at('office', 'legal-basis.json'))).toMatch(
    /^signed {2}phalanx\.legal-basis\.v1 {2}[0-9a-f]{64} {2}until /,
  );
  await run(
    0,
    'approve',
    at('draft.json'),
    '--role',
    'releaser',
    ...rosa,
    '--out',
    at('office', 'approvals', 'rosa.json'),
  );
  expect(await run(1, 'release', at('draft.json'))).toMatch(/^held .*\n {2}counsel-missing {2}the draft/);
  for (const category of ['prompt-fingerprint', 'address-range', 'account-cluster']) {
    const standing = writeJson(`${category}.json`, {
      schema: 'phalanx.standing-approval.v1',
      category,
      recipients: [HUB],
      maxTlp: 'amber',
      maxPerDay: 1,
      policySha256: loadPolicies().digest,
      notBeforeMs: now - DAY_MS,
      notAfterMs: now + DAY_MS,
    });
    await run(0, 'approve', standing, ...carl, '--out', at('office', 'approvals', `${category}.json`));
  }
  const told0 = await run(0, 'release', at('draft.json'), '--out', at('envelope.json'));
  const [, releaseId] = /receipt {2}0 {2}([0-9a-f]{32})\n$/.exec(told0) ?? [];
  await expectPushOfNothingElse(at('envelope.json'), releaseId!);
  const { objects } = JSON.parse(readFileSync(at('envelope.json'), 'utf8'));
  expect(objects).toEqual(JSON.parse(readFileSync(at('draft.json'), 'utf8')).objects);

  // The standing approvals allow one a day.
  expect(await run(1, 'release', at('draft.json'), '--out', at('again.json'))).toMatch(
    /standing-approval-used-up[\s\S]*receipt {2}1/,
  );
  expect(() => readFileSync(at('again.json'))).toThrow();

  const view = JSON.parse(await run(0, 'receipts', '--erase', '--html', at('receipts.html'), '--json'));
  expect(view).toMatchObject({
    lab: 'lab-a.example',
    totals: { released: 1, held: 1, refused: 0, objectsReleased: objects.length },
    missing: [],
    irregular: [],
  });
  const told = JSON.stringify(view) + readFileSync(at('receipts.html'), 'utf8');
  for (const { id, digest, value } of objects)
    for (const secret of [id, digest, value]) if (secret) expect(told).not.toContain(secret);
  expect(told).not.toContain('carl');
});

/** A hub whose words would move the cursor, and what reaches it. */
async function expectPushOfNothingElse(envelope: string, releaseId: string): Promise<void> {
  const came: string[] = [];
  const hub = await listen(
    async (request) => {
      came.push(await request.text());
      return new Response('{"failure_count":0,"title":"\u009b2J\u202e"}', { status: 202 });
    },
    { host: '127.0.0.1', port: 0, maxBodyBytes: 1_048_576 },
  );
  env.PHALANX_COALITION_HUB = hub.url;
  try {
    const target = ['--root', 'warnings', '--collection', 'all', '--release'];
    const bytes = readFileSync(envelope, 'utf8');
    writeFileSync(at('more.json'), bytes.replace('"objects":[', '"objects":[{"type":"tool"},'));
    expect(await run(2, 'push', at('more.json'), ...target, releaseId)).toContain('released');
    vi.setSystemTime(Date.now() + DAY_MS);
    expect(await run(2, 'push', envelope, ...target, releaseId)).toContain('24 hours ago');
    vi.useRealTimers();
    expect(came).toEqual([]);
    expect(await run(0, 'push', envelope, ...target, releaseId)).toBe(
      '{"failure_count":0,"title":"\\u009b2J\\u202e"}\n',
    );
    expect(came).toEqual([bytes]);
  } finally {
    vi.useRealTimers();
    await hub.close();
  }
}
