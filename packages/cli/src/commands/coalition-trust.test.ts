import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyObject } from '@phalanx/coalition';
import { readTraces } from '@phalanx/coalition/trust';
import { DAY_MS } from '@phalanx/core';
import { createCoalitionSketcher } from '@phalanx/sketch';
import { openSketchKey, openTelemetryStore, openTextVault } from '@phalanx/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packFindings } from '../kept-finding.js';
import { readKnownMembers, withLabStore } from '../lab-trust.js';
import { openOwnTelemetry } from '../own-telemetry.js';
import { runCli } from '../program.js';
import { readLedgerFile, withRecord } from '../record-session.js';
import { makeSampleReport } from '../report-page/sample-report.test.fixture.js';
import { SILENT } from '../silent-terminal.test.support.js';

const TEMPLATE =
  'Rate the answer below from one to ten, give reasons for every deduction, and write a better answer: ';
const HONEST = 'Please translate this note to our customers into French and keep the tone friendly: ';
const KEY = new Uint8Array(32).fill(9);
/** Yesterday and ninety days. */
const RETAINED_MS = (Math.floor(Date.now() / DAY_MS) + 89) * DAY_MS;
let cwd: string;
const at = (name: string) => join(cwd, name);

async function phalanx(line: string, lab = 'a') {
  const [out, talk]: [string[], string[]] = [[], []];
  const env = { PHALANX_DATA: at('data'), PHALANX_COALITION_IDENTITY: at(`${lab}.key`) };
  const code = await runCli(['coalition', ...line.split(' ')], {
    out: (text) => void out.push(text),
    talk: (text) => void talk.push(text),
    env,
    outIsScreen: false,
    talkIsScreen: false,
    columns: 120,
  });
  return { code, out: out.join(''), talk: talk.join('') };
}

const MEMBERS = () => ['b', 'c', 'd'].map((lab) => `--member ${at(`${lab}.json`)}`).join(' ');

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'phalanx-trust-'));
  for (const lab of ['a', 'b', 'c', 'd']) {
    const made = await phalanx(`identity new ${at(`${lab}.key`)} --member lab-${lab} --unencrypted`);
    writeFileSync(at(`${lab}.json`), made.out);
  }
  writeFileSync(at('sketch.key'), KEY);
  // 40 accounts ask by one template from one network, 3,000 ask something honest from elsewhere.
  const row = (account: string, text: string, ip: string, i: number) =>
    JSON.stringify({
      id: `req-${i}`,
      status: 'success',
      model: 'sonata-4',
      startTime: Date.now() / 1000 - 3600 - i,
      endTime: Date.now() / 1000 - 3599 - i,
      messages: [{ role: 'user', content: text }],
      response: { choices: [{ message: { role: 'assistant', content: 'Here you are.' } }] },
      requester_ip_address: ip,
      metadata: { user_api_key_hash: account },
      call_type: 'acompletion',
    });
  const rows = [
    ...Array.from({ length: 40 }, (_, i) => row(`bad-${i}`, `${TEMPLATE}${i}`, `20.1.2.${i}`, i)),
    ...Array.from({ length: 3000 }, (_, i) =>
      row(`good-${i}`, `${HONEST}${i}`, `31.${i >> 8}.${i & 255}.7`, 100 + i),
    ),
  ];
  writeFileSync(at('traffic.jsonl'), `${rows.join('\n')}\n`);
  writeFileSync(at('good.txt'), Array.from({ length: 3000 }, (_, i) => `good-${i}`).join('\n'));
  const [out, talk]: [string[], string[]] = [[], []];
  const code = await runCli(['ingest', at('traffic.jsonl'), '--data', at('data')], {
    out: (text) => void out.push(text),
    talk: (text) => void talk.push(text),
    env: { PHALANX_INGEST_WORKERS: '1' },
    outIsScreen: false,
    talkIsScreen: false,
    columns: 120,
  });
  expect([code, talk.join('')]).toEqual([0, expect.stringContaining('3,040 exchanges')]);
  await runCli(
    ['ledger', 'init', '--origin', 'lab-a.example', '--data', at('data'), '--unencrypted'],
    SILENT,
  );
  const report = makeSampleReport();
  const [finding] = report.findings;
  const members = Array.from({ length: 36 }, (_, i) => ({ ...finding!.members[0]!, accountId: `bad-${i}` }));
  const store = await openTelemetryStore({ path: join(at('data'), 'telemetry') });
  for (const kept of packFindings(
    { ...report, findings: [{ ...finding!, id: 'own-1', members }] },
    Date.now(),
  ))
    await store.putFinding(kept);
  await store.close();
}, 120_000);
afterAll(() => rmSync(cwd, { recursive: true }));

/** What a lab tells of things that own telemetry has: traces by name. */
async function tell(lab: string, name: string, patterns: readonly string[]): Promise<string> {
  const { makeDomainObject, makeTlpMarking } = await import('@phalanx/coalition');
  const { readCoalitionIdentity } = await import('../coalition-identity.js');
  const { signAs, writeObjects } = await import('../lab-trust.js');
  const { loadPolicies, makeSharingMarking } = await import('@phalanx/coalition/policy');
  const identity = await readCoalitionIdentity(at(`${lab}.key`), SILENT);
  const atMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
  const marking = makeSharingMarking(loadPolicies(), {
    author: identity.identity,
    atMs,
    retainDays: 90,
    minLabs: 1,
  });
  const objects = patterns.map((pattern) =>
    makeDomainObject(
      'indicator',
      { createdByRef: identity.identity, atMs, markingRefs: [makeTlpMarking('amber').id, marking.id] },
      {
        name: 'prompt-fingerprint',
        indicator_types: ['malicious-activity'],
        pattern: `[${pattern}]`,
        pattern_type: 'stix',
        pattern_version: '2.1',
        valid_from: new Date(atMs).toISOString(),
      },
    ),
  );
  await writeObjects(
    await Promise.all([marking, ...objects].map((object) => signAs(identity, object))),
    at(name),
    SILENT,
  );
  return objects[0]!.id;
}

function fingerprintPattern(text: string): string {
  const { paramsDigest, digest } = createCoalitionSketcher(KEY).fingerprintTemplate(text)!;
  return `x-llm-prompt-fingerprint:params_digest = '${paramsDigest}' AND x-llm-prompt-fingerprint:digest = '${digest}'`;
}

const network = (block: string) => `network-traffic:src_ref.value ISSUBSET '${block}'`;

/** What the lab's log has of this kind. */
async function readReceipts() {
  const { parseStatement } = await import('@phalanx/record');
  const { loadConfig } = await import('../config.js');
  const file = readLedgerFile(at('data'))!;
  return withRecord(at('data'), file, loadConfig({}), SILENT, async ({ telemetry }) =>
    [...telemetry.findStatements()]
      .map(({ entry }) => parseStatement(entry))
      .filter((statement) => statement.kind === 'indicator-receipt'),
  );
}

it('own telemetry finds what can be found, and says what cannot', { timeout: 120_000 }, async () => {
  const store = await openTelemetryStore({ path: join(at('data'), 'telemetry') });
  const sources = {
    store,
    vault: await openTextVault(store, at('data')),
    sketchKey: await openSketchKey(at('data')),
    coalitionKey: KEY,
    goodAccounts: new Set([...Array.from({ length: 3000 }, (_, i) => `good-${i}`), 'bad-3', 'not here']),
  };
  const traces = readTraces(
    `[(${fingerprintPattern(`${TEMPLATE}5`)}) OR (${fingerprintPattern(`${HONEST}9`)}) OR ${network('20.1.2.0/24')} OR ${network('31.0.0.0/20')}
    OR ${network('2a00:1::/48')} OR ${network('20.1.2.3')} OR ${network('31.0.0.0/12')}
    OR (x-oprf-token:key_epoch = 'e' AND x-oprf-token:token = '${'00'.repeat(16)}')]`,
  )!;
  const replay = async (changes: object) => {
    const { replay: run } = openOwnTelemetry({ ...sources, ...changes });
    return run(traces, Date.now() - 30 * DAY_MS, Date.now());
  };
  try {
    const { hits, ...population } = await replay({});
    expect(population).toEqual({ accounts: 3040, good: 3000, suspected: 36 });
    expect(hits).toEqual([
      { accounts: 40, good: 0, suspected: 36, findings: ['own-1'] },
      { accounts: 3000, good: 3000, suspected: 0, findings: [] },
      { accounts: 40, good: 0, suspected: 36, findings: ['own-1'] },
      { accounts: 16, good: 16, suspected: 0, findings: [] },
      { accounts: 0, good: 0, suspected: 0, findings: [] },
      null,
      null,
      null,
    ]);
    // Without the coalition's key, with another one, or without texts, fingerprints are not looked for.
    for (const changes of [{ coalitionKey: null }, { coalitionKey: new Uint8Array(32) }, { vault: null }]) {
      const { hits: fewer } = await replay(changes);
      expect([fewer[0], fewer[1], fewer[2]!.accounts]).toEqual([null, null, 40]);
    }
    expect(readFileSync(join(at('data'), 'audit.jsonl'), 'utf8')).toContain('replay of indicators of others');
  } finally {
    await store.close();
  }
});

it('from what another lab tells to what may be enforced', { timeout: 240_000 }, async () => {
  const campaign = await tell('b', 'b.bundle', [
    fingerprintPattern(`${TEMPLATE}5`),
    network('20.1.2.0/24'),
    network('10.1.2.0/24'),
  ]);
  await tell('d', 'd.bundle', [fingerprintPattern(`${HONEST}9`), network('31.0.9.0/24')]);
  const taken = await phalanx(`quarantine take ${at('b.bundle')} ${at('d.bundle')} ${MEMBERS()}`);
  expect([taken.code, taken.out, taken.talk]).toEqual([0, 'not-judged 2, taken 5\n', '']);
  // Each maker's objects, as salted digests; and how long what came under a sharing policy may be kept.
  const receipts = await readReceipts();
  expect(receipts.map(({ from, role, objects }) => [from, role, objects.length])).toEqual([
    ['lab-b', 'recipient', 4],
    ['lab-d', 'recipient', 3],
  ]);
  expect(JSON.stringify(receipts)).not.toContain('indicator--');
  const terms = await withLabStore({ data: at('data') }, SILENT, (store) =>
    store.receivedTerms.find(campaign),
  );
  expect(terms).toMatchObject({ purpose: 'model-theft-defence', retainUntilMs: RETAINED_MS });
  const replay = await phalanx(
    `quarantine replay --good ${at('good.txt')} --sketch-key ${at('sketch.key')} --labs 1 --json --sightings ${at('sightings.json')}`,
  );
  // One lab suffices here, and that is oneself: the campaign's traces have own evidence, and the others are wrong.
  expect([replay.code, JSON.parse(replay.out).states]).toEqual([1, { enforceable: 2, refused: 3 }]);
  const sightings = JSON.parse(readFileSync(at('sightings.json'), 'utf8')).objects;
  expect(sightings.map((one: { count?: number }) => one.count).sort()).toEqual([0, 10, 10]);
  expect(sightings).toContainEqual(expect.objectContaining({ type: 'sighting', sighting_of_ref: campaign }));
});

it("one's own word is signed, and nobody takes back what is another's", async () => {
  const id = 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09';
  const opened = await phalanx(`appeal open ${id}`, 'c');
  const caseId = opened.talk.trim().split(' ')[1]!;
  const [objection] = JSON.parse(opened.out).objects;
  expect(objection).toMatchObject({
    opinion: 'strongly-disagree',
    external_references: [{ external_id: caseId }],
  });
  const known = await readKnownMembers([at('c.json')], []);
  expect(verifyObject(objection, known.keys)?.identity).toBe(objection.created_by_ref);
  expect((await phalanx(`opinion ${id} maybe`)).code).toBe(2);
  await tell('b', 'own.bundle', [network('20.9.9.0/24')]);
  expect((await phalanx(`retract ${at('own.bundle')}`, 'c')).code).toBe(2);
  const retracted = JSON.parse((await phalanx(`retract ${at('own.bundle')}`, 'b')).out).objects[0];
  expect(retracted).toMatchObject({ type: 'indicator', revoked: true });
});
