import { createHash } from 'node:crypto';
import { DAY_MS, HOUR_MS } from '@phalanx/core';
import type { SignalResult } from '@phalanx/domain';
import { CaseFile, type CaseObject, type CaseParty } from './case-file.js';

const START = Date.UTC(2026, 1, 1);

/** Names as the person under suspicion might choose them. */
export const HOSTILE_NAMES = [
  '"><script>document.title="owned"</script>',
  "' onmouseover='alert(1)",
  '\u202Etxt.exe\u202C',
  '</style></svg><img src=x onerror=alert(1)>',
  `${'a'.repeat(300)}\u0000${'b'.repeat(200)}`,
  '\u001B[31mred\u001B[0m\nsecond line',
  'договор-契約-عقد',
];

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function object(name: string, sizeBytes: number): CaseObject {
  return { name, sha256: hash(name), sizeBytes };
}

const OFFICER: CaseParty = {
  organisation: 'Example Models, Inc.',
  person: 'A. Analyst',
  role: 'Head of forensics',
};
const OPERATOR: CaseParty = {
  organisation: 'Example Models, Inc.',
  person: null,
  role: 'Operator of the service',
};

function signal(part: Partial<SignalResult> & Pick<SignalResult, 'signal' | 'family'>): SignalResult {
  return {
    log10E: 4,
    nullHypothesis: 'The accounts draw their requests independently from the population of customers.',
    effect: { name: 'rank correlation of shares', value: 0.41, reference: 0.03, unit: '' },
    sentence: 'The accounts split one stream of requests evenly, as a dispatcher does and strangers do not.',
    innocentExplanation: 'A reseller that spreads its customers over many keys.',
    refutedBy: 'End-user pseudonyms behind the accounts that differ from account to account.',
    atlas: null,
    ...part,
  };
}

/** A campaign of `accounts` accounts with everything that a case file can hold, some names hostile. */
export function makeSampleCaseFile(accounts = 41): CaseFile {
  const members = Array.from({ length: accounts }, (_, i) => ({
    accountId: HOSTILE_NAMES[i] ?? `acct-${hash(String(i)).slice(0, 16)}`,
    strength: 6.5 - (i % 17) * 0.4,
    exchanges: 340 + ((i * 73) % 290),
    firstAtMs: START + (i % 5) * DAY_MS + (i % 24) * HOUR_MS,
  }));
  const total = members.reduce((sum, member) => sum + member.exchanges, 0);
  const evidence = Array.from({ length: 28 }, (_, slot) => ({
    findingId: 'f-7c1e02',
    atMs: START + (slot + 1) * (DAY_MS / 2),
    log10ECoordination: (31.2 * slot) / 27 + Math.sin(slot) * 0.4,
    log10EDemand: slot < 6 ? 0 : (7.4 * (slot - 5)) / 22 + Math.cos(slot) * 0.3,
    exchanges: 700 + (slot % 5) * 60,
  }));
  return CaseFile.parse({
    schema: 'phalanx.case-file.v1',
    caseId: '2026-0017',
    madeAtMs: START + 20 * DAY_MS + 9 * HOUR_MS,
    madeBy: OFFICER,
    software: { name: 'Phalanx', version: '0.1.0' },
    finding: {
      id: 'f-7c1e02',
      kind: 'distillation-campaign',
      members,
      firstExchangeAtMs: START + HOUR_MS,
      firstAlarmAtMs: START + 2.5 * DAY_MS,
      kindAlarmAtMs: START + 9 * DAY_MS,
      exchangesBeforeAlarm: Math.round(total * 0.4),
      exchangesAfterAlarm: total - Math.round(total * 0.4),
      sought: [
        { capability: 'reasoning', share: 0.62 },
        { capability: 'rubric', share: 0.21 },
      ],
      log10ECoordination: 31.2,
      log10EDemand: 7.4,
      signals: [
        signal({ signal: 'even-mixture', family: 'coordination', log10E: 31.2, atlas: 'AML.T0024.002' }),
        signal({
          signal: 'turn-taking',
          family: 'coordination',
          log10E: 6.1,
          sentence: 'They take turns: right after one account speaks, it rests.',
          nullHypothesis: 'Which account speaks next does not depend on which spoke last.',
          effect: { name: 'share of immediate repeats', value: 0.004, reference: 0.21, unit: 'of exchanges' },
          innocentExplanation: 'A load balancer of one declared customer.',
          refutedBy: 'Immediate repeats as often as among other customers in the following week.',
        }),
        signal({
          signal: 'near-repeat-deficit',
          family: 'demand',
          log10E: 7.4,
          sentence: 'A twentieth of the requests never repeat, as items of a list do and questions do not.',
          nullHypothesis: 'Requests of the part repeat as often as those of comparable customers.',
          effect: { name: 'training-shaped part', value: 0.05, reference: 0.002, unit: 'share of exchanges' },
          innocentExplanation: 'A benchmark that is run once.',
          refutedBy: 'The list is a public benchmark, asked in its published order.',
        }),
        signal({
          signal: 'frozen-client',
          family: 'context',
          log10E: null,
          sentence: 'Client versions never change, while three releases came out.',
        }),
      ],
      innocentExplanation:
        'A company that resells access over many keys of its own and did not declare it. Its customers may include one that builds a data set.',
      wouldSettle: [
        'Ask the accounts to verify who operates them.',
        'A declaration as aggregator with end-user pseudonyms.',
        'Delay a random half and see whether the load moves to the other half.',
      ],
      proposedBy: ['31 accounts share a rare network range', 'shared prompt templates in 18 pairs'],
      proposedAtMs: START + 1.5 * DAY_MS,
    },
    detection: {
      window: { fromMs: START, toMs: START + 14 * DAY_MS },
      accounts: 25_120,
      exchanges: 4_512_007,
      poolsExamined: 63,
      alpha: 0.01,
      findings: 2,
      setAside: [
        { accounts: 112, reason: 'declared aggregator with end-user pseudonyms' },
        { accounts: 38, reason: 'one campus network and one timetable: gate "class"' },
      ],
      evidence,
      blindSpots: [
        'A pool that asks for less than about 30 exchanges an account cannot be told from strangers.',
        'Text that was not kept cannot be looked at again.',
      ],
      configuration: { 'detect.alpha': 0.01, 'detect.slotHours': 12, 'sketch.lexicon': 'v3' },
      ranAtMs: START + 14.2 * DAY_MS,
      detectorSha256: hash('detector'),
      reportSha256: hash('report'),
      calibration: [
        {
          what: 'Simulated traffic without any pool, 40 seeds',
          sha256: hash('worlds'),
          poolsExamined: 2_210,
          findings: 0,
          falseFindings: 0,
        },
      ],
    },
    activity: Array.from({ length: 14 }, (_, day) => ({
      dayMs: START + day * DAY_MS,
      exchanges: Math.round((total / 14) * (1 + 0.4 * Math.sin(day))),
    })),
    disclosure: {
      entries: total,
      opened: { existence: total, aggregates: total, metadata: 1_200, text: 60 },
      metadataRecipient: null,
      textRecipient: 'the court-appointed expert, by the age key in the bundle',
      withheld: [
        { what: 'Text of other customers', why: 'Not part of the case.' },
        {
          what: 'Account names',
          why: 'Personal data; opened on order of the court, from the key of the pseudonyms.',
        },
      ],
    },
    accounts: members.map((member, i) => ({
      accountId: member.accountId,
      exchanges: member.exchanges,
      firstAtMs: member.firstAtMs,
      lastAtMs: START + 13 * DAY_MS + i * HOUR_MS,
      sequence: { first: 1, last: member.exchanges + (i === 3 ? 2 : 0) },
    })),
    aggregates: [
      {
        name: 'Exchanges of the pool',
        value: total,
        recompute: 'count the opened records in data/openings/metadata.json',
      },
      {
        name: 'Accounts that spoke on every day of the window',
        value: 36,
        recompute: 'group the opened records by account and UTC day',
      },
    ],
    log: {
      origin: 'log.example.com/inner-1',
      size: 4_518_221,
      root: hash('root'),
      checkpointAtMs: START + 15 * DAY_MS,
      verifierKey: 'log.example.com/inner-1+3f1c2a77+AbcdEfghIjklMnopQrstUvwxYz0123456789abcdefgh',
      finding: { index: 4_517_003, atMs: START + 14.3 * DAY_MS },
      witnesses: [
        { name: 'witness.university.example', cosignedAtMs: START + 15 * DAY_MS + 4_000 },
        { name: 'witness.regulator.example', cosignedAtMs: START + 15 * DAY_MS + 5_000 },
        { name: 'witness.competitor.example', cosignedAtMs: null },
      ],
      quorum: '2 of 3 witnesses',
      timestamp: {
        authority: 'Example Timestamp Authority',
        atMs: START + 15 * DAY_MS + 60_000,
        accuracyMs: 1_000,
      },
    },
    sampling: {
      seed: hash('seed'),
      seedSource:
        'Root hash of the log of another operator, published two days after the last record was logged.',
      population: total,
      sampleSize: 300,
      opened: 300,
      confidence: 0.95,
    },
    preRegistration: {
      index: 1_204_411,
      atMs: START - 3 * DAY_MS,
      sha256: hash('registration'),
      hypothesis: 'Among the accounts opened since January there are pools that build training data.',
      threshold: 'e-BH at alpha 0.01 over all pools proposed',
      allowedTries: 1,
      usedTries: 1,
    },
    verification: [
      {
        what: 'No file was altered.',
        commands: ['sha256sum -c manifest-sha256.txt'],
        expected: 'OK after every name',
      },
      {
        what: 'All links at once, with Python alone.',
        commands: ['python3 verify.py .'],
        expected: 'a list of links, each ok',
      },
      {
        what: 'The checkpoint existed at the time stated.',
        commands: [
          'openssl ts -verify -in data/timestamps/checkpoint.tsr -data data/log/checkpoint -CAfile data/trust/tsa-root.pem',
        ],
        expected: 'Verification: OK',
      },
      {
        what: 'This document is the one that was signed.',
        commands: ['pdfsig data/report.pdf'],
        expected: 'Signature is Valid',
      },
    ],
    limits: ['The log of the second gateway was not part of this export.'],
    custody: [
      {
        action: 'collected',
        what: 'Requests and responses were recorded as they passed the gateway.',
        startMs: START,
        endMs: START + 14 * DAY_MS,
        performer: OPERATOR,
        instrument: { name: 'Phalanx gateway', version: '0.1.0' },
        inputs: [],
        outputs: [object('spool/2026-02', 812_331_120)],
        recipient: null,
      },
      {
        action: 'committed',
        what: 'Commitments to the records were appended to the log.',
        startMs: START,
        endMs: START + 15 * DAY_MS,
        performer: OPERATOR,
        instrument: { name: 'Phalanx ledger', version: '0.1.0' },
        inputs: [object('spool/2026-02', 812_331_120)],
        outputs: [object('data/log/checkpoint', 612)],
        recipient: null,
      },
      {
        action: 'detected',
        what: 'The detector read the telemetry of the window and reported two findings.',
        startMs: START + 14.1 * DAY_MS,
        endMs: START + 14.2 * DAY_MS,
        performer: OPERATOR,
        instrument: { name: 'Phalanx detect', version: '0.1.0' },
        inputs: [object('spool/2026-02', 812_331_120)],
        outputs: [object('data/statements/detection-report.json', 48_120)],
        recipient: null,
      },
      {
        action: 'exported',
        what: 'The bundle of this case was made.',
        startMs: START + 20 * DAY_MS + 9 * HOUR_MS,
        endMs: START + 20 * DAY_MS + 9 * HOUR_MS,
        performer: OFFICER,
        instrument: { name: 'Phalanx evidence', version: '0.1.0' },
        inputs: [object('data/log/checkpoint', 612), object('data/statements/detection-report.json', 48_120)],
        outputs: [object('data/openings/metadata.json', 912_000), object('data/openings/text.age', 120_400)],
        recipient: null,
      },
      {
        action: 'disclosed',
        what: 'The bundle was handed over on a drive.',
        startMs: START + 21 * DAY_MS,
        endMs: START + 21 * DAY_MS,
        performer: OFFICER,
        instrument: { name: 'Phalanx evidence', version: '0.1.0' },
        inputs: [object('data/openings/metadata.json', 912_000)],
        outputs: [],
        recipient: { organisation: 'District Court', person: null, role: 'Court' },
      },
    ],
  });
}
