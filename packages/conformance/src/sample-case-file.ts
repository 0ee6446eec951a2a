import { createHash } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import { CaseFile } from '@phalanx/evidence';

const START = Date.UTC(2026, 2, 1);

/** Names that try to leave their place: markup, direction marks, letters of other scripts, one very long word. */
const NAMES = ['"><script>', '\u202Etxt.exe', 'договор-契約', 'x'.repeat(700), 'a\u0000\u001B[31m', ' '];

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A case file of `accounts` accounts (6 or more) with every part filled, some names hostile: nothing real, for layout and formats. */
export function makeCaseFile(accounts: number): CaseFile {
  const members = Array.from({ length: accounts }, (_, i) => ({
    accountId: NAMES[i] ?? `acct-${hash(String(i)).slice(0, 12)}`,
    strength: 3,
    exchanges: 100 + i,
    firstAtMs: START + i * 60_000,
  }));
  const total = members.reduce((sum, member) => sum + member.exchanges, 0);
  const party = { organisation: 'Example Models, Inc.', person: 'A. Analyst', role: 'Head of forensics' };
  const object = (name: string) => ({ name, sha256: hash(name), sizeBytes: name.length });
  const step = (action: string, day: number, inputs: string[], outputs: string[]) => ({
    action,
    what: `The records were ${action}.`,
    startMs: START + day * DAY_MS,
    endMs: START + day * DAY_MS + 1_000,
    performer: action === 'collected' ? { ...party, person: null } : party,
    instrument: { name: 'Phalanx', version: '0.1.0' },
    inputs: inputs.map(object),
    outputs: outputs.map(object),
    recipient:
      action === 'disclosed' ? { organisation: 'District Court', person: null, role: 'Court' } : null,
  });
  const signal = (name: string, family: string, log10E: number | null) => ({
    signal: name,
    family,
    log10E,
    nullHypothesis: 'The accounts draw their requests independently.',
    effect: { name: 'share', value: 0.4, reference: 0.1, unit: 'of exchanges' },
    sentence: `What ${name} says, in a sentence.`,
    innocentExplanation: 'A reseller that did not declare itself.',
    refutedBy: 'End-user pseudonyms that differ from account to account.',
    atlas: null,
  });
  return CaseFile.parse({
    schema: 'phalanx.case-file.v1',
    caseId: 'conformance-契',
    madeAtMs: START + 20 * DAY_MS,
    madeBy: party,
    software: { name: 'Phalanx', version: '0.1.0' },
    finding: {
      id: 'f-1',
      kind: 'distillation-campaign',
      members,
      firstExchangeAtMs: START,
      firstAlarmAtMs: START + 3 * DAY_MS,
      exchangesBeforeAlarm: Math.floor(total / 3),
      exchangesAfterAlarm: total - Math.floor(total / 3),
      sought: [{ capability: 'reasoning', share: 0.6 }],
      log10ECoordination: 20,
      log10EDemand: 6,
      signals: [
        signal('even-mixture', 'coordination', 20),
        signal('near-repeat-deficit', 'demand', 6),
        signal('frozen-client', 'context', null),
      ],
      innocentExplanation: 'A reseller that did not declare itself.',
      wouldSettle: ['A declaration.', 'y'.repeat(500)],
      proposedBy: ['a rare network range'],
      proposedAtMs: START + DAY_MS,
    },
    detection: {
      window: { fromMs: START, toMs: START + 14 * DAY_MS },
      accounts: 1_000,
      exchanges: 100_000,
      poolsExamined: 12,
      alpha: 0.05,
      findings: 1,
      setAside: [{ accounts: 4, reason: 'declared' }],
      evidence: Array.from({ length: 14 }, (_, i) => ({
        findingId: 'f-1',
        atMs: START + (i + 1) * DAY_MS,
        log10ECoordination: i * 1.5,
        log10EDemand: i / 2,
        exchanges: 100,
      })),
      blindSpots: ['What was not recorded.'],
      configuration: { 'a.setting': true },
      ranAtMs: START + 15 * DAY_MS,
      detectorSha256: hash('detector'),
      reportSha256: hash('report'),
      calibration: [
        { what: 'Simulated', sha256: hash('set'), poolsExamined: 400, findings: 1, falseFindings: 1 },
      ],
    },
    activity: Array.from({ length: 14 }, (_, i) => ({ dayMs: START + i * DAY_MS, exchanges: 50 + i })),
    disclosure: {
      entries: total,
      opened: { existence: total, aggregates: total, metadata: 100, text: 10 },
      metadataRecipient: null,
      textRecipient: 'the expert',
      withheld: [{ what: 'Account names', why: 'Personal data.' }],
    },
    accounts: members.map(({ accountId, exchanges, firstAtMs }) => ({
      accountId,
      exchanges,
      firstAtMs,
      lastAtMs: START + 13 * DAY_MS,
      sequence: { first: 1, last: exchanges },
    })),
    aggregates: [{ name: 'Exchanges', value: total, recompute: 'Count the opened records.' }],
    log: {
      origin: 'log.example/conformance',
      size: 1_000_000,
      root: hash('root'),
      checkpointAtMs: START + 16 * DAY_MS,
      verifierKey: 'log.example/conformance+01234567+AAAA',
      finding: { index: 999_999, atMs: START + 15.5 * DAY_MS },
      witnesses: [{ name: 'witness.example', cosignedAtMs: START + 16 * DAY_MS }],
      quorum: '1 of 1',
      timestamp: { authority: 'TSA', atMs: START + 16 * DAY_MS, accuracyMs: 1_000 },
    },
    sampling: {
      seed: hash('seed'),
      seedSource: 'A later checkpoint.',
      population: total,
      sampleSize: 50,
      opened: 50,
      confidence: 0.95,
    },
    preRegistration: null,
    verification: [
      { what: 'Files.', commands: ['sha256sum -c manifest-sha256.txt', 'z'.repeat(300)], expected: 'OK' },
    ],
    limits: [],
    custody: [
      step('collected', 0, [], ['spool']),
      step('committed', 1, ['spool'], ['checkpoint']),
      step('detected', 15, ['spool'], ['data/finding.json']),
      step('exported', 20, ['checkpoint', 'data/finding.json'], ['data/\u202Ecase.json']),
      step('disclosed', 21, ['data/\u202Ecase.json'], []),
    ],
  });
}
