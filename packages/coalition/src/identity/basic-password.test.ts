import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate, listChallenges } from './authenticate.js';
import { hashPassword, makePassword, PasswordGate } from './basic-password.js';
import { makeTestHub, ORIGIN, TLS } from './test-hub.test.support.js';

const password = makePassword();
let stored: string;
let made: Awaited<ReturnType<typeof makeTestHub>>;
let gate: PasswordGate;
beforeEach(async () => {
  made = await makeTestHub();
  stored ??= await hashPassword(password);
  made.members.passwords.set('lab-a', stored);
  gate = new PasswordGate(made.members, made.clock);
});

const ask = (user: string, pass: string, connection = TLS) =>
  authenticate(
    new Request(ORIGIN, {
      headers: { authorization: `Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}` },
    }),
    connection,
    { ...made.hub, methods: ['basic'], passwords: gate },
  );

describe('a name and password', () => {
  it('are their member, until the password or the member ends', async () => {
    expect(await ask('lab-a', password)).toEqual({ member: made.lab, method: 'basic', encrypted: true });
    made.members.members.set('lab-a', { ...made.lab, suspendedAtMs: 1 });
    expect(await ask('lab-a', password)).toBeNull();
    made.members.members.set('lab-a', made.lab);
    made.members.passwords.delete('lab-a');
    expect(await ask('lab-a', password)).toBeNull();
  });

  it('count for nothing in the clear, but on this machine', async () => {
    expect(await ask('lab-a', password, { ...TLS, encrypted: false })).toBeNull();
    const local = { encrypted: false, remoteAddress: '::ffff:127.0.0.1', clientCertificate: null };
    expect((await ask('lab-a', password, local))?.encrypted).toBe(false);
    expect(await ask('lab-a', password, { ...local, remoteAddress: '127.0.0.1.evil' })).toBeNull();
  });

  it.each([
    ['wrong', 'lab-a', 'x'],
    ['of nobody', 'lab-z', password],
    ['of a name in other letters', 'lаb-a', password],
    ['of a name in capitals', 'LAB-A', password],
    ['empty', '', ''],
    ['of a member without one', 'lab-b', ''],
  ])('that are %s are refused with the same words', async (_, user, pass) => {
    made.members.addMember('lab-b');
    expect(await ask(user, pass)).toBeNull();
    expect(made.refusals).toEqual(['a wrong name or password']);
  });

  it('cannot be guessed: ten wrong ones from an address in a minute, and what was right before still counts', async () => {
    expect(await ask('lab-a', password)).not.toBeNull();
    for (let i = 0; i < 10; i++) await ask('lab-a', `guess ${i}`);
    expect(made.refusals.at(-1)).toBe('a wrong name or password');
    await ask('lab-a', 'one more');
    expect(made.refusals.at(-1)).toBe('too many guesses from an address');
    expect(await ask('lab-a', password)).not.toBeNull();
    expect(await ask('lab-a', 'elsewhere', { ...TLS, remoteAddress: '192.0.2.9' })).toBeNull();
    expect(made.refusals.at(-1)).toBe('a wrong name or password');
    made.clock.ms += 60_000;
    await ask('lab-a', 'a minute later');
    expect(made.refusals.at(-1)).toBe('a wrong name or password');
  });

  it('cannot be guessed from many addresses either; who was in is let in for five minutes more', async () => {
    made.clock.ms += 30_000;
    expect(await ask('lab-a', password)).not.toBeNull();
    made.clock.ms += 280_000;
    for (let i = 0; i < 20; i++)
      await ask('lab-a', `guess ${i}`, { ...TLS, remoteAddress: `192.0.2.${i % 4}` });
    expect(new Set(made.refusals)).toEqual(new Set(['a wrong name or password']));
    await ask('lab-a', 'one more', { ...TLS, remoteAddress: '192.0.2.200' });
    expect(made.refusals.at(-1)).toBe('too many guesses for a member');
    expect(await ask('lab-a', password)).not.toBeNull();
    made.clock.ms += 20_000;
    expect(await ask('lab-a', password)).toBeNull();
  });

  it('of strangers cost as much time as wrong ones', async () => {
    const time = async (user: string) => {
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round++) {
        const from = performance.now();
        await ask(user, 'x');
        least = Math.min(least, performance.now() - from);
      }
      return least;
    };
    const [known, unknown] = [await time('lab-a'), await time('lab-z')];
    expect(unknown).toBeGreaterThan(known / 3);
  });

  it('are asked for by a challenge', () => {
    expect(listChallenges(['basic'])).toBe('Basic realm="hub", charset="UTF-8"');
    expect(listChallenges(['access-token', 'mtls'])).toContain('DPoP algs=');
  });
});
