import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  makeDomainObject,
  makeNextVersion,
  makeTlpMarking,
  revokeObject,
  type StixObject,
  signObject,
} from '@phalanx/coalition';
import {
  acknowledgeFeed,
  applyRetraction,
  DEFAULT_TERMS,
  decideHeld,
  drawCaseId,
  findAlarms,
  followRetractions,
  judgeAppeal,
  type KnownMembers,
  keysOfCanaries,
  listAppeals,
  listCanaries,
  makeOpinion,
  makeSighting,
  type OwnTelemetry,
  publishRetraction,
  readFeed,
  replayQuarantine,
  type TraceHits,
  takeIn,
} from '@phalanx/coalition/trust';
import { DAY_MS, HOUR_MS, MINUTE_MS, toHex } from '@phalanx/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTROL_ENGINES } from './control-engines.test.support.js';
import type { ControlStore } from './control-store.js';

const NOW = Date.UTC(2026, 10, 23);
const PARAMS = 'ab'.repeat(32);
const LABS = ['a', 'b', 'c', 'd', 'e'] as const;
type Lab = (typeof LABS)[number];

const parties = Object.fromEntries(
  LABS.map((lab, i) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return [
      lab,
      {
        kid: `lab-${lab}`,
        privateKey,
        publicKey,
        identity: `identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a0${i}`,
      },
    ];
  }),
) as Record<Lab, { kid: string; privateKey: never; publicKey: never; identity: string }>;
const known: KnownMembers = {
  keys: new Map(LABS.map((lab) => [parties[lab].kid, parties[lab]])),
  members: new Map(LABS.map((lab) => [parties[lab].identity, lab])),
};

function by(lab: Lab, atMs: number) {
  return { createdByRef: parties[lab].identity, atMs, markingRefs: [makeTlpMarking('amber').id] as [string] };
}

function sign(lab: Lab, object: StixObject): StixObject {
  return signObject(object, parties[lab]);
}

function tell(lab: Lab, digests: readonly string[], atMs = NOW - DAY_MS): StixObject {
  const alternatives = digests.map(
    (digest) =>
      `(x-llm-prompt-fingerprint:params_digest = '${PARAMS}' AND x-llm-prompt-fingerprint:digest = '${digest}')`,
  );
  const indicator = makeDomainObject('indicator', by(lab, atMs), {
    name: 'prompt-fingerprint',
    indicator_types: ['malicious-activity'],
    pattern: `[${alternatives.join(' OR ')}]`,
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: new Date(atMs).toISOString(),
    valid_until: new Date(atMs + 60 * DAY_MS).toISOString(),
  });
  return sign(lab, indicator);
}

const drawDigest = () => toHex(new Uint8Array(randomBytes(64)));

/** Own telemetry of a lab of 10,000 accounts, with what a few fingerprints hit. */
function telemetry(hits: ReadonlyMap<string, Partial<TraceHits>>): OwnTelemetry {
  return {
    replay: async (traces) => ({
      accounts: 10_000,
      good: 6_000,
      suspected: 300,
      hits: traces.map((trace) => {
        const found = trace.kind === 'prompt-fingerprint' ? hits.get(toHex(trace.lanes)) : undefined;
        return { accounts: 0, good: 0, suspected: 0, findings: [], ...found };
      }),
    }),
  };
}

const seen = (count: number): Partial<TraceHits> => ({
  accounts: count,
  suspected: count,
  findings: ['f-1'],
});

for (const engine of CONTROL_ENGINES) {
  describe(`quarantine on ${engine.name}`, () => {
    let store: ControlStore;
    beforeAll(() => engine.start(), 120_000);
    beforeEach(async () => {
      store = await engine.openEmpty();
      return () => store.close();
    });
    afterAll(() => engine.stop());

    const take = (object: StixObject, atMs = NOW) =>
      takeIn({ store: store.quarantine, known, self: 'a' }, object, atMs, atMs);
    const replay = (hits: ReadonlyMap<string, Partial<TraceHits>>, atMs = NOW) =>
      replayQuarantine({
        store: store.quarantine,
        self: 'a',
        telemetry: telemetry(hits),
        lists: [],
        terms: DEFAULT_TERMS,
        atMs,
      });

    /** Labs b, c and d earn credit: each is the first to tell of five things that own telemetry bears out. */
    async function earnCredit(): Promise<Map<string, Partial<TraceHits>>> {
      const hits = new Map<string, Partial<TraceHits>>();
      for (const lab of ['b', 'c', 'd'] as const) {
        for (let i = 0; i < 5; i++) {
          const digest = drawDigest();
          hits.set(digest, seen(20));
          expect(await take(tell(lab, [digest]))).toBe('taken');
        }
      }
      await replay(hits);
      return hits;
    }

    it('lets an indicator through on own evidence and the word of enough labs, then a person decides', async () => {
      const hits = await earnCredit();
      const digest = drawDigest();
      hits.set(digest, seen(20));
      const told = tell('b', [digest]);
      await take(told);
      await replay(hits);
      expect((await store.quarantine.findHeld(told.id))?.reason).toBe('too-few-labs');
      await expect(decideHeld(store.quarantine, told.id, 'enforce', 'Ada', NOW)).rejects.toMatchObject({
        code: 'COALITION_TRUST',
      });
      const sighting = sign(
        'c',
        makeSighting({ indicatorId: told.id, hits: 37, fromMs: NOW - DAY_MS, toMs: NOW }, by('c', NOW)),
      );
      expect(sighting).toMatchObject({
        count: 10,
        first_seen: '2026-11-22T00:00:00.000Z',
        last_seen: '2026-11-22T23:59:59.999Z',
      });
      expect(await take(sighting)).toBe('taken');
      const { sightings } = await replay(hits);
      const held = (await store.quarantine.findHeld(told.id))!;
      expect(held).toMatchObject({ state: 'enforceable', reason: 'all-hold', decision: null });
      expect(held.report!.traces[0]).toMatchObject({
        failed: [],
        labs: ['b', 'c'],
        hits: { accounts: 20, good: 0, suspected: 20 },
      });
      expect(sightings).toContainEqual({
        indicatorId: told.id,
        hits: 20,
        fromMs: NOW - 30 * DAY_MS,
        toMs: NOW,
      });
      const decided = await decideHeld(store.quarantine, told.id, 'enforce', 'Ada', NOW);
      expect(decided.decision).toEqual({ choice: 'enforce', by: 'Ada', atMs: NOW, findings: ['f-1'] });
      expect(
        (await store.quarantine.listTransitions(told.id)).map(({ from, to, by: who }) => [from, to, who]),
      ).toEqual([
        [null, 'quarantined', null],
        ['quarantined', 'replayed', null],
        ['replayed', 'enforceable', null],
        ['enforceable', 'enforceable', 'Ada'],
      ]);
      // A condition that no longer holds takes the decision away.
      hits.set(digest, { accounts: 20, good: 19, suspected: 1, findings: [] });
      await replay(hits, NOW + HOUR_MS);
      expect(await store.quarantine.findHeld(told.id)).toMatchObject({
        state: 'refused',
        reason: 'hits-good',
        decision: null,
      });
    });

    it('takes in nothing that is unsigned, signed by another, forked, or about nothing here', async () => {
      const told = tell('b', [drawDigest()]);
      const { extensions: _extensions, ...bare } = told;
      expect(await take(bare as StixObject)).toBe('unsigned');
      expect(await take({ ...told, name: 'other' })).toBe('wrong-signature');
      expect(await take(signObject(bare as StixObject, parties.c))).toBe('wrong-signature');
      expect(await take(told)).toBe('taken');
      expect(await take(told)).toBe('known');
      const next = sign('b', makeNextVersion(told, { name: 'second' }, NOW));
      const fork = sign('b', makeNextVersion(told, { name: 'fork' }, NOW + 1));
      expect(await take(next)).toBe('taken');
      expect(await take(fork)).toBe('broken-chain');
      expect(await take(told)).toBe('broken-chain');
      expect(await take(tell('a', [drawDigest()]))).toBe('own');
      expect(
        await take(sign('b', makeOpinion(tell('c', [`${'00'.repeat(63)}01`]).id, 'disagree', by('b', NOW)))),
      ).toBe('unheld');
      expect(await take(tell('b', [drawDigest()], NOW + DAY_MS))).toBe('not-yet');
      expect((await store.quarantine.findHeld(told.id))?.object.name).toBe('second');
    });

    it('counts no lab that raises itself, and one lab under two names once', async () => {
      const hits = await earnCredit();
      const digest = drawDigest();
      hits.set(digest, seen(20));
      const told = tell('b', [digest]);
      await take(told);
      expect(
        await take(
          sign(
            'b',
            makeSighting({ indicatorId: told.id, hits: 50, fromMs: NOW - DAY_MS, toMs: NOW }, by('b', NOW)),
          ),
        ),
      ).toBe('known');
      const alias = { ...known, members: new Map([...known.members, [parties.c.identity, 'b']]) };
      const second = tell('c', [digest]);
      expect(await takeIn({ store: store.quarantine, known: alias, self: 'a' }, second, NOW, NOW)).toBe(
        'taken',
      );
      await replay(hits);
      expect((await store.quarantine.findHeld(told.id))!.report!.traces[0]).toMatchObject({
        failed: ['too-few-labs'],
        labs: ['b'],
      });
    });

    it('disputes hold back what somebody credible doubts, until the doubt is shown to be wrong', async () => {
      const hits = await earnCredit();
      const digest = drawDigest();
      const told = tell('b', [digest]);
      await take(told);
      await take(tell('c', [digest]));
      await take(sign('e', makeOpinion(told.id, 'strongly-disagree', by('e', NOW))));
      await replay(hits);
      expect(await store.quarantine.findHeld(told.id)).toMatchObject({ state: 'disputed' });
      // The maker's own opinion of its own says nothing.
      const other = tell('b', [drawDigest()]);
      await take(other);
      await take(sign('b', makeOpinion(other.id, 'strongly-disagree', by('b', NOW))));
      await replay(hits);
      expect((await store.quarantine.findHeld(other.id))?.state).toBe('replayed');
      // Lab e doubts what own evidence bears out, again and again: its doubt counts no more.
      for (const key of [...hits.keys()].slice(0, 4)) {
        const again = tell('d', [key]);
        await take(again);
        await take(sign('e', makeOpinion(again.id, 'disagree', by('e', NOW))));
      }
      hits.set(digest, seen(20));
      await replay(hits);
      expect((await store.quarantine.findHeld(told.id))?.state).toBe('enforceable');
    });

    it('bars who claims to have seen a canary, and nobody who has only shown one', async () => {
      const planting = { seed: new Uint8Array(randomBytes(32)), paramsDigest: PARAMS, count: 3 };
      const [canary] = listCanaries(planting);
      const digest = canary!.kind === 'prompt-fingerprint' ? toHex(canary!.lanes) : '';
      await store.quarantine.addCanaries('b', [...keysOfCanaries(planting)]);
      const shown = tell('b', [digest]);
      await take(shown);
      expect([...(await store.quarantine.listBarred())]).toEqual([]);
      await take(
        sign(
          'c',
          makeSighting({ indicatorId: shown.id, hits: 0, fromMs: NOW - DAY_MS, toMs: NOW }, by('c', NOW)),
        ),
      );
      expect([...(await store.quarantine.listBarred())]).toEqual([]);
      await take(
        sign(
          'd',
          makeSighting({ indicatorId: shown.id, hits: 12, fromMs: NOW - DAY_MS, toMs: NOW }, by('d', NOW)),
        ),
      );
      await take(tell('e', [drawDigest(), digest]));
      expect([...(await store.quarantine.listBarred())].sort()).toEqual(['d', 'e']);
      const more = tell('e', [drawDigest()]);
      await take(more);
      await replay(new Map());
      expect(await store.quarantine.findHeld(more.id)).toMatchObject({ state: 'refused', reason: 'canary' });
    });

    it('takes back what is held though a version between never came here, and the claim of a revoked sighting', async () => {
      const told = tell('b', [drawDigest()]);
      await take(told);
      const missed = makeNextVersion(told, { name: 'missed' }, NOW);
      expect(await take(signObject(revokeObject(missed, NOW + 1), parties.c))).toBe('wrong-signature');
      expect(await take(sign('b', revokeObject(missed, NOW + 1)), NOW + 1)).toBe('taken');
      expect(await store.quarantine.findHeld(told.id)).toMatchObject({ state: 'retracted' });
      const other = tell('b', [drawDigest()]);
      await take(other);
      const sighting = makeSighting(
        { indicatorId: other.id, hits: 30, fromMs: NOW - DAY_MS, toMs: NOW },
        by('c', NOW),
      );
      await take(sign('c', sighting));
      expect(await store.quarantine.listClaims()).toHaveLength(2);
      // Under the id of another's sighting one says what one says oneself.
      const posed = { ...sighting, created_by_ref: parties.d.identity };
      expect(await take(sign('d', posed))).toBe('taken');
      expect(await applyRetraction(store.quarantine, sign('d', { ...posed, revoked: true }), 'd', NOW)).toBe(
        'unheld',
      );
      expect((await store.quarantine.listClaims()).map(({ member }) => member).sort()).toEqual(['b', 'c']);
      const revoked = sign('c', revokeObject(sighting, NOW + 1));
      expect(await applyRetraction(store.quarantine, revoked, 'c', NOW + 1)).toBe('unheld');
      expect(await store.quarantine.listClaims()).toHaveLength(1);
      // Another member's word takes nothing back.
      expect(await applyRetraction(store.quarantine, sign('c', other), 'c', NOW + 1)).toBe('unheld');
      expect(await store.quarantine.findHeld(other.id)).toMatchObject({ state: 'quarantined' });
    });

    it('ends with its time, and comes back by a new version or a person', async () => {
      const told = tell('b', [drawDigest()]);
      await take(told);
      await replay(new Map(), NOW + 70 * DAY_MS);
      expect(await store.quarantine.findHeld(told.id)).toMatchObject({ state: 'expired' });
      await decideHeld(store.quarantine, told.id, 'reopen', 'Ada', NOW + 70 * DAY_MS);
      const longer = sign(
        'b',
        makeNextVersion(told, { valid_until: '2027-06-01T00:00:00Z' }, NOW + 70 * DAY_MS),
      );
      expect(await take(longer, NOW + 70 * DAY_MS)).toBe('taken');
      await replay(new Map(), NOW + 70 * DAY_MS);
      expect(await store.quarantine.findHeld(told.id)).toMatchObject({
        state: 'replayed',
        reason: 'not-seen',
      });
    });

    it('retractions reach every lab within minutes, one that is down by an alarm and when it is back', async () => {
      const told = tell('b', [drawDigest()]);
      await take(told);
      const revoked = sign('b', revokeObject(told, NOW));
      const forged = signObject({ ...revoked, created_by_ref: parties.c.identity }, parties.c);
      await expect(publishRetraction(store.retractions, told, known, NOW)).rejects.toMatchObject({
        code: 'COALITION_TRUST',
      });
      await expect(
        publishRetraction(store.retractions, { ...revoked, name: 'x' }, known, NOW),
      ).rejects.toMatchObject({ code: 'COALITION_TRUST' });
      const published = await publishRetraction(store.retractions, revoked, known, NOW);
      expect(await publishRetraction(store.retractions, revoked, known, NOW + 5)).toEqual(published);
      const all = ['a', 'b', 'c', 'd', 'e'];
      const places = new Map(all.map((lab) => [lab, 0]));
      const down = new Set(['d']);
      let alarmAt = 0;
      // Every lab asks once a minute; d is down for 20 minutes.
      for (let minute = 1; minute <= 25; minute++) {
        const atMs = NOW + minute * MINUTE_MS;
        if (minute === 20) down.clear();
        for (const lab of all.filter((name) => !down.has(name))) {
          const feed = {
            read: async (after: number) => {
              const retractions = await readFeed(store.retractions, after);
              return { retractions, upTo: retractions.at(-1)?.seq ?? after };
            },
            acknowledge: (seq: number) => acknowledgeFeed(store.retractions, { member: lab, seq, atMs }),
          };
          const { seq } = await followRetractions(feed, places.get(lab)!, known, async (object) => {
            if (lab === 'a') await takeIn({ store: store.quarantine, known, self: 'a' }, object, atMs, atMs);
          });
          places.set(lab, seq);
        }
        if (minute === 1)
          expect(await store.quarantine.findHeld(told.id)).toMatchObject({
            state: 'retracted',
            reason: 'retracted',
          });
        const alarms = findAlarms([published], await store.retractions.listAcknowledgements(), all, atMs);
        if (alarms.length > 0 && alarmAt === 0) alarmAt = minute;
        expect(alarms.map(({ member }) => member)).toEqual(minute > 5 && minute < 20 ? ['d'] : []);
      }
      expect(alarmAt).toBe(6);
      await expect(
        acknowledgeFeed(store.retractions, { member: 'c', seq: 99, atMs: NOW }),
      ).rejects.toMatchObject({ code: 'COALITION_TRUST' });
      // The hub cannot take back what it did not make, nor have a lab acknowledge it.
      const lie = { ...published, seq: 2, object: forged };
      const acknowledged: number[] = [];
      const followed = await followRetractions(
        {
          read: async () => ({ retractions: [lie], upTo: 2 }),
          acknowledge: async (seq) => void acknowledged.push(seq),
        },
        1,
        { ...known, keys: new Map([...known.keys].filter(([kid]) => kid !== 'lab-c')) },
        async () => expect.unreachable(),
      );
      expect([followed, acknowledged]).toEqual([{ seq: 1, applied: 0, unproven: [told.id] }, []]);
    });

    it('one retraction that a lab cannot check keeps no other from it, and is not acknowledged', async () => {
      const [stranger, told] = [tell('c', [drawDigest()]), tell('b', [drawDigest()])];
      await take(told);
      const retractions = [stranger, told].map((object, i) => ({
        seq: i + 1,
        object: sign(i === 0 ? 'c' : 'b', revokeObject(object, NOW)),
      }));
      const acknowledged: number[] = [];
      const feed = {
        read: async (after: number) => ({
          retractions: retractions.filter(({ seq }) => seq > after),
          upTo: 2,
        }),
        acknowledge: async (seq: number) => void acknowledged.push(seq),
      };
      const withoutC = { ...known, keys: new Map([...known.keys].filter(([kid]) => kid !== 'lab-c')) };
      const apply = async (object: StixObject, member: string) =>
        void (await applyRetraction(store.quarantine, object, member, NOW));
      const followed = await followRetractions(feed, 0, withoutC, apply);
      expect([followed, acknowledged]).toEqual([{ seq: 0, applied: 1, unproven: [stranger.id] }, []]);
      expect((await store.quarantine.findHeld(told.id))?.state).toBe('retracted');
      expect((await followRetractions(feed, 0, known, apply)).seq).toBe(2);
      expect(acknowledged).toEqual([2]);
    });

    it('takes an indicator whose pattern no table could hold, and replays nothing of it', async () => {
      const path = `network-traffic:extensions.'extension-definition--c6524676-5b35-46ed-9d06-e7ae6076a543'.ja4`;
      const random = toHex(new Uint8Array(randomBytes(4000)));
      for (const pattern of [
        `[${path} = '\u0000']`,
        `[${path} = '${random}']`,
        `[x-oprf-token:key_epoch = '\u0000' AND x-oprf-token:token = '${'0a'.repeat(16)}']`,
        `[x-oprf-token:key_epoch = '${random}' AND x-oprf-token:token = '${'0a'.repeat(16)}']`,
      ]) {
        const { extensions: _, ...bare } = tell('b', [drawDigest()]);
        const told = sign('b', { ...bare, pattern } as StixObject);
        expect(await take(told)).toBe('taken');
        await replay(new Map());
        expect(await store.quarantine.findHeld(told.id)).toMatchObject({ reason: 'not-replayable' });
      }
    });

    it('an appeal carries a number and no customer, and a retraction ends it at every lab', async () => {
      const hits = new Map<string, Partial<TraceHits>>();
      const told = tell('b', [drawDigest()]);
      await take(told);
      const caseId = drawCaseId();
      expect(await take(sign('e', makeOpinion(told.id, 'strongly-disagree', by('e', NOW), caseId)))).toBe(
        'taken',
      );
      await replay(hits);
      expect((await store.quarantine.findHeld(told.id))?.state).toBe('disputed');
      const status = async (atMs: number) => {
        const opinions = await store.quarantine.listOpinions();
        const [appeal] = listAppeals(opinions);
        const held = (await store.quarantine.findHeld(told.id))!;
        const retracted = new Set(held.state === 'retracted' ? [told.id] : []);
        return judgeAppeal(
          appeal!,
          opinions,
          ['b', 'c', 'd', 'e'],
          new Map([[told.id, 'b']]),
          retracted,
          atMs,
        );
      };
      expect(await status(NOW)).toMatchObject({ state: 'open' });
      await take(sign('c', makeOpinion(told.id, 'agree', by('c', NOW), caseId)));
      const late = await status(NOW + 8 * DAY_MS);
      expect([late.state, late.answers.get('c'), late.answers.get('d')]).toEqual([
        'overdue',
        'kept',
        'overdue',
      ]);
      await take(sign('b', revokeObject(told, NOW)));
      expect(await status(NOW + 8 * DAY_MS)).toMatchObject({ state: 'upheld' });
    });

    it('keeps overrides until they end, and the place in the feed', async () => {
      const body = {
        type: 'phalanx-override-1',
        indicator: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
        digest: '00'.repeat(32),
        reason: 'own-victim',
        counsel: 'counsel',
        issuedAtMs: NOW,
        expiresAtMs: NOW + DAY_MS,
      } as const;
      await store.quarantine.addOverride(body);
      expect(await store.quarantine.listOverrides(NOW)).toEqual([body]);
      expect(await store.quarantine.listOverrides(NOW + DAY_MS)).toEqual([]);
      expect(await store.quarantine.readFeedPlace()).toBe(0);
      await store.quarantine.writeFeedPlace(7);
      expect(await store.quarantine.readFeedPlace()).toBe(7);
    });
  });
}
