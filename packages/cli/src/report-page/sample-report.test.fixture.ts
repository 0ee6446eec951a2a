import { DAY_MS } from '@phalanx/core';
import type { DetectionReport, Finding, FindingMember, SignalResult } from '@phalanx/domain';

const START = Date.UTC(2026, 1, 1);

/** Ids as the person under suspicion might choose them. */
export const HOSTILE_IDS = [
  '"><script>document.title="owned"</script>',
  "' onmouseover='alert(1)",
  '\u202Etxt.exe\u202C',
  '</script></style><img src=x onerror=alert(1)>',
  `${'a'.repeat(300)}\u0000${'b'.repeat(200)}`,
  '\u001B[31mred\u001B[0m\nsecond line',
  '{{7*7}} &lt;b&gt;',
  'договор-契約-عقد',
];

function signal(part: Partial<SignalResult> & Pick<SignalResult, 'signal' | 'family'>): SignalResult {
  return {
    log10E: 4,
    nullHypothesis: 'The accounts draw their requests independently from the population of customers.',
    effect: { name: 'rank correlation of shares', value: 0.41, reference: 0.03, unit: 'correlation' },
    sentence: 'The accounts split one stream of requests evenly, as a dispatcher does and strangers do not.',
    innocentExplanation: 'A reseller that spreads its customers over many keys.',
    refutedBy: 'End-user pseudonyms behind the accounts that differ from account to account.',
    atlas: null,
    ...part,
  };
}

function member(i: number): FindingMember {
  return {
    accountId: HOSTILE_IDS[i] ?? `acct_${(i * 2_654_435_761).toString(16).slice(-9)}`,
    strength: 6.5 - (i % 17) * 0.4,
    exchanges: 40 + ((i * 73) % 190),
    firstAtMs: START + (i % 5) * DAY_MS + (i % 24) * 3_600_000,
  };
}

function finding(id: string, kind: Finding['kind'], size: number): Finding {
  const members = Array.from({ length: size }, (_, i) => member(i));
  return {
    id,
    kind,
    members,
    firstExchangeAtMs: START + 3_600_000,
    firstAlarmAtMs: START + 3.6 * DAY_MS,
    kindAlarmAtMs: START + (kind === 'hidden-pool' ? 3.6 : 5) * DAY_MS,
    exchangesBeforeAlarm: 12_430,
    exchangesAfterAlarm: 9_318,
    sought:
      kind === 'distillation-campaign'
        ? [
            { capability: 'reasoning', share: 0.62 },
            { capability: 'code', share: 0.21 },
          ]
        : [],
    log10ECoordination: 31.2,
    log10EDemand: kind === 'distillation-campaign' ? 7.4 : -0.6,
    signals: [
      signal({ signal: 'even-mixture', family: 'coordination', log10E: 31.2, atlas: 'AML.T0024.002' }),
      signal({
        signal: 'turn-taking',
        family: 'coordination',
        log10E: 6.1,
        sentence: 'They take turns: right after one account speaks, it rests.',
      }),
      signal({
        signal: 'near-repeat-deficit',
        family: 'demand',
        log10E: kind === 'distillation-campaign' ? 7.4 : -0.6,
        sentence:
          'A twentieth of the requests never repeat, as items of a list do and questions of people do not.',
        effect: { name: 'training-shaped part', value: 0.05, reference: 0.002, unit: 'share of exchanges' },
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
  };
}

/** A report with a campaign of 41 accounts, a pool of 900 and hostile identifiers; parsed by no engine, for layout only. */
export function makeSampleReport(): DetectionReport {
  const findings = [
    finding('f-7c1e02', 'distillation-campaign', 41),
    finding('f-19aa40', 'hidden-pool', 900),
  ];
  return {
    schema: 'phalanx.detection-report.v1',
    window: { fromMs: START, toMs: START + 7 * DAY_MS },
    accounts: 25_120,
    exchanges: 4_512_007,
    poolsExamined: 63,
    alpha: 0.01,
    findings,
    setAside: [
      { accounts: 112, reason: 'declared aggregator with end-user pseudonyms' },
      { accounts: 38, reason: 'one campus network and one timetable: gate "class"' },
    ],
    evidence: findings.flatMap((f, k) =>
      Array.from({ length: 28 }, (_, slot) => ({
        findingId: f.id,
        atMs: START + (slot + 1) * (DAY_MS / 4),
        log10ECoordination: (f.log10ECoordination * slot) / 27 + Math.sin(slot) * 0.4,
        log10EDemand: slot < 6 ? 0 : (f.log10EDemand * (slot - 5)) / 22 + Math.cos(slot) * 0.3,
        exchanges:
          k === 1 ? 0 : Math.round(700 + 500 * Math.sin((slot * Math.PI) / 2) + k * 4000 + (slot % 5) * 60),
      })),
    ),
    blindSpots: [
      'A pool that shares nothing rare and mixes 2 % attack into relayed traffic for less than a week.',
      'Prompts without text: 3 % of exchanges carried none.',
    ],
    seconds: 41.3,
    configuration: { alpha: 0.01, slotHours: 6, 'link.minimumRarity': 3.5, declared: true },
  };
}
