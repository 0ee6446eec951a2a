import { createHash } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import type { StixObject } from '../stix/stix-object.js';
import { loadPolicies } from './cedar-policies.js';
import { decideUse } from './permitted-use.js';
import { renderRegulatorPage } from './regulator-page.js';
import { compareReceipts, type LoggedAt, viewAsRegulator } from './regulator-view.js';
import { encodeEnvelope } from './release-draft.js';
import { type KeptRelease, type ReleaseStore, releaseIndicators } from './release-indicators.js';
import { digestSalted, makeReceipt, type ReleaseStatement } from './release-receipt.js';
import { eraseEnded, readTerms } from './retention.js';
import {
  LAB_B,
  makeContext,
  makeDraft,
  makeLawfulObjects,
  NOW_MS,
  POLICIES,
} from './sample-release.test.support.js';

const draft = makeDraft(makeLawfulObjects());

/** What PostgreSQL keeps in `packages/store/src/control/releases.ts`, for one process and no crash. */
class ReleasesInMemory implements ReleaseStore {
  readonly kept: { release: KeptRelease; logged: boolean }[] = [];
  async countUses() {
    return new Map<string, number>();
  }
  async takeUses() {
    return true;
  }
  async keep(make: (sequence: number) => KeptRelease) {
    const release = make(this.kept.length);
    this.kept.push({ release, logged: false });
    return release;
  }
  async markLogged(releaseId: string) {
    for (const one of this.kept) if (one.release.statement.releaseId === releaseId) one.logged = true;
  }
  async listUnlogged() {
    return this.kept.filter(({ logged }) => !logged).map(({ release }) => release);
  }
  async find(releaseId: string) {
    return this.kept.find(({ release }) => release.statement.releaseId === releaseId)?.release ?? null;
  }
}

function openOffice() {
  const log: ReleaseStatement[] = [];
  const store = new ReleasesInMemory();
  const office = {
    store,
    by: 'lab-a',
    record: async (statement: ReleaseStatement) => void log.push(statement),
  };
  return { log, store, office };
}
const at = (log: readonly ReleaseStatement[]): LoggedAt[] =>
  log.map((statement, i) => ({ index: 10 + i, statement: statement as unknown as LoggedAt['statement'] }));

describe('a release', () => {
  it('hands out the exact bytes that were signed, once its receipt is logged', async () => {
    const { log, office } = openOffice();
    const { envelope, releaseId } = await releaseIndicators(draft, makeContext(draft), office);
    expect(envelope).toEqual(encodeEnvelope(draft.objects));
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ releaseId, sequence: 0, decision: 'released', recipients: [LAB_B] });
    expect(log[0]!.approvals).toHaveLength(2);
  });

  it('hands out and states what was judged, whatever becomes of the draft meanwhile', async () => {
    const { log, store, office } = openOffice();
    const given = makeDraft([...structuredClone(makeLawfulObjects())]);
    const before = encodeEnvelope(given.objects);
    const record = async (statement: ReleaseStatement) => {
      (given.objects as StixObject[]).push({
        type: 'note',
        id: 'note--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a77',
      });
      log.push(statement);
    };
    const count = store.countUses;
    store.countUses = async () => {
      (given.objects[0] as Record<string, unknown>).name = 'Acme';
      return count();
    };
    const context = makeContext(given);
    const { decision, envelope } = await releaseIndicators(given, context, { ...office, record });
    expect([decision.verdict, envelope]).toEqual(['released', before]);
    expect(log[0]!.objects).toHaveLength(JSON.parse(new TextDecoder().decode(before)).objects.length);
  });

  it('that cannot be logged does not leave, and its receipt is logged before the next', async () => {
    const { log, store, office } = openOffice();
    const failing = { ...office, record: async () => Promise.reject(new Error('no space left')) };
    await expect(releaseIndicators(draft, makeContext(draft), failing)).rejects.toThrow('no space');
    expect(log).toEqual([]);
    await releaseIndicators(draft, makeContext(draft), office);
    expect(log.map(({ sequence }) => sequence)).toEqual([0, 1]);
    expect(store.kept.every(({ logged }) => logged)).toBe(true);
  });

  it('that is refused leaves a receipt and nothing else', async () => {
    const { log, office } = openOffice();
    const { envelope } = await releaseIndicators(draft, makeContext(draft, { legalBasis: null }), office);
    expect(envelope).toBeNull();
    expect(log[0]).toMatchObject({ decision: 'refused', reasons: ['legal-basis-missing'] });
  });

  it('is held when another took the last use of a standing approval meanwhile', async () => {
    const { office, store } = openOffice();
    store.takeUses = async () => false;
    const { envelope, decision } = await releaseIndicators(draft, makeContext(draft), office);
    expect([envelope, decision.verdict]).toEqual([null, 'held']);
  });
});

describe('receipts', () => {
  it('do not confirm a guess: who knows every object still cannot tell which receipt is whose', async () => {
    const { log, store, office } = openOffice();
    for (let i = 0; i < 3; i++) await releaseIndicators(draft, makeContext(draft), office);
    // The same objects, three times: no digest comes twice, and none is a plain one.
    const digests = log.flatMap(({ objects, envelopeSha256, approvals }) => [
      ...objects,
      envelopeSha256,
      ...approvals,
    ]);
    expect(new Set(digests).size).toBe(digests.length);
    const plain = [encodeEnvelope(draft.objects), ...draft.objects.map((object) => encodeEnvelope([object]))];
    const guesses = plain.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    expect(digests.filter((digest) => guesses.includes(digest))).toEqual([]);
    const text = JSON.stringify(log);
    for (const { id, value, digest } of draft.objects)
      for (const told of [id, value, digest]) if (typeof told === 'string') expect(text).not.toContain(told);
    // Who wrote it can open it.
    const { statement, opening } = store.kept[1]!.release;
    const salt = Buffer.from(opening!.envelopeSalt, 'hex');
    expect(digestSalted(salt, encodeEnvelope(draft.objects))).toBe(statement.envelopeSha256);
  });

  it('of both ends show what came without a release, and what never came', () => {
    const release = (releaseId: string) => ({
      kind: 'indicator-release',
      atMs: 1,
      by: 'lab-a',
      releaseId,
      sequence: 0,
      decision: 'released',
      recipients: [LAB_B],
    });
    const about = { atMs: 2, by: 'lab-b', role: 'recipient', from: 'lab-a', policySha256: null } as const;
    const ids = ['aa', 'bb', 'cc'].map((byte) => byte.repeat(16));
    const receipt = (releaseId: string) =>
      makeReceipt(draft.objects, { ...about, releaseId }).statement as unknown as LoggedAt['statement'];
    const logged = (statements: readonly LoggedAt['statement'][]) =>
      statements.map((statement, index) => ({ index, statement }));
    expect(
      compareReceipts(
        logged([release(ids[0]!), release(ids[1]!)]),
        logged([receipt(ids[1]!), receipt(ids[2]!), receipt('no id')]),
        LAB_B,
      ),
    ).toEqual({
      unreleased: [ids[2]],
      unreceived: [ids[0]],
    });
  });
});

describe("a regulator's view", () => {
  it('counts, and shows a receipt that was taken out', async () => {
    const { log, office } = openOffice();
    await releaseIndicators(draft, makeContext(draft), office);
    await releaseIndicators(draft, makeContext(draft, { legalBasis: null }), office);
    await releaseIndicators(draft, makeContext(draft), office);
    const view = viewAsRegulator('lab-a', at([...log, log[0]!]));
    expect(view.totals).toEqual({
      released: 2,
      held: 0,
      refused: 1,
      objectsReleased: 2 * draft.objects.length,
    });
    expect([view.missing, view.repeated, view.irregular]).toEqual([[], [], []]);
    expect(view.policies.map(({ releases }) => releases)).toEqual([3]);
    expect(view.legalBases).toHaveLength(1);
    expect(view.months).toHaveLength(4);
    const cut = viewAsRegulator('lab-a', at([log[0]!, log[2]!]));
    expect(cut.missing).toEqual([{ first: 1, last: 1 }]);
    expect(renderRegulatorPage(cut)).toContain('Receipt 1 is missing from the log.');
    const forged = viewAsRegulator(
      'lab-a',
      at([
        { ...log[0]!, approvals: [] },
        { ...log[1]!, sequence: 0 },
      ]),
    );
    expect([forged.irregular, forged.repeated]).toEqual([[0], [0]]);
    expect(viewAsRegulator('lab-b', at(log)).totals.released).toBe(0);
  });

  it('is a page without a script, whatever a lab is called', () => {
    const page = renderRegulatorPage(viewAsRegulator('<script>alert(1)</script>', []));
    expect(page).not.toContain('<script');
    expect(page).toContain('No decision yet.');
  });
});

describe('what came in', () => {
  const request = {
    person: { id: 'a', roles: ['detection'] },
    purpose: 'model-theft-defence',
    objectId: 'x',
    markedPurpose: 'model-theft-defence',
    retainUntil: '2026-12-01',
    retracted: false,
  } as const;
  it.each([
    [true, {}],
    [false, { person: { id: 'a', roles: ['sales'] } }],
    [false, { person: { id: 'a', roles: ['detection', 'pricing'] } }],
    [false, { person: { id: 'a', roles: [] } }],
    [false, { purpose: 'pricing' }],
    [false, { markedPurpose: 'sales' }],
    [false, { retainUntil: '2026-11-21' }],
    [false, { retainUntil: 'for ever' }],
    [false, { retracted: true }],
  ] as const)('may be used: %s, %j', (allowed, changes) => {
    expect(decideUse({ ...request, ...changes } as never, POLICIES, NOW_MS).allowed).toBe(allowed);
  });

  it('ends with the earliest of its markings, and is erased with a statement', async () => {
    const terms = readTerms(draft.objects);
    expect(terms).toHaveLength(draft.objects.length - 1);
    expect(readTerms(draft.objects.slice(1))).toEqual([]);
    expect(new Set(terms.map(({ retainUntilMs }) => retainUntilMs)).size).toBe(1);
    let left = [...terms];
    const holder = {
      listEnded: async (nowMs: number, limit: number) =>
        left.filter(({ retainUntilMs }) => retainUntilMs <= nowMs).slice(0, limit),
      erase: async (ids: readonly string[]) =>
        void (left = left.filter(({ objectId }) => !ids.includes(objectId))),
    };
    const log: { objects: readonly string[] }[] = [];
    const erase = (nowMs: number) =>
      eraseEnded(holder, async (statement) => void log.push(statement), { nowMs, by: 'lab-b' });
    expect(await erase(NOW_MS)).toBe(0);
    expect(await erase(NOW_MS + 200 * DAY_MS)).toBe(terms.length);
    expect(left).toEqual([]);
    expect(log.flatMap(({ objects }) => objects)).toHaveLength(terms.length);
  });
});

it('policies are the same set under the same digest, however often they are loaded', () => {
  expect(loadPolicies().digest).toBe(POLICIES.digest);
});
