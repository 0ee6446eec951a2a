import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPublicKeyPem } from '@phalanx/attestation';
import { utf8 } from '@phalanx/core';
import { formatVerifierKey, makeVerifierKey, SignatureType, signingKeyOf } from '@phalanx/ledger';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptWithIdentity, encryptForRecipients } from './age-envelope.js';
import { AggregateCounts } from './aggregate-claims.js';
import { BUNDLE } from './bundle-layout.js';
import { exportEvidence } from './export.js';
import { chainOf, type Draft, forgeBundle, type OpeningLine } from './forged-evidence.test.support.js';
import type { CaseFile } from './report/case-file.js';
import { ORIGIN, openLaboratory, type SampleLaboratory } from './sample-evidence.test.support.js';
import { type EvidenceTrust, type LinkName, verifyEvidence } from './verify.js';

let lab: SampleLaboratory;
let trust: EvidenceTrust;
let folder: string;
let pseudonymous: string;
let named: string;
let existence: string;
let made = 0;

beforeAll(async () => {
  lab = await openLaboratory(null);
  folder = mkdtempSync(join(tmpdir(), 'phalanx-forgeries-'));
  const statementKey = utf8(formatPublicKeyPem(lab.request.statements.publicKey));
  trust = { policy: lab.policy, statementKey };
  pseudonymous = join(folder, 'pseudonymous');
  await exportEvidence(pseudonymous, lab.request);
  existence = join(folder, 'existence');
  await exportEvidence(existence, { ...lab.request, disclose: 'existence' });
  named = join(folder, 'named');
  await exportEvidence(named, { ...lab.request, names: true });
});

afterAll(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

async function forge(edit: (draft: Draft) => void, honest = pseudonymous): Promise<string> {
  return forgeBundle(lab, honest, join(folder, `forged-${made++}`), edit);
}

async function findBreak(bundle: string, own = trust): Promise<[LinkName, string] | null> {
  const { verified, links } = await verifyEvidence(bundle, own);
  const last = links.at(-1)!;
  return verified ? null : [last.link, last.what];
}

/** The figures of what a draft opens. */
function recount(draft: Draft): void {
  const counts = new AggregateCounts();
  for (const { groups } of draft.openings)
    if (groups.detector !== undefined) counts.add({ detector: utf8(groups.detector.value) });
  draft.claims = counts.claims();
}

function dropLeaves(draft: Draft, isDropped: (line: Draft['leaves'][number], i: number) => boolean): void {
  draft.leaves = draft.leaves.filter((line, i) => !isDropped(line, i));
  const left = new Set(draft.leaves.map(({ index }) => index));
  draft.openings = draft.openings.filter(({ index }) => left.has(index));
  recount(draft);
}

/** The first and the last chain of a draft, and their leaves. */
const chainsOf = ({ leaves }: Draft): string[] => [...new Set(leaves.map(({ leaf }) => chainOf(leaf)))];

const member = ({ report }: Draft, i: number) => report.findings[0]!.members[i]!;

describe('an exporter with all keys and software of his own', () => {
  it('forges nothing when he changes nothing', async () => {
    for (const honest of [pseudonymous, named])
      expect(await findBreak(await forge(() => {}, honest))).toBeNull();
  });

  const caught: [
    what: string,
    link: LinkName,
    why: string,
    edit: (draft: Draft) => void,
    from?: () => string,
  ][] = [
    [
      'shows another finding than was logged',
      'log',
      'another than was signed for',
      (draft) => {
        draft.report.findings[0]!.id = 'f-other';
      },
    ],
    [
      'calls the finding something else',
      'log',
      'another than was signed for',
      (draft) => {
        draft.report.findings[0]!.kind = 'hidden-pool';
      },
    ],
    [
      'logs another number of pools than he shows',
      'log',
      'other rules',
      (draft) => {
        draft.report.poolsExamined = 1;
      },
    ],
    [
      'shows another alpha than was logged',
      'log',
      'other rules',
      (draft) => {
        draft.report.alpha = 0.05;
      },
    ],
    [
      'shows another configuration than was logged',
      'log',
      'other rules',
      (draft) => {
        draft.report.configuration['detect.alpha'] = 0.05;
      },
    ],
    [
      'states another window',
      'log',
      'window',
      (draft) => {
        draft.predicate.window = { fromMs: 0, toMs: 1 };
      },
    ],
    [
      'adds a second finding',
      'log',
      'not one finding',
      (draft) => {
        draft.report.findings.push({ ...draft.report.findings[0]!, id: 'f-2' });
      },
    ],
    [
      'names a log that did not sign',
      'log',
      'another log',
      (draft) => {
        draft.predicate.log = otherLogKey();
      },
    ],
    [
      'drops the chain of an account that the finding names',
      'record',
      'is not listed',
      (draft) => {
        const [chain] = chainsOf(draft);
        dropLeaves(draft, ({ leaf }) => chainOf(leaf) === chain);
      },
    ],
    [
      'accuses other accounts than he lists',
      'record',
      'of no account of the finding',
      (draft) => {
        member(draft, 0).accountId = 'ab'.repeat(16);
      },
    ],
    [
      'accuses an account twice',
      'record',
      'twice',
      (draft) => {
        member(draft, 0).accountId = member(draft, 1).accountId;
      },
    ],
    [
      'accuses other accounts, by name',
      'openings',
      'that the finding does not name',
      (draft) => {
        member(draft, 0).accountId = 'account-11';
      },
      () => named,
    ],
    [
      'leaves out an exchange between two others',
      'record',
      'jumps',
      (draft) => {
        const [chain] = chainsOf(draft);
        const mine = draft.leaves.filter(({ leaf }) => chainOf(leaf) === chain);
        dropLeaves(draft, (line) => line === mine[5]);
      },
    ],
    [
      'does not open an entry of the sample',
      'openings',
      'is not opened',
      (draft) => {
        draft.openings = draft.openings.slice(1);
        recount(draft);
      },
    ],
    [
      'opens an entry of the sample without anything in it',
      'openings',
      'group of entry',
      (draft) => {
        draft.openings[3]!.groups = {};
        recount(draft);
      },
    ],
    [
      'leaves the record out of an opening, and out of the figures',
      'openings',
      'the detector group',
      (draft) => {
        delete draft.openings[3]!.groups.detector;
        recount(draft);
      },
    ],
    [
      'states a figure that does not follow',
      'openings',
      'figures are not those',
      (draft) => {
        draft.claims[0]!.value = 113;
      },
    ],
    [
      'states a figure more',
      'openings',
      'figures are not those',
      (draft) => {
        draft.claims.push({ name: 'thefts', value: 1, recompute: 'count them' });
      },
    ],
    [
      'states no figures',
      'openings',
      'figures are not those',
      (draft) => {
        draft.claims = [];
      },
    ],
    [
      'opens one entry as another',
      'openings',
      'not what was logged',
      (draft) => {
        draft.openings[0]!.groups = draft.openings[1]!.groups;
      },
    ],
  ];
  for (const [what, link, why, edit, from] of caught)
    it(`${what}: ${link}`, async () => {
      const broken = await findBreak(await forge(edit, from?.()));
      expect(broken?.[0]).toBe(link);
      expect(broken?.[1]).toContain(why);
    });

  const told: [what: string, edit: (file: CaseFile) => void][] = [
    ['case id', (file) => (file.caseId = 'another')],
    ['finding', (file) => (file.finding.log10EDemand += 2)],
    ['finding', (file) => file.finding.members.pop()],
    ['detection', (file) => (file.detection.poolsExamined = 1)],
    ['figures', (file) => (file.aggregates[0]!.value = 1)],
    ['number of entries', (file) => (file.disclosure.entries = 1)],
    ['sample', (file) => (file.sampling = null)],
    ['sample', (file) => (file.sampling!.sampleSize = 1000)],
    ['log', (file) => (file.log.size += 1)],
    ['log', (file) => (file.log.timestamp = { authority: 'TSA', atMs: 1, accuracyMs: null })],
    ['accounts', (file) => (file.accounts[0]!.exchanges += 1)],
    ['accounts', (file) => (file.accounts[0]!.sequence = null)],
    ['accounts', (file) => (file.accounts[0]!.firstAtMs -= 1)],
    ['accounts', (file) => file.accounts.pop()],
  ];
  for (const [i, [what, edit]] of told.entries())
    it(`reports another ${what} than the bundle shows (${i}): report`, async () => {
      for (const honest of [pseudonymous, named]) {
        const bundle = await forge((draft) => {
          draft.editCase = edit;
        }, honest);
        expect(await findBreak(bundle)).toEqual([
          'report',
          `the ${what} of case.json is another than was shown`,
        ]);
      }
    });

  it('states figures where nothing is opened, or puts files there that nobody checks: openings', async () => {
    const figures = await forge((draft) => {
      draft.claims = [{ name: 'thefts', value: 1, recompute: 'count them' }];
    }, existence);
    expect(await findBreak(figures)).toEqual(['openings', expect.stringContaining('nothing is opened')]);
    for (const [path, honest] of [
      [BUNDLE.openings, existence],
      [BUNDLE.metadata(1), pseudonymous],
      [BUNDLE.text(1), pseudonymous],
      ['data/record/more.txt', pseudonymous],
    ] as const) {
      const more = await forge((draft) => draft.files.set(path, utf8('x')), honest);
      expect(await findBreak(more)).toEqual(['openings', expect.stringContaining('has no place')]);
    }
  });

  it('opens entries twice for the auditor, so that figures grow: openings', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const honest = join(folder, `honest-${made++}`);
    await exportEvidence(honest, { ...lab.request, disclose: 'aggregates', recipients });
    expect(await findBreak(honest, { ...trust, identity })).toBeNull();
    const plain = await decryptWithIdentity(readFileSync(join(honest, BUNDLE.metadata(1))), identity);
    const twice = await encryptForRecipients(plain, recipients);
    const bundle = await forge((draft) => {
      draft.files.set(BUNDLE.metadata(2), twice);
      draft.openings = [...plainLines(plain), ...plainLines(plain)];
      recount(draft);
      const sample = new Set(readLines(join(honest, BUNDLE.openings)).map(({ index }) => index));
      draft.openings = plainLines(plain).filter(({ index }) => sample.has(index));
    }, honest);
    expect(await findBreak(bundle, { ...trust, identity })).toEqual([
      'openings',
      expect.stringContaining('out of order'),
    ]);
  });

  it('is believed about the log by whoever compares the key that is printed, only if that log signed', async () => {
    const bundle = await forge((draft) => {
      draft.predicate.log = otherLogKey();
    });
    expect(await findBreak(bundle, {})).toEqual(['log', expect.stringContaining('another log')]);
  });

  // What the specification says a bundle does not show, so that nobody believes otherwise.
  const unseen: [what: string, edit: (draft: Draft) => void][] = [
    [
      'leaves an account out of finding and list',
      (draft) => {
        const [chain] = chainsOf(draft);
        const { members } = draft.report.findings[0]!;
        draft.report.findings[0]!.members = members.filter(({ accountId }) => accountId !== chain);
        draft.finding = { ...draft.finding, accounts: members.length - 1 };
        dropLeaves(draft, ({ leaf }) => chainOf(leaf) === chain);
      },
    ],
    [
      'calls an account not on record',
      (draft) => {
        const [chain] = chainsOf(draft);
        draft.report.findings[0]!.members.find(({ accountId }) => accountId === chain)!.accountId =
          'account 1, not on record';
        dropLeaves(draft, ({ leaf }) => chainOf(leaf) === chain);
      },
    ],
    [
      'leaves out the end of a chain',
      (draft) => {
        const [chain] = chainsOf(draft);
        const mine = draft.leaves.filter(({ leaf }) => chainOf(leaf) === chain);
        dropLeaves(draft, (line) => mine.indexOf(line) > 20);
      },
    ],
    [
      'leaves out the start of a chain',
      (draft) => {
        const [chain] = chainsOf(draft);
        const mine = draft.leaves.filter(({ leaf }) => chainOf(leaf) === chain);
        dropLeaves(draft, (line) => mine.includes(line) && mine.indexOf(line) < 8);
      },
    ],
    [
      'chooses the seed',
      (draft) => {
        draft.predicate.sample = { seed: 'the one that suits', size: 3 };
      },
    ],
  ];
  for (const [what, edit] of unseen)
    it(`${what}, which a bundle cannot show`, async () => {
      expect(await findBreak(await forge(edit))).toBeNull();
    });
});

describe('what a bundle cannot show', () => {
  it('is said in its report', () => {
    const { limits, sampling } = JSON.parse(readFileSync(join(pseudonymous, BUNDLE.caseFile), 'utf8'));
    expect(limits.join(' ')).toMatch(/cannot show that the operator recorded all that happened/);
    expect(sampling.seedSource).toMatch(/could have tried several/);
    expect(limits.join(' ')).toMatch(/That nothing of the window lies before the first/);
    expect(limits.join(' ')).toMatch(/no other finding was tried/);
  });
});

function readLines(file: string): OpeningLine[] {
  return plainLines(readFileSync(file));
}

function plainLines(bytes: Uint8Array): OpeningLine[] {
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function otherLogKey(): string {
  const { publicKey } = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  return formatVerifierKey(makeVerifierKey(ORIGIN, SignatureType.ED25519, publicKey));
}
