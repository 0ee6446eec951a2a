import { toBase64, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { buildBuiltInSources } from '../built-in-grammar.js';
import { buildCoalition } from './coalition-world.js';
import { accountsSeen } from './dealt-world.js';
import { collectSecrets, findLeaks } from './leak-search.js';

const world = buildCoalition({
  seed: 'leaks',
  labs: 3,
  days: 1,
  ordinaryAccounts: 20,
  sources: buildBuiltInSources({ size: 400 }),
  attackSources: ['code-task'],
  hydra: { accounts: 30, attackShare: 0.2, carefulness: 1 },
  shared: true,
});
const part = world.labs[1]![0]!;
const account = part.world.accounts.find(({ paymentFingerprint }) => paymentFingerprint)!;
const message = (value: unknown) => [
  { day: 1, from: 'lab A', to: 'hub', kind: 'x', text: JSON.stringify(value) },
];
const secrets = collectSecrets(world);
const leaksOf = (value: unknown) => findLeaks(secrets, message(value)).map(({ what }) => what);

describe('search for leaks', () => {
  it('finds what must not cross, in text and inside base64', () => {
    expect(leaksOf({ who: `about ${account.accountId}!` })).toEqual(['account']);
    expect(leaksOf({ box: toBase64(utf8(`..${account.signupDevice}..`)) })).toEqual(['device']);
    expect(leaksOf([{ a: [account.paymentFingerprint] }])).toEqual(['card']);
    expect(leaksOf({ text: part.world.promptText(3) })).toEqual(['prompt']);
    expect(leaksOf({ value: '203.0.113.9' })).toEqual(['address']);
  });

  it('finds numbers where none belong', () => {
    expect(leaksOf({ day: 20_486, labels: [417], both: -3 })).toEqual([]);
    expect(leaksOf({ exchanges: 4_711 })).toEqual(['number in exchanges']);
    expect(leaksOf({ at: { sentMs: 1_770_000_000_000 } })).toEqual(['number in sentMs']);
  });
});

describe('a world that is dealt out', () => {
  it('gives every exchange of the hydra to one lab, and each of its accounts', () => {
    const { hydra, labs } = world;
    const parts = labs.map((dealt) => dealt.find((one) => one.world === hydra)!);
    for (let row = 0; row < hydra!.size; row++) expect(parts.filter(({ sees }) => sees(row))).toHaveLength(1);
    const accounts = parts.map(accountsSeen);
    expect(new Set(accounts.flat()).size).toBe(accounts.flat().length);
    for (const list of accounts) expect(list.length).toBeGreaterThan(8);
  });

  it('has honest customers who are at every lab', () => {
    const at = world.labs.map(
      (parts) =>
        new Set(
          parts.slice(2).flatMap((one) => accountsSeen(one).map((a) => one.world.accounts[a]!.accountId)),
        ),
    );
    const everywhere = [...at[0]!].filter((id) => at[1]!.has(id) && at[2]!.has(id));
    expect(everywhere.length).toBeGreaterThan(15);
  });
});
