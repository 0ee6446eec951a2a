import type { HeldIndicator } from '@phalanx/coalition/trust';
import { expect, it } from 'vitest';
import { writeIndicator, writeIndicators } from './trust-text.js';

const AT = Date.UTC(2026, 10, 23, 6, 14);

it('an indicator is told with what it rests on, and no text of others controls the terminal', () => {
  const held: HeldIndicator = {
    id: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
    member: 'lab\u001b[31m-b',
    object: { type: 'indicator', id: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09' },
    state: 'enforceable',
    reason: 'all-hold',
    takenAtMs: AT,
    seenAtMs: AT,
    decision: { choice: 'enforce', by: 'Ada', atMs: AT, findings: ['own-1'] },
    report: {
      atMs: AT,
      fromMs: AT,
      population: { accounts: 3040, good: 3000, suspected: 36 },
      disputedBy: [],
      traces: [
        {
          traceKey: `prompt-fingerprint:${'ab'.repeat(32)}:${'cd'.repeat(64)}`,
          kind: 'prompt-fingerprint',
          hits: { accounts: 40, good: 0, suspected: 36, findings: ['own-1'] },
          falsePositiveBound: 0.00099,
          suspectedBound: 0.79,
          failed: [],
          labs: ['lab-c'],
        },
        {
          traceKey: 'matching-token:e:00',
          kind: 'matching-token',
          hits: null,
          falsePositiveBound: null,
          suspectedBound: null,
          failed: ['not-replayable', 'too-few-labs'],
          labs: [],
        },
      ],
    },
  };
  const text = writeIndicator(held, [
    { indicatorId: held.id, atMs: AT, from: 'enforceable', to: 'enforceable', reason: 'decided', by: 'Ada' },
  ]);
  expect(text).not.toContain('\u001b');
  expect(text.replaceAll('\u202f', ' ')).toBe(`indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09
  of lab\\u{1b}[31m-b, enforceable: every condition holds
  replayed 2026-11-23 06:14 UTC over 3,040 accounts, 3,000 known to be good, 36 under own suspicion
  prompt-fingerprint:${'ab'.repeat(19)}...
    40 accounts: 0 good, 36 suspected; hits at most 0.10 % of honest tenants, at least 79 % of those hit are suspected (95 %)
    counted as seen by lab-c
    every condition holds
  matching-token:e:00
    cannot be looked for here
    counted as seen by no lab
    own telemetry cannot be searched for what it names; too few labs whose word counts have seen it
  enforce by Ada, 2026-11-23 06:14 UTC, on own findings: own-1
  changes
    2026-11-23 06:14 UTC  enforceable -> enforceable (decided by Ada)
`);
  expect(writeIndicators([held])).toMatch(/enforceable {3}all-hold; enforce by Ada\n$/);
});
