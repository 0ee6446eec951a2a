import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StixObject } from '@phalanx/coalition';
import {
  askPolicies,
  CHECK_DIGITS,
  digestDocument,
  hashCustomerNames,
  loadPolicies,
  makeCustomerAlarm,
  type PolicyQuestion,
  scanObjects,
  signDocument,
} from '@phalanx/coalition/policy';
import { Random } from '@phalanx/stats';
import type { Checks } from './checks.js';
import type { Python } from './python.js';
import type { Suite } from './suite.js';

const PACKAGES = [
  'cedarpy==4.12.2',
  'cryptography==50.0.2',
  'jwcrypto==1.6.1',
  'rfc8785==0.1.4',
  'python-stdnum==2.2',
  'detect-secrets==1.5.0',
];
const SEED = 20261123;
const REQUESTS = 3000;
const NUMBERS = 400;
const SIGNATURES = 50;

/** Decisions, signatures, check digits and secrets of the sharing policy against software of others. */
export const sharingPolicy: Suite = {
  name: 'sharing-policy',
  what: 'Cedar decisions against cedarpy; signed documents against jwcrypto, cryptography and rfc8785; check digits against python-stdnum; secrets against detect-secrets; alarms on the prose of ATLAS',
  slow: true,
  async run(checks, { root, vectors, python }) {
    checkAtlasProse(checks, vectors);
    checkCorpora(checks, root);
    tellUnseen(checks, root);
    const peers = await python.open(PACKAGES);
    if (typeof peers === 'string') return checks.skip(peers);
    await checkDecisions(checks, peers, join(root, 'packages/coalition/policies'));
    await checkSignatures(checks, peers);
    await checkNumbers(checks, peers);
    await checkSecrets(checks, peers, root);
  },
};

/** How often detectors alarm on technical prose of others: each alarm there is one that counsel would have to clear. */
function checkAtlasProse(checks: Checks, vectors: string | null): void {
  if (vectors === null) {
    checks.skip('no vectors: the release of ATLAS is not there');
    return;
  }
  const release = JSON.parse(readFileSync(join(vectors, 'vectors/stix/stix-atlas.json'), 'utf8')) as {
    objects: StixObject[];
  };
  const texts = release.objects
    .map(({ description }) => description)
    .filter((text) => typeof text === 'string');
  const kinds = new Map<string, number>();
  let alarmed = 0;
  for (const text of texts) {
    const found = new Set(alarmsOf(text));
    if (found.size > 0) alarmed++;
    for (const kind of found) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const told = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
  checks.note(`alarms on ${alarmed} of ${texts.length} descriptions of ATLAS: ${told}`);
  checks.check('fewer than one description of ATLAS in five alarms', alarmed < texts.length / 5, () => told);
}

/** How many texts of the corpora raise the alarm of their kind, names of customers apart: those are a lab's own. */
function checkCorpora(checks: Checks, root: string): void {
  for (const name of ['forbidden', 'held-out-forbidden', 'lawful', 'held-out-lawful']) {
    const samples = readCorpus(root, name).filter(
      ({ category, text }) => text !== '' && category !== 'customer-name',
    );
    const isLawful = name.endsWith('lawful');
    const right = samples.filter(({ category = '', objects }) => {
      const kinds = new Set(scanObjects(objects, NOBODY).map(({ kind }) => String(kind)));
      return isLawful ? kinds.size === 0 : kinds.has(category);
    });
    checks.note(
      `${name}: ${right.length} of ${samples.length} raise ${isLawful ? 'no alarm' : 'the alarm of their kind'}`,
    );
    checks.check(
      `${name}: at least 97 of 100 are judged by their kind`,
      right.length >= 0.97 * samples.length,
    );
  }
}

/** Sentences after which no detector was ever mended: what they miss here they miss elsewhere. Told, and not judged. */
function tellUnseen(checks: Checks, root: string): void {
  const samples = readCorpus(root, 'unseen');
  const alarmed = samples.filter(({ text }) => alarmsOf(text).length > 0);
  const right = samples.filter(({ category = '', text }) => alarmsOf(text).includes(category));
  checks.note(
    `unseen: ${alarmed.length} of ${samples.length} raise an alarm, ${right.length} that of their kind`,
  );
  checks.check('the unseen sentences are there', samples.length === 40);
}

interface CorpusSample {
  readonly category?: string;
  readonly text: string;
  readonly objects: readonly StixObject[];
}

function readCorpus(root: string, name: string): CorpusSample[] {
  const text = readFileSync(join(root, `packages/coalition/corpus/${name}.jsonl`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CorpusSample);
}

const NOBODY = makeCustomerAlarm(hashCustomerNames([], new Uint8Array(32)), new Uint8Array(32));

function alarmsOf(description: string): string[] {
  const object: StixObject = {
    type: 'campaign',
    id: 'campaign--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01',
    description,
  };
  return scanObjects([object], NOBODY).map(({ kind }) => kind);
}

async function checkDecisions(checks: Checks, peers: Python, folder: string): Promise<void> {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.cedar'))
    .sort();
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  const schema = readFileSync(join(folder, 'schema.cedarschema'), 'utf8');
  const names = [...text.matchAll(/@id\("([a-z-]+)"\)/g)].map(([, id]) => id!);
  const requests = drawRequests();
  const input = JSON.stringify({ policies: text, schema, requests });
  const theirs = JSON.parse(await peers.run('sharing-policy.py', ['cedar'], input)) as [
    boolean,
    string[],
    string[],
  ][];
  const policies = loadPolicies();
  const count = { allowed: 0 };
  for (const [i, request] of requests.entries()) {
    const ours = askPolicies(policies, request);
    const [allowed, reasons, errors] = theirs[i]!;
    if (allowed) count.allowed++;
    const named = reasons.map((id) => names[Number(/^policy([0-9]+)$/.exec(id)?.[1] ?? -1)] ?? id).sort();
    checks.check(
      'Cedar in Python decides alike, by the same policies',
      ours.allowed === allowed &&
        JSON.stringify(ours.decidedBy) === JSON.stringify(named) &&
        errors.length === ours.errors.length,
      () =>
        `${JSON.stringify(ours)}, there ${allowed} by ${named.join()}: ${JSON.stringify(request).slice(0, 400)}`,
    );
  }
  checks.note(`${requests.length} requests, ${count.allowed} allowed, by ${names.length} policies`);
}

/** Requests near the border: mostly lawful, one or two facts wrong. */
function drawRequests(): PolicyQuestion[] {
  const random = new Random(SEED);
  const pick = <T>(...options: T[]): T => options[random.integer(options.length)]!;
  const rarely = <T>(usual: T, other: T): T => (random.bernoulli(0.06) ? other : usual);
  return Array.from({ length: REQUESTS }, (_, i): PolicyQuestion => {
    if (i % 6 === 5) {
      return {
        action: 'use',
        principal: {
          type: 'Person',
          id: 'p',
          attributes: {
            roles: [
              pick('detection', 'sales', 'counsel', 'pricing', 'appeals', 'releaser'),
              ...(random.bernoulli(0.2) ? ['sales'] : []),
            ],
          },
        },
        resource: {
          type: 'Received',
          id: 'r',
          attributes: {
            purpose: rarely('model-theft-defence', 'sales'),
            retainUntil: pick(99, 100, 101),
            retracted: rarely(false, true),
          },
        },
        context: { now: 100, purpose: rarely('model-theft-defence', 'pricing') },
      };
    }
    const held = random.bernoulli(0.3)
      ? [pick('free-text', 'alarm-money', 'alarm-secret', 'alarm-whom-to-serve', 'attribution')]
      : [];
    const basis = {
      signed: rarely(true, false),
      revoked: rarely(false, true),
      notBefore: rarely(50, 101),
      notAfter: rarely(150, 100),
      reviewBy: rarely(140, 100),
      categories: rarely(['sighting', 'attribution'], ['sighting']),
      recipients: rarely(['a', 'b'], ['c']),
    };
    return {
      action: 'release',
      principal: { type: 'Lab', id: 'lab', attributes: {} },
      resource: {
        type: 'Release',
        id: 'x',
        attributes: {
          purpose: rarely('model-theft-defence', 'growth'),
          categories: rarely(['sighting'], pick<string[]>(['attribution'], [])),
          recipients: rarely(['a'], pick<string[]>(['a', 'b'], [])),
          objects: rarely(3, 0),
          refused: rarely(0, 2),
          held,
          cleared: random.bernoulli(0.7) ? held : [],
          mostOpenTlp: rarely(2, 0),
          mostClosedTlp: rarely(2, 4),
          ageDays: rarely(10, 366),
          aheadDays: rarely(0, 2),
          retainDays: rarely(180, 401),
          minLabs: rarely(1, 3),
          labs: rarely(1, 2),
        },
      },
      context: {
        now: 100,
        ...(random.bernoulli(0.05) ? {} : { legalBasis: basis }),
        ...(random.bernoulli(0.05) ? {} : { releaser: 'rosa' }),
        counsels: rarely(['carl'], pick<string[]>(['rosa'], [])),
        counselReadIt: random.bernoulli(0.7),
      },
    };
  });
}

async function checkSignatures(checks: Checks, peers: Python): Promise<void> {
  const random = new Random(SEED);
  const made = Array.from({ length: SIGNATURES }, (_, i) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const document = {
      schema: i % 2 === 0 ? 'phalanx.legal-basis.v1' : 'phalanx.release-approval.v1',
      authority: `§ ${i} “é”`,
      numbers: [random.integer(1e9), 0.1, 1e21],
      '\ufb33': i,
      '€': null,
    };
    return {
      signed: signDocument(document, { kid: `k-${i}`, privateKey }),
      x: String(publicKey.export({ format: 'jwk' }).x),
    };
  });
  const cases = made.flatMap(({ signed: { document, signatures }, x }) => [
    [document, signatures[0], x, document.schema],
    [{ ...document, authority: 'another' }, signatures[0], x, document.schema],
  ]);
  const answers = JSON.parse(await peers.run('sharing-policy.py', ['verify'], JSON.stringify(cases))) as [
    boolean,
    boolean,
    string,
  ][];
  for (const [i, { signed }] of made.entries()) {
    const [right, wrong] = [answers[2 * i]!, answers[2 * i + 1]!];
    checks.check('jwcrypto verifies a signed document, type included', right[0]);
    checks.check('cryptography verifies it', right[1]);
    checks.equal('rfc8785 has the same digest', right[2], digestDocument(signed));
    checks.check('both refuse it over a changed document', !wrong[0] && !wrong[1]);
  }
}

async function checkNumbers(checks: Checks, peers: Python): Promise<void> {
  const valid = JSON.parse(await peers.run('sharing-policy.py', ['generate', `${NUMBERS}`])) as [
    keyof typeof CHECK_DIGITS,
    string,
  ][];
  const random = new Random(SEED);
  const changed = valid.map(([kind, number]): [keyof typeof CHECK_DIGITS, string] => {
    const at = random.integer(number.length);
    return [kind, `${number.slice(0, at)}${random.integer(10)}${number.slice(at + 1)}`];
  });
  const digits = (n: number) => Array.from({ length: n }, () => random.integer(10)).join('');
  const drawn = Array.from({ length: NUMBERS }, (): [keyof typeof CHECK_DIGITS, string][] => [
    ['luhn', digits(16)],
    ['idnr', digits(11)],
    ['pesel', digits(11)],
    ['aadhaar', digits(12)],
    [
      'codice',
      `RSSMRA${digits(2)}${'ABCDEHLMPRST'[random.integer(12)]}${digits(2)}H${digits(3)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[random.integer(26)]}`,
    ],
  ]).flat();
  const cases = [...valid, ...changed, ...drawn];
  const theirs = JSON.parse(
    await peers.run('sharing-policy.py', ['numbers'], JSON.stringify(cases)),
  ) as boolean[];
  let valids = 0;
  let stricter = 0;
  for (const [i, [kind, number]] of cases.entries()) {
    const ours = CHECK_DIGITS[kind](number);
    if (theirs[i]) valids++;
    // There dates and places are looked up too, some of which no longer exist; here form and check digit count.
    if (ours && !theirs[i] && kind !== 'luhn' && kind !== 'iban') stricter++;
    else
      checks.check(
        `python-stdnum judges a number alike: ${kind}`,
        ours === theirs[i],
        () => `${number}: ${ours}, there ${theirs[i]}`,
      );
  }
  checks.note(
    `${cases.length} numbers, ${valids} valid for python-stdnum; ${stricter} valid here alone, for what it looks up`,
  );
}

async function checkSecrets(checks: Checks, peers: Python, root: string): Promise<void> {
  const corpora = ['forbidden', 'lawful', 'held-out-forbidden', 'held-out-lawful'];
  const texts = corpora.flatMap((name) => readCorpus(root, name)).filter(({ text }) => text !== '');
  const theirs = JSON.parse(
    await peers.run('sharing-policy.py', ['secrets'], JSON.stringify(texts.map(({ text }) => text))),
  ) as string[][];
  let found = 0;
  let own = 0;
  for (const [i, { text }] of texts.entries()) {
    const seen = alarmsOf(text).includes('secret');
    if (seen) own++;
    if (theirs[i]!.length === 0) continue;
    found++;
    checks.check('what detect-secrets sees is seen here', seen, () => `${theirs[i]!.join()}: ${text}`);
  }
  checks.note(
    `${texts.length} texts of the corpora: detect-secrets sees a secret in ${found}, this in ${own}`,
  );
}
