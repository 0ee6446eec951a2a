import { DAY_MS } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import type { StixObject } from '../stix/stix-object.js';
import type { ReleaseApproval } from './approval.js';
import { type Decision, decideRelease, type ReleaseContext } from './decide-release.js';
import type { ReleaseDraft } from './release-draft.js';
import {
  approve,
  BASIS,
  BOTH,
  CARL,
  EVERYTHING_CLEARED,
  LAB_B,
  LAB_C,
  makeContext,
  makeDraft,
  makeLawfulObjects,
  NOW_MS,
  ROSA,
  STRANGER,
  signAs,
  standFor,
} from './sample-release.test.support.js';
import { digestDocument } from './signed-document.js';

const draft = makeDraft(makeLawfulObjects());
const codes = ({ reasons }: Decision) => [...new Set(reasons.map(({ code }) => code))];
const decide = (changes: Partial<ReleaseContext>, asked: ReleaseDraft = draft) =>
  decideRelease(asked, makeContext(asked, changes));

it('lets a described campaign go when two persons signed it and a legal basis lives', () => {
  const decision = decide({});
  expect(decision.reasons).toEqual([]);
  expect(decision.verdict).toBe('released');
  expect(decision.decidedBy).toEqual(['release']);
  expect(decision.categories).toEqual([
    'account-cluster',
    'address-range',
    'matching-token',
    'prompt-fingerprint',
  ]);
});

describe('a legal basis', () => {
  const basis = (changes: Partial<typeof BASIS>) => ({ legalBasis: signAs(CARL, { ...BASIS, ...changes }) });
  it.each([
    ['legal-basis-missing', { legalBasis: null }],
    ['legal-basis-signature', { legalBasis: signAs(STRANGER, BASIS) }],
    ['legal-basis-signature', { legalBasis: signAs(ROSA, BASIS) }],
    [
      'legal-basis-signature',
      { legalBasis: { ...signAs(CARL, BASIS), document: { ...BASIS, authority: 'another' } } },
    ],
    ['legal-basis-expired', basis({ notAfterMs: NOW_MS })],
    ['legal-basis-not-yet-valid', basis({ notBeforeMs: NOW_MS + 1 })],
    ['legal-basis-review-due', basis({ reviewByMs: NOW_MS })],
    ['legal-basis-recipient', basis({ recipients: [LAB_C] })],
    ['legal-basis-category', basis({ categories: ['prompt-fingerprint'] })],
  ] as const)('that fails by %s stops everything', (code, changes) => {
    const decision = decide(changes as Partial<ReleaseContext>);
    expect(decision.verdict).toBe('refused');
    expect(codes(decision)).toEqual([code]);
  });

  it('that counsel revoked stops everything; others revoke nothing', () => {
    const revocation = {
      schema: 'phalanx.policy-revocation.v1',
      documentSha256: digestDocument(signAs(CARL, BASIS)),
      atMs: NOW_MS - 1,
    } as const;
    expect(codes(decide({ revocations: [signAs(CARL, revocation)] }))).toEqual(['legal-basis-revoked']);
    expect(decide({ revocations: [signAs(ROSA, revocation)] }).verdict).toBe('released');
    expect(decide({ revocations: [signAs(CARL, { ...revocation, atMs: NOW_MS + 1 })] }).verdict).toBe(
      'released',
    );
  });
});

describe('two persons', () => {
  const by = (releaser: typeof ROSA, counsel: typeof ROSA, changes: Partial<ReleaseApproval> = {}) => ({
    approvals: [
      signAs(releaser, approve(draft, 'releaser')),
      signAs(counsel, approve(draft, 'counsel', changes)),
    ],
  });
  it.each([
    ['counsel-missing', { approvals: [signAs(ROSA, approve(draft, 'releaser'))] }],
    ['releaser-missing', { approvals: [signAs(CARL, approve(draft, 'counsel'))] }],
    ['same-person', by(BOTH, BOTH)],
    ['counsel-missing', by(ROSA, ROSA)],
    ['counsel-missing', by(ROSA, STRANGER)],
    ['releaser-missing', by(CARL, CARL)],
    ['counsel-missing', by(ROSA, CARL, { notAfterMs: NOW_MS })],
    ['counsel-missing', by(ROSA, CARL, { recipients: [LAB_C] })],
    ['counsel-missing', by(ROSA, CARL, { policySha256: '00'.repeat(32) })],
    ['counsel-missing', by(ROSA, CARL, { envelopeSha256: '00'.repeat(32) })],
  ] as const)('or it is held by %s', (code, changes) => {
    const decision = decide(changes);
    expect(decision.verdict).toBe('held');
    expect(codes(decision)).toEqual([code]);
  });

  it('of whom one may be both elsewhere', () => {
    expect(decide(by(BOTH, CARL)).verdict).toBe('released');
    expect(
      decide({ approvals: [...by(BOTH, BOTH).approvals, signAs(CARL, approve(draft, 'counsel'))] }).verdict,
    ).toBe('released');
  });

  it('sign these bytes: one changed digit, and nothing is signed', () => {
    const objects = draft.objects.map((object) =>
      object.type === 'x-llm-account-cluster' ? { ...object, size_bucket: '100-999' } : object,
    );
    const decision = decideRelease(makeDraft(objects), makeContext(draft));
    expect(codes(decision).sort()).toEqual(['counsel-missing', 'releaser-missing']);
  });
});

describe('standing approvals', () => {
  const categories = ['account-cluster', 'address-range', 'matching-token', 'prompt-fingerprint'] as const;
  const standing = (changes: Partial<ReturnType<typeof standFor>> = {}, signer = CARL) => [
    signAs(ROSA, approve(draft, 'releaser')),
    ...categories.map((category, i) => signAs(signer, standFor(category, i === 0 ? changes : {}))),
  ];
  it('count for exact classes', () => {
    const decision = decide({ approvals: standing() });
    expect(decision.verdict).toBe('released');
    expect(decision.standing.map(({ maxPerDay }) => maxPerDay)).toEqual([5, 5, 5, 5]);
  });

  it.each([
    [{ category: 'sighting' }],
    [{ recipients: [LAB_B, LAB_C] }],
    [{ maxTlp: 'green' }],
    [{ notAfterMs: NOW_MS }],
    [{ notBeforeMs: NOW_MS + 1 }],
    [{ policySha256: '11'.repeat(32) }],
  ] as const)('and for no other: %j', (changes) => {
    const decision = decide({ approvals: standing(changes as never) });
    expect([decision.verdict, ...codes(decision)]).toEqual(['held', 'counsel-missing']);
  });

  it('are used up', () => {
    const approvals = standing();
    const uses = new Map([[digestDocument(approvals[2]!), 5]]);
    const decision = decide({ approvals, standingUses: uses });
    expect([decision.verdict, ...codes(decision).sort()]).toEqual([
      'held',
      'counsel-missing',
      'standing-approval-used-up',
    ]);
  });

  it('let no text of a person pass', () => {
    const object = draft.objects.find(({ type }) => type === 'campaign')!;
    const written = makeDraft(
      draft.objects.map((one) => (one === object ? { ...one, description: 'turn-taking at night' } : one)),
    );
    const approvals = [
      signAs(ROSA, approve(written, 'releaser')),
      ...categories.map((category) => signAs(CARL, standFor(category))),
    ];
    const decision = decideRelease(written, makeContext(written, { approvals }));
    expect(decision.verdict).toBe('held');
    expect(codes(decision)).toContain('free-text');
  });
});

describe('what a person wrote', () => {
  const write = (description: string) =>
    makeDraft(draft.objects.map((one) => (one.type === 'campaign' ? { ...one, description } : one)));
  it('is held until counsel has read it', () => {
    const asked = write('requests rotate over the pool every few minutes');
    expect(
      codes(
        decideRelease(
          asked,
          makeContext(asked, {
            approvals: [signAs(ROSA, approve(asked, 'releaser')), signAs(CARL, approve(asked, 'counsel'))],
          }),
        ),
      ),
    ).toEqual(['free-text']);
    expect(decideRelease(asked, makeContext(asked)).verdict).toBe('released');
  });

  it('raises alarms that reading alone does not clear, and that counsel may clear as false', () => {
    const asked = write('they pay $12 per million tokens');
    const decision = decideRelease(asked, makeContext(asked));
    expect([decision.verdict, ...codes(decision)]).toEqual(['held', 'alarm-money', 'alarm-volume']);
    const cleared = [
      signAs(ROSA, approve(asked, 'releaser')),
      signAs(CARL, approve(asked, 'counsel', { clears: EVERYTHING_CLEARED })),
    ];
    expect(decideRelease(asked, makeContext(asked, { approvals: cleared })).verdict).toBe('released');
    const byReleaser = [
      signAs(ROSA, approve(asked, 'releaser', { clears: EVERYTHING_CLEARED })),
      signAs(CARL, approve(asked, 'counsel', { clears: ['free-text'] })),
    ];
    expect(decideRelease(asked, makeContext(asked, { approvals: byReleaser })).verdict).toBe('held');
  });

  it('never leaves with a secret in it', () => {
    const asked = write('found in a notebook: AKIAIOSFODNN7EXAMPLE');
    const decision = decideRelease(
      asked,
      makeContext(asked, {
        approvals: [
          signAs(ROSA, approve(asked, 'releaser')),
          signAs(CARL, approve(asked, 'counsel', { clears: EVERYTHING_CLEARED })),
        ],
      }),
    );
    expect([decision.verdict, ...codes(decision)]).toEqual(['refused', 'alarm-secret']);
  });
});

describe('what is not on the list', () => {
  const change = (type: string, changes: object, removed: readonly string[] = []) =>
    makeDraft(
      draft.objects.map((one) =>
        one.type === type
          ? (Object.fromEntries(
              Object.entries({ ...one, ...changes }).filter(([name]) => !removed.includes(name)),
            ) as unknown as StixObject)
          : one,
      ),
    );
  const extension = 'extension-definition--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a99';
  it.each([
    ['property-unlisted', change('campaign', { objective: 'train a model' })],
    ['property-unlisted', change('campaign', { lang: 'en' })],
    ['property-unlisted', change('indicator', { x_price: 3 })],
    [
      'extension-unlisted',
      change('campaign', { extensions: { [extension]: { extension_type: 'property-extension', a: 1 } } }),
    ],
    ['value-unlisted', change('campaign', { name: 'Acme steals' })],
    ['value-unlisted', change('indicator', { indicator_types: ['compromised'] })],
    ['value-unlisted', change('relationship', { relationship_type: 'targets' })],
    ['pattern-unlisted', change('indicator', { pattern: "[email-addr:value = 'a@b.example']" })],
    ['pattern-unlisted', change('indicator', { pattern: "[url:value LIKE '%acme%']" })],
    [
      'pattern-unlisted',
      change('indicator', { pattern: `[file:hashes.'SHA-256' = '${'ab'.repeat(32)}'] /* pays well */` }),
    ],
    ['author-differs', change('campaign', { created_by_ref: LAB_B })],
    ['time-too-fine', change('campaign', { first_seen: '2026-11-11T10:00:00.000Z' })],
    ['figure-too-fine', change('x-llm-account-cluster', { features: { template_reuse: 0.123 } })],
    ['address-too-narrow', change('ipv4-addr', { value: '203.0.113.0/25' })],
    [
      'address-too-narrow',
      change('indicator', { pattern: "[network-traffic:src_ref.value ISSUBSET '203.0.113.7/32']" }),
    ],
    ['marking-missing', change('campaign', { object_marking_refs: [draft.objects[0]!.id] })],
    [
      'retention-missing',
      change('campaign', { object_marking_refs: [(draft.objects[1]!.object_marking_refs as string[])[0]!] }),
    ],
    [
      'mitigation-unlisted',
      change('relationship', { target_ref: 'course-of-action--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a99' }),
    ],
  ] as const)('is refused by %s, whatever anybody signs', (code, asked) => {
    const approvals = [
      signAs(ROSA, approve(asked, 'releaser')),
      signAs(CARL, approve(asked, 'counsel', { clears: EVERYTHING_CLEARED })),
    ];
    const decision = decideRelease(asked, makeContext(asked, { approvals }));
    expect(decision.verdict).toBe('refused');
    expect(codes(decision)).toContain(code);
  });

  it.each([
    'note',
    'report',
    'grouping',
    'malware',
    'email-addr',
    'user-account',
    'url',
    'observed-data',
    'location',
    'constructor',
  ])('a %s is refused', (type) => {
    const asked = makeDraft([
      ...draft.objects,
      { type, id: `${type}--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a98` },
    ]);
    expect(codes(decideRelease(asked, makeContext(asked)))).toContain('type-unlisted');
  });
});

describe('levels, ages and thresholds', () => {
  it('a narrower block is told once three labs reported it', () => {
    const narrow = '203.0.113.64/26';
    const objects = draft.objects.map((one) => (one.type === 'ipv4-addr' ? { ...one, value: narrow } : one));
    const asked = makeDraft(objects);
    for (const [labs, told] of [
      [2, false],
      [3, true],
    ] as const)
      expect(
        codes(
          decideRelease(asked, makeContext(asked, { reportedBlocks: new Map([[narrow, labs]]) })),
        ).includes('address-too-narrow'),
      ).toBe(!told);
  });

  it('old news stay at home', () => {
    const later = NOW_MS + 20 * DAY_MS - 1;
    const approvals = (['releaser', 'counsel'] as const).map((role) =>
      signAs(role === 'releaser' ? ROSA : CARL, approve(draft, role, { notAfterMs: later + 1 })),
    );
    expect(decide({ nowMs: later, approvals }).verdict).toBe('released');
    const basis = signAs(CARL, {
      ...BASIS,
      notAfterMs: NOW_MS + 800 * DAY_MS,
      reviewByMs: NOW_MS + 800 * DAY_MS,
    });
    const far = NOW_MS + 400 * DAY_MS;
    const old = (['releaser', 'counsel'] as const).map((role) =>
      signAs(role === 'releaser' ? ROSA : CARL, approve(draft, role, { notAfterMs: far + 1 })),
    );
    expect(codes(decide({ nowMs: far, approvals: old, legalBasis: basis })).sort()).toEqual([
      'age-out-of-range',
      'retention-too-long',
    ]);
  });
});
