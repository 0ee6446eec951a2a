import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCertificates, formatPublicKeyPem } from '@phalanx/attestation';
import { utf8 } from '@phalanx/core';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE } from './bundle-layout.js';
import { hashAccount } from './exchange-record.test.support.js';
import { type ExportRequest, exportEvidence } from './export.js';
import { listFiles, rewriteManifests } from './forged-evidence.test.support.js';
import {
  openAuthority,
  openLaboratory,
  POOL,
  type SampleLaboratory,
} from './sample-evidence.test.support.js';
import { type EvidenceTrust, LINKS, type LinkName, verifyEvidence } from './verify.js';

let lab: SampleLaboratory;
let other: SampleLaboratory;
let authority: Awaited<ReturnType<typeof openAuthority>>;
let trust: EvidenceTrust;
let identity: string;
let recipient: string;
let folder: string;
let made = 0;

beforeAll(async () => {
  authority = await openAuthority();
  lab = await openLaboratory(authority);
  other = await openLaboratory(authority);
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
  folder = mkdtempSync(join(tmpdir(), 'phalanx-bundles-'));
  trust = {
    policy: lab.policy,
    statementKey: utf8(formatPublicKeyPem(lab.request.statements.publicKey)),
    timestampAuthority: utf8(formatCertificates(authority.certificates)),
  };
});

afterAll(async () => {
  await lab.close();
  await other.close();
  await authority.close();
  rmSync(folder, { recursive: true, force: true });
});

async function makeBundle(change: Partial<ExportRequest> = {}, by = lab): Promise<string> {
  const to = join(folder, `bundle-${made++}`);
  await exportEvidence(to, { ...by.request, recipients: [recipient], ...change });
  return to;
}

/** A copy in which something is changed, with manifests that fit. */
function alter(bundle: string, edit: (at: (path: string) => string) => void): string {
  const to = join(folder, `altered-${made++}`);
  cpSync(bundle, to, { recursive: true });
  edit((path) => join(to, path));
  rewriteManifests(to);
  return to;
}

function editText(file: string, edit: (text: string) => string): void {
  const before = readFileSync(file, 'utf8');
  const after = edit(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after);
}

const editLines = (file: string, edit: (lines: string[]) => readonly string[]): void =>
  editText(file, (text) =>
    edit(text.split('\n').slice(0, -1))
      .map((line) => `${line}\n`)
      .join(''),
  );

/** The link that breaks; null when none does. */
async function findBreak(bundle: string, with_: EvidenceTrust = trust): Promise<LinkName | null> {
  const { verified, links } = await verifyEvidence(bundle, with_);
  const last = links.at(-1)!;
  expect(last.ok).toBe(verified);
  return verified ? null : last.link;
}

const levels = ['existence', 'aggregates', 'metadata', 'text'] as const;

describe('an exported bundle', () => {
  for (const disclose of levels)
    for (const names of [false, true])
      it(`holds at level ${disclose}${names ? ' with names' : ''}`, async () => {
        const bundle = await makeBundle({ disclose, names });
        const check = await verifyEvidence(bundle, { ...trust, identity });
        expect(check.links.map(({ link, ok }) => [link, ok])).toEqual(LINKS.map((link) => [link, true]));
        expect(check).toMatchObject({
          verified: true,
          anchored: true,
          claims: { disclosed: disclose, accounts: 4 },
        });
        const told = Object.fromEntries(check.links.map(({ link, what }) => [link, what]));
        expect(told.openings).toMatch(
          {
            existence: /^nothing is opened; (chains are those that the finding names|0 of 4 chains shown)/,
            aggregates: /^20 entries opened as logged; .*; figures recomputed$/,
            metadata: /^112 entries opened as logged; .*; figures recomputed$/,
            text: /^112 entries opened as logged; .*; figures recomputed; text of (1\d|20) entries as logged$/,
          }[disclose],
        );
        expect(await verifyEvidence(bundle)).toMatchObject({ verified: true, anchored: false });
        const secret = names ? [] : POOL;
        for (const path of listFiles(bundle).filter((each) => !each.endsWith('.age')))
          for (const name of secret) expect(readFileSync(join(bundle, path)).includes(name)).toBe(false);
      });

  it('says what is missing when nobody stamped it', async () => {
    const bundle = await makeBundle({ timestamps: null, dated: [] });
    const { timestampAuthority: _, ...own } = trust;
    const { verified, links } = await verifyEvidence(bundle, own);
    expect(verified).toBe(true);
    expect(links.find(({ link }) => link === 'time')!.what).toMatch(/no time stamp/);
  });
});

describe('somebody who alters a bundle and makes its manifests again', () => {
  let bundle: string;
  let second: string;
  let foreign: string;
  beforeAll(async () => {
    bundle = await makeBundle({ disclose: 'text' });
    second = await makeBundle({ disclose: 'text' });
    foreign = await makeBundle({ disclose: 'text' }, other);
  });

  const swap =
    (from: () => string, ...paths: string[]) =>
    (at: (path: string) => string) => {
      for (const path of paths) cpSync(join(from(), path), at(path));
    };
  const attacks: [what: string, link: LinkName, edit: (at: (path: string) => string) => void][] = [
    ['drops a leaf', 'statement', (at) => editLines(at(BUNDLE.leaves), (lines) => lines.toSpliced(9, 1))],
    [
      'swaps two leaves',
      'statement',
      (at) => editLines(at(BUNDLE.leaves), ([a, b, ...rest]) => [b!, a!, ...rest]),
    ],
    [
      'opens another value',
      'statement',
      (at) => editText(at(BUNDLE.openings), (text) => text.replace('large', 'small')),
    ],
    ['leaves an opening out', 'statement', (at) => editLines(at(BUNDLE.openings), (lines) => lines.slice(1))],
    [
      'drops an account',
      'statement',
      (at) =>
        editLines(at(BUNDLE.leaves), (lines) => lines.filter((line) => chainIn(line) !== chainIn(lines[0]!))),
    ],
    [
      'replaces the finding',
      'statement',
      (at) =>
        editText(at(BUNDLE.finding), (text) => text.replace('"log10EDemand":7.4', '"log10EDemand":9.4')),
    ],
    [
      'changes a figure',
      'statement',
      (at) => editText(at(BUNDLE.claims), (text) => text.replace(/"value":\d+/, '"value":1')),
    ],
    [
      'changes the logged finding',
      'statement',
      (at) => editText(at(BUNDLE.findingLeaf), (text) => text.replace('"alpha":0.01', '"alpha":0.02')),
    ],
    [
      'changes an encrypted part',
      'statement',
      (at) => {
        const bytes = readFileSync(at(BUNDLE.text(1)));
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(at(BUNDLE.text(1)), bytes);
      },
    ],
    ['adds a file to the record', 'statement', (at) => writeFileSync(at('data/record/more.jsonl'), '')],
    ['takes the openings away', 'statement', (at) => rmSync(at(BUNDLE.openings))],
    [
      'changes the seed',
      'statement',
      (at) => editEnvelope(at, (text) => text.replace(/"seed":"[0-9a-f]/, '"seed":"x')),
    ],
    [
      'shrinks the sample',
      'statement',
      (at) => editEnvelope(at, (text) => text.replace('"size":20', '"size":2')),
    ],
    ['takes the statement of another bundle', 'statement', (at) => swap(() => second, BUNDLE.envelope)(at)],
    [
      'takes the key and the statement of another laboratory',
      'statement',
      (at) => swap(() => foreign, BUNDLE.envelope, BUNDLE.statementKey)(at),
    ],
    [
      'takes the logged statement of another bundle',
      'log',
      (at) => swap(() => second, BUNDLE.statementLeaf)(at),
    ],
    [
      'takes the proof of the finding for the statement',
      'log',
      (at) => cpSync(at(BUNDLE.findingProof), at(BUNDLE.statementProof)),
    ],
    [
      'takes the proof of the statement for the finding',
      'log',
      (at) => cpSync(at(BUNDLE.statementProof), at(BUNDLE.findingProof)),
    ],
    [
      'names another index in a proof',
      'log',
      (at) =>
        editText(at(BUNDLE.statementProof), (text) =>
          text.replace(/index (\d+)/, (_, index) => `index ${index - 1}`),
        ),
    ],
    ['takes another checkpoint of the same log', 'log', (at) => swap(() => second, BUNDLE.checkpoint)(at)],
    [
      'takes another checkpoint everywhere',
      'log',
      (at) => {
        const note = readFileSync(join(second, BUNDLE.checkpoint), 'utf8');
        writeFileSync(at(BUNDLE.checkpoint), note);
        for (const path of [BUNDLE.statementProof, BUNDLE.findingProof])
          editText(at(path), (text) => `${text.split('\n\n')[0]}\n\n${note}`);
      },
    ],
    [
      'takes the log of another laboratory',
      'log',
      (at) =>
        swap(() => foreign, BUNDLE.checkpoint, BUNDLE.statementProof, BUNDLE.findingProof, BUNDLE.policy)(at),
    ],
    [
      'changes the size of the tree',
      'log',
      (at) => {
        for (const path of [BUNDLE.checkpoint, BUNDLE.statementProof, BUNDLE.findingProof])
          editText(at(path), (text) =>
            text.replace(
              /(node-1\.lab\.example\n)(\d+)/,
              (_, origin, size) => `${origin}${Number(size) + 1}`,
            ),
          );
      },
    ],
    ['takes the stamp of another bundle', 'time', (at) => swap(() => second, BUNDLE.checkpointStamp)(at)],
    [
      'takes the stamp of the statement for that of the checkpoint',
      'time',
      (at) => cpSync(at(BUNDLE.statementStamp), at(BUNDLE.checkpointStamp)),
    ],
    ['takes the Sigstore bundle of another', 'time', (at) => swap(() => second, BUNDLE.sigstore)(at)],
    [
      'strips all time stamps',
      'time',
      (at) => {
        rmSync(at('data/timestamps'), { recursive: true });
        for (const path of [BUNDLE.sigstore, BUNDLE.trustedRoot, BUNDLE.timestampAuthority]) rmSync(at(path));
      },
    ],
    ['strips the stamp of the checkpoint', 'time', (at) => rmSync(at(BUNDLE.checkpointStamp))],
    [
      'takes away the proof of a head',
      'proofs',
      (at) => editLines(at(BUNDLE.entryProofs), (lines) => lines.slice(0, -1)),
    ],
    [
      'takes a proof from another index',
      'proofs',
      (at) =>
        editLines(at(BUNDLE.entryProofs), ([a, b, ...rest]) => [
          a!.replace(/"inclusion":\[.*\]/, /"inclusion":\[.*\]/.exec(b!)![0]),
          b!,
          ...rest,
        ]),
    ],
    ['takes the proofs of another bundle', 'proofs', (at) => swap(() => second, BUNDLE.entryProofs)(at)],
  ];
  for (const [what, link, edit] of attacks)
    it(`${what}: ${link}`, async () => {
      const altered = alter(bundle, edit);
      expect(await findBreak(altered)).toBe(link);
    });

  const people = [
    BUNDLE.reportHtml,
    BUNDLE.reportPdf,
    BUNDLE.caseFile,
    BUNDLE.custody,
    BUNDLE.declaration,
    BUNDLE.certificate,
    BUNDLE.guide,
    BUNDLE.script,
    BUNDLE.policy,
    BUNDLE.timestampAuthority,
  ];
  for (const path of people)
    it(`changes ${path}: report`, async () => {
      const altered = alter(bundle, (at) => writeFileSync(at(path), `${readFileSync(at(path), 'latin1')}\n`));
      expect(await findBreak(altered)).toBe('report');
    });

  it('strips time stamps before a verifier who names no authority: report', async () => {
    const { timestampAuthority: _, ...own } = trust;
    const all = ['data/timestamps', BUNDLE.sigstore, BUNDLE.trustedRoot, BUNDLE.timestampAuthority];
    const altered = alter(bundle, (at) => {
      for (const path of all) rmSync(at(path), { recursive: true });
    });
    expect(await findBreak(altered, own)).toBe('report');
  });

  it('takes the signature of all files of another bundle: report', async () => {
    expect(
      await findBreak(
        alter(
          bundle,
          swap(() => second, BUNDLE.wholeEnvelope),
        ),
      ),
    ).toBe('report');
    expect(
      await findBreak(alter(bundle, (at) => cpSync(at(BUNDLE.envelope), at(BUNDLE.wholeEnvelope)))),
    ).toBe('report');
    expect(await findBreak(alter(bundle, (at) => rmSync(at(BUNDLE.wholeEnvelope))))).toBe('report');
  });

  it('leaves a file that is not listed: files', async () => {
    const altered = alter(bundle, () => {});
    writeFileSync(join(altered, 'data/record/more.jsonl'), '');
    expect(await findBreak(altered)).toBe('files');
  });

  it('signs all of it with keys of his own: only a verifier who knows none is satisfied, and is told so', async () => {
    expect(await verifyEvidence(foreign)).toMatchObject({ verified: true, anchored: false });
    expect(await findBreak(foreign)).toBe('statement');
    expect(await findBreak(foreign, { statementKey: trust.statementKey! })).toBe('statement');
    expect(await findBreak(foreign, { policy: trust.policy! })).toBe('log');
  });
});

describe('an erased account', () => {
  it('is not on record any more, while bundles made before still hold', async () => {
    const own = await openLaboratory(null);
    try {
      const before = await makeBundle({}, own);
      await own.telemetry.erase(hashAccount(POOL[1]!), (chain, keysDestroyed) => ({
        kind: 'erasure',
        version: 1,
        atMs: 1,
        by: 'dpo',
        chains: [chain],
        keysDestroyed,
        legalBasis: 'Art. 17 GDPR',
      }));
      const after = join(folder, `bundle-${made++}`);
      const { pool } = await exportEvidence(after, { ...own.request });
      expect(pool.unrecorded).toEqual([POOL[1]]);
      const ownTrust = {
        policy: own.policy,
        statementKey: utf8(formatPublicKeyPem(own.request.statements.publicKey)),
      };
      expect(await verifyEvidence(before, ownTrust)).toMatchObject({
        verified: true,
        claims: { accounts: 4 },
      });
      expect(await verifyEvidence(after, ownTrust)).toMatchObject({
        verified: true,
        claims: { accounts: 3 },
      });
      const limits = JSON.parse(readFileSync(join(after, BUNDLE.caseFile), 'utf8')).limits.join(' ');
      expect(limits).toContain('1 of 4 accounts of the finding are not on record');
    } finally {
      await own.close();
    }
  });
});

function chainIn(line: string): string {
  return Buffer.from(JSON.parse(line).leaf, 'base64').subarray(1, 17).toString('hex');
}

/** Edits what was signed, and nothing else. */
function editEnvelope(at: (path: string) => string, edit: (payload: string) => string): void {
  const envelope = JSON.parse(readFileSync(at(BUNDLE.envelope), 'utf8'));
  const before = Buffer.from(envelope.payload, 'base64').toString('utf8');
  const after = edit(before);
  expect(after).not.toBe(before);
  const payload = Buffer.from(after).toString('base64');
  writeFileSync(at(BUNDLE.envelope), JSON.stringify({ ...envelope, payload }));
}
