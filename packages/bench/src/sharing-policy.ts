import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeCampaign, makeTlpMarking, type StixObject } from '@phalanx/coalition';
import {
  askPolicies,
  decideRelease,
  encodeEnvelope,
  hashCustomerNames,
  loadPolicies,
  makeCustomerAlarm,
  makeSharingMarking,
  minimiseObjects,
  scanObjects,
  signDocument,
} from '@phalanx/coalition/policy';

const LAB = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
const OTHER = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02';
const ROUNDS = 200;
const CUSTOMERS = 1000;

/** Prints milliseconds of processor time of a decision on a described campaign, of its parts, and of a description of 400 characters. */
export function benchSharingPolicy(): void {
  const nowMs = Date.now();
  const policies = loadPolicies();
  const key = new Uint8Array(32).fill(1);
  const names = Array.from({ length: CUSTOMERS }, (_, i) => `Customer ${i.toString(36)} Holdings`);
  const customerAlarm = makeCustomerAlarm(hashCustomerNames(names, key), key);
  const marking = makeSharingMarking(policies, { author: LAB, atMs: nowMs, retainDays: 180, minLabs: 1 });
  const hex = (byte: number, bytes: number) => Buffer.alloc(bytes, byte).toString('hex');
  const told = describeCampaign(
    {
      kind: 'distillation-campaign',
      accounts: 57,
      exchanges: 16_400,
      firstAtMs: nowMs - 8e8,
      lastAtMs: nowMs,
      log10ECoordination: 41.7,
      log10EDemand: 12.3,
      poolsExamined: 118,
      atlas: ['AML.T0024.002', 'AML.T0008.005'],
      fingerprints: [{ algorithm: 'phalanx-template-1', paramsDigest: hex(171, 32), digest: hex(205, 96) }],
      addressRanges: ['203.0.113.0/24'],
      tokens: [],
      validDays: 90,
    },
    { createdByRef: LAB, atMs: nowMs, markingRefs: [makeTlpMarking('amber').id, marking.id] },
  );
  const objects = minimiseObjects([marking, ...told], new Map());
  const draft = { author: LAB, recipients: [OTHER], objects };
  const context = { ...makeApproved(draft, policies, nowMs), policies, customerAlarm };
  const decision = decideRelease(draft, context);
  if (decision.verdict !== 'released')
    throw new Error(`a lawful draft is ${decision.verdict}: ${JSON.stringify(decision.reasons)}`);
  const text =
    'Requests rotate over the pool so that each account stays below its rate limit; the same system prompt recurs with the variable part ' +
    'replaced, and shingles overlap almost completely. Answers are asked for step by step, then graded. Sessions start together and end ' +
    'together, as schedulers do and people do not. The template fingerprint was compared under the same parameters only, and seen again.';
  const written: StixObject = { type: 'campaign', id: `campaign--${LAB.slice(10)}`, description: text };
  const question = {
    action: 'use',
    principal: { type: 'Person', id: 'a', attributes: { roles: ['detection'] } },
    resource: {
      type: 'Received',
      id: 'b',
      attributes: { purpose: 'model-theft-defence', retainUntil: 5, retracted: false },
    },
    context: { now: 1, purpose: 'model-theft-defence' },
  } as const;
  console.log(
    `decision on a campaign of ${objects.length} objects      ${measure(() => decideRelease(draft, context))} ms`,
  );
  console.log(
    `  Cedar alone, ${policies.ids.length} policies            ${measure(() => askPolicies(policies, question))} ms`,
  );
  console.log(
    `  detectors, without free text        ${measure(() => scanObjects(objects, customerAlarm))} ms`,
  );
  console.log(
    `detectors on ${text.length} characters of a person  ${measure(() => scanObjects([written], customerAlarm))} ms, ${CUSTOMERS} customers`,
  );
  console.log(
    `memory  ${Math.round(process.memoryUsage().rss / 1e6)} MB; ${readFileSync('/proc/cpuinfo', 'utf8').match(/model name\s*: (.*)/)?.[1] ?? ''}`,
  );
}

function makeApproved(
  draft: Parameters<typeof decideRelease>[0],
  policies: ReturnType<typeof loadPolicies>,
  nowMs: number,
) {
  const [rosa, carl] = ['releaser', 'counsel'].map((role) => ({ role, ...generateKeyPairSync('ed25519') }));
  const people = [rosa!, carl!].map(({ role, publicKey }) => ({
    id: role,
    kid: role,
    roles: [role as 'releaser' | 'counsel'],
    publicKey,
  }));
  const envelopeSha256 = decideRelease(draft, {
    policies,
    nowMs,
    people,
    legalBasis: null,
    approvals: [],
    revocations: [],
    standingUses: new Map(),
    customerAlarm: makeCustomerAlarm(hashCustomerNames([], new Uint8Array(16)), new Uint8Array(16)),
    reportedBlocks: new Map(),
    labs: 1,
  }).envelopeSha256!;
  encodeEnvelope(draft.objects);
  const window = { notBeforeMs: nowMs - 1000, notAfterMs: nowMs + 1e9 };
  const sign = <D extends { readonly schema: string }>(document: D, by: typeof rosa) =>
    signDocument(document, { kid: by!.role, privateKey: by!.privateKey });
  const approval = (role: 'releaser' | 'counsel', by: typeof rosa) =>
    sign(
      {
        schema: 'phalanx.release-approval.v1' as const,
        role,
        envelopeSha256,
        recipients: [...draft.recipients],
        policySha256: policies.digest,
        clears: [],
        ...window,
      },
      by,
    );
  return {
    nowMs,
    people,
    legalBasis: sign(
      {
        schema: 'phalanx.legal-basis.v1' as const,
        jurisdiction: 'EU',
        authority: 'agreement',
        categories: ['prompt-fingerprint' as const, 'address-range' as const, 'account-cluster' as const],
        recipients: [...draft.recipients],
        ...window,
        reviewByMs: nowMs + 1e9,
        documentSha256: '5a'.repeat(32),
      },
      carl,
    ),
    approvals: [approval('releaser', rosa), approval('counsel', carl)],
    revocations: [],
    standingUses: new Map<string, number>(),
    reportedBlocks: new Map<string, number>(),
    labs: 1,
  };
}

function measure(work: () => unknown): string {
  for (let i = 0; i < ROUNDS / 4; i++) work();
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / ROUNDS).toFixed(2).padStart(6);
}
