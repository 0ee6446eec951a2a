import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  blindForServers,
  epochOf,
  evaluateShare,
  finalizeFromServers,
  KeyShare,
  keyIdOf,
  matchingInput,
} from '@phalanx/coalition/matching';
import { type Clock, toHex, utf8 } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';
import { openTemporaryControlStore } from '@phalanx/store/temporary';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CeremonyBoard, CeremonyParticipant } from './ceremony-participant.js';
import { KeyCeremony } from './key-ceremony.js';
import { type KeyEnvelope, signEnvelope } from './key-envelope.js';
import { type MadeServer, makeRoster } from './key-servers.test.support.js';
import { KeyShareFiles } from './key-share-files.js';

let folder: string;
let store: ControlStore;
let atMs = Date.UTC(2026, 10, 23);
const clock: Clock = { nowMs: () => atMs };
const STEP_MS = 1000;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phalanx-ceremony-'));
  store = await openTemporaryControlStore();
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Three servers, of which two suffice, at an epoch that no test had before. */
async function makeRig() {
  atMs += 28 * 86_400_000;
  const epoch = epochOf(atMs);
  const { roster, servers } = makeRoster(2, 3);
  const ceremonyOf = () => new KeyCeremony({ envelopes: store.keyEnvelopes, roster, clock, stepMs: STEP_MS });
  const hub = { ceremony: ceremonyOf() };
  const boardOf = ({ member }: MadeServer): CeremonyBoard => ({
    view: (of) => hub.ceremony.view(of),
    post: (envelopes) => hub.ceremony.post(member, envelopes),
    list: (of, attempt, step) => hub.ceremony.list(member, of, attempt, step),
  });
  const directories = await Promise.all(servers.map(() => mkdtemp(join(folder, 'shares-'))));
  const start = async (i: number, change?: (board: CeremonyBoard) => CeremonyBoard) => {
    const { number, signingKey, sealingKey } = servers[i]!;
    const shares = await KeyShareFiles.open(directories[i]!);
    const own = boardOf(servers[i]!);
    const board = change?.(own) ?? own;
    return new CeremonyParticipant({ roster, number, epoch, signingKey, sealingKey, board, shares });
  };
  return { epoch, roster, servers, hub, ceremonyOf, start };
}

/** Lets all go on until nobody has anything to wait for. */
async function settle(parties: readonly CeremonyParticipant[]) {
  for (let round = 0; round < 80; round++) {
    if (round > 15) atMs += STEP_MS / 4;
    const results: (KeyShare | 'out' | null)[] = [];
    for (const party of parties) results.push(await party.advance().catch(() => null));
    if (results.every((result) => result !== null)) return results as (KeyShare | 'out')[];
  }
  throw new Error('it does not settle');
}

it('makes a key that any two of three servers can use, and no envelope shows a piece', async () => {
  const { epoch, roster, hub, start } = await makeRig();
  const parties = await Promise.all([0, 1, 2].map((i) => start(i)));
  const shares = (await settle(parties)) as KeyShare[];
  const confirmed = (await hub.ceremony.find(epoch))!;
  expect(confirmed.holders).toEqual([1, 2, 3]);
  const input = matchingInput('ip', epoch, Uint8Array.of(203, 0, 113, 9));
  const outputs = [
    [1, 2],
    [2, 3],
  ].map((quorum) => {
    const asked = blindForServers(confirmed.group, quorum, [input]);
    const answers = quorum.map((number) => evaluateShare(shares[number - 1]!, asked.request));
    return toHex(finalizeFromServers(confirmed.group, asked, answers)[0]!);
  });
  expect(outputs[0]).toBe(outputs[1]);
  const said = JSON.stringify(await store.keyEnvelopes.list(epoch, 1, 'piece'));
  expect(said.match(/"step\\":\\"piece/g)).toHaveLength(6);
  expect(said).not.toContain('phalanx-key-piece-v1');
  expect(roster.threshold).toBe(2);
}, 30_000);

it('comes to one key, whoever dies when, the hub included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('go', 'die', 'hub'), fc.integer({ min: 0, max: 2 })), {
        maxLength: 30,
      }),
      async (events) => {
        const { epoch, hub, ceremonyOf, start } = await makeRig();
        const parties = await Promise.all([0, 1, 2].map((i) => start(i)));
        const early = new Set<string>();
        for (const [event, i] of events) {
          if (event === 'die') parties[i] = await start(i);
          else if (event === 'hub') hub.ceremony = ceremonyOf();
          else {
            const result = await parties[i]!.advance().catch(() => null);
            if (result instanceof KeyShare) early.add(toHex(keyIdOf(result.group)));
          }
        }
        const settled = await settle(parties);
        const confirmed = (await hub.ceremony.find(epoch))!;
        const key = toHex(keyIdOf(confirmed.group));
        // A key that was once used is the key for ever.
        for (const used of early) expect(used).toBe(key);
        for (const [i, share] of settled.entries()) {
          if (confirmed.holders.includes(i + 1)) expect(toHex(keyIdOf((share as KeyShare).group))).toBe(key);
          else expect(share).toBe('out');
        }
        // After one more death all still have what they had.
        const again = await settle(await Promise.all([0, 1, 2].map((i) => start(i))));
        expect(again.map((one) => (one === 'out' ? one : toHex(keyIdOf(one.group))))).toEqual(
          settled.map((one) => (one === 'out' ? one : toHex(keyIdOf(one.group)))),
        );
      },
    ),
    { numRuns: 6 },
  );
}, 60_000);

it('goes on without a server that never comes, and without one that goes silent', async () => {
  const { epoch, hub, start } = await makeRig();
  const parties = await Promise.all([0, 1].map((i) => start(i)));
  const late = async () => {
    for (let round = 0; round < 30; round++) {
      for (const party of parties) if ((await party.advance()) instanceof KeyShare) return;
      atMs += STEP_MS / 4;
    }
  };
  await late();
  expect((await hub.ceremony.find(epoch))!.holders).toEqual([1, 2]);
  expect(await (await start(2)).advance()).toBe('out');
}, 30_000);

it('names who asks to begin again, and takes nothing from whom it does not know', async () => {
  const { epoch, roster, servers, hub, start } = await makeRig();
  const [first] = await Promise.all([0, 1].map((i) => start(i)));
  await first!.advance();
  const { signingKey } = servers[2]!;
  const envelope = (change: Partial<KeyEnvelope> = {}, key = signingKey) =>
    signEnvelope(roster, key, { epoch, attempt: 1, step: 'promise', from: 3, to: 0, body: 'x', ...change });
  const refused = (member: string, said: readonly KeyEnvelope[], code: string) =>
    expect(hub.ceremony.post(member, said)).rejects.toThrow(expect.objectContaining({ code }));
  await refused('key-1', [envelope()], 'COALITION_IDENTITY');
  await refused('lab-a', [envelope()], 'COALITION_IDENTITY');
  await refused('key-3', [envelope({}, servers[0]!.signingKey)], 'COALITION_IDENTITY');
  await refused('key-3', [{ ...envelope(), body: 'y' }], 'COALITION_IDENTITY');
  await refused('key-3', [], 'COALITION_MATCHING');
  await refused('key-3', [envelope({ attempt: 2 })], 'COALITION_MATCHING');
  await refused('key-3', [envelope({ step: 'dealing' })], 'COALITION_MATCHING');
  await refused('key-3', [envelope({ to: 1 })], 'COALITION_MATCHING');
  await refused('key-3', [envelope({ epoch: epoch + 2 })], 'COALITION_MATCHING');
  await refused('key-3', [envelope(), envelope()], 'COALITION_MATCHING');
  const view = await hub.ceremony.post('key-3', [envelope({ step: 'restart' })]);
  expect(view).toMatchObject({ attempt: 2, step: 'promise', restarts: [3], parties: [] });
  // What was said in the first attempt is no part of the second.
  await refused('key-3', [envelope()], 'COALITION_MATCHING');
}, 30_000);

it('ends in a key without a server that sends rubbish, and that cannot make all begin again for ever', async () => {
  const rig = await makeRig();
  const parties = await Promise.all([0, 1].map((i) => rig.start(i)));
  const rubbish = await rig.start(2, (board) => ({
    ...board,
    post: (envelopes) =>
      board.post(
        envelopes.map(({ type: _, signature: __, ...envelope }) =>
          envelope.step === 'dealing' || envelope.step === 'piece'
            ? signEnvelope(rig.roster, rig.servers[2]!.signingKey, {
                ...envelope,
                body: toHex(utf8('rubbish')),
              })
            : { type: _, signature: __, ...envelope },
        ),
      ),
  }));
  for (let round = 0; round < 60; round++) {
    const results: unknown[] = [];
    for (const party of [...parties, rubbish]) results.push(await party.advance().catch(() => null));
    if (results.slice(0, 2).every((result) => result instanceof KeyShare)) break;
    atMs += STEP_MS / 4;
  }
  const confirmed = (await rig.hub.ceremony.find(rig.epoch))!;
  expect(confirmed.holders).toEqual([1, 2]);
  expect(confirmed.group.members).toEqual([1, 2]);
  expect((await rig.hub.ceremony.view(rig.epoch)).restarts).toEqual([3, 3, 3]);
}, 30_000);
