import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import { formatVerifierKey, makeVerifierKey, SignatureType, signingKeyOf } from '@phalanx/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AggregateCounts } from './aggregate-claims.js';
import { BUNDLE } from './bundle-layout.js';
import { exportEvidence } from './export.js';
import { chainOf, type Draft, forgeBundle } from './forged-evidence.test.support.js';
import { ORIGIN, openLaboratory, type SampleLaboratory } from './sample-evidence.test.support.js';
import { formatPublicKeyPem } from './statement-signer.js';
import { type EvidenceTrust, type LinkName, verifyEvidence } from './verify.js';

let lab: SampleLaboratory;
let trust: EvidenceTrust;
let folder: string;
let pseudonymous: string;
let named: string;
let made = 0;

beforeAll(async () => {
  lab = await openLaboratory(null);
  folder = mkdtempSync(join(tmpdir(), 'phalanx-forgeries-'));
  const statementKey = utf8(formatPublicKeyPem(lab.request.statements.publicKey));
  trust = { policy: lab.policy, statementKey };
  pseudonymous = join(folder, 'pseudonymous');
  await exportEvidence(pseudonymous, lab.request);
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
    expect(limits.join(' ')).toMatch(/cannot show that the operator recorded what happened/);
    expect(sampling.seedSource).toMatch(/could have tried several/);
    expect(limits.join(' ')).toMatch(/That nothing of the window lies before the first/);
    expect(limits.join(' ')).toMatch(/no other finding was tried/);
  });
});

function otherLogKey(): string {
  const { publicKey } = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  return formatVerifierKey(makeVerifierKey(ORIGIN, SignatureType.ED25519, publicKey));
}
