import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519, ed25519_FROST } from '@noble/curves/ed25519.js';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicKeyOf } from './ed25519-public-key.js';
import { identifierOf, makeFrostGroup } from './frost-group.js';
import { type FrostFault, makeFrostKey } from './frost-key.js';
import { dealFrostShares, type FrostShare, readFrostShareFile, writeFrostShareFile } from './frost-share.js';
import { type FrostParticipant, FrostSigner } from './frost-signer.js';
import { makeNoteSigner, type SigningKey, signingKeyOf } from './note-signer.js';
import { writeSecretFile } from './secret-file.js';
import { openNote, signNote } from './signed-note.js';
import { makeVerifierKey, SignatureType } from './verifier-key.js';

const failsWith = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const message = utf8('what is signed');
const verifies = (key: SigningKey, signature: Uint8Array, text = message): boolean =>
  verify(null, text, publicKeyOf(key.publicKey), signature);
const honest = (share: FrostShare): FrostSigner => new FrostSigner(share, () => true);

/** A key over these participants, and the faults that it tells of. */
function keyOver(
  shares: readonly FrostShare[],
  participants: readonly (readonly [number, FrostParticipant])[],
  timeoutMs = 2000,
): { key: SigningKey; faults: FrostFault[] } {
  const faults: FrostFault[] = [];
  const key = makeFrostKey({
    group: shares[0]!.group,
    participants: new Map(participants),
    onFault: (fault) => faults.push(fault),
    timeoutMs,
  });
  return { key, faults };
}

describe('FROST(Ed25519, SHA-512), RFC 9591 appendix E.1', () => {
  const coefficient = fromHex('178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204');
  const publicKey = fromHex('15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673');
  const slope = ed25519.Point.BASE.multiply(ed25519.Point.Fn.fromBytes(coefficient)).toBytes();
  const group = makeFrostGroup(2, 3, [publicKey, slope]);
  const shares = [
    '929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509',
    'a91e66e012e4364ac9aaa405fcafd370402d9859f7b6685c07eed76bf409e80d',
    'd3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02',
  ].map((hex, i) => ({ group, participant: i + 1, secret: fromHex(hex) }));
  const vectors = [
    {
      participant: 1,
      randomness: [
        '0fd2e39e111cdc266f6c0f4d0fd45c947761f1f5d3cb583dfcb9bbaf8d4c9fec',
        '69cd85f631d5f7f2721ed5e40519b1366f340a87c2f6856363dbdcda348a7501',
      ],
      hiding: 'b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3',
      binding: '67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932',
      share: '001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603',
    },
    {
      participant: 3,
      randomness: [
        '86d64a260059e495d0fb4fcc17ea3da7452391baa494d4b00321098ed2a0062f',
        '13e6b25afb2eba51716a9a7d44130c0dbae0004a9ef8d7b5550c8a0e07c61775',
      ],
      hiding: 'cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91',
      binding: '7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552',
      share: 'bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007',
    },
  ];
  const signature =
    '36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbebd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b';

  it('has the shares of its polynomial', () => {
    for (const share of shares) honest(share);
    const swapped = { ...shares[0]!, secret: shares[1]!.secret };
    expect(() => honest(swapped)).toThrow(failsWith('LEDGER_SHARE', /participant 1/));
  });

  it('commits and signs as printed there', async () => {
    const nonces = vectors.map(({ participant, randomness }) => {
      const { secret } = shares[participant - 1]!;
      const drawn = randomness.map(fromHex);
      return ed25519_FROST.commit(
        { identifier: identifierOf(participant), signingShare: secret },
        () => drawn.shift()!,
      );
    });
    for (const [i, { hiding, binding }] of vectors.entries())
      expect([nonces[i]!.commitments.hiding, nonces[i]!.commitments.binding].map(toHex)).toEqual([
        hiding,
        binding,
      ]);
    const key = makeFrostKey({
      group,
      participants: new Map(
        vectors.map(({ participant, hiding, binding, share }) => [
          participant,
          {
            commit: async () => ({ participant, hiding: fromHex(hiding), binding: fromHex(binding) }),
            sign: async () => fromHex(share),
          },
        ]),
      ),
      onFault: ({ reason }) => {
        throw new Error(reason);
      },
    });
    expect(toHex(await key.sign(utf8('test')))).toBe(signature);
  });
});

describe('a key split by a dealer', () => {
  const { privateKey } = generateKeyPairSync('ed25519');

  it('signs under the public key that it had, by any two of three', async () => {
    const shares = dealFrostShares(2, 3, privateKey);
    for (const pair of [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 0],
    ]) {
      const { key } = keyOver(
        shares,
        pair.map((i) => [i + 1, honest(shares[i]!)]),
      );
      expect(key.publicKey).toEqual(signingKeyOf(privateKey).publicKey);
      expect(verify(null, message, createPublicKey(privateKey), await key.sign(message))).toBe(true);
    }
    const verifier = makeVerifierKey('log.example', SignatureType.ED25519, shares[0]!.group.publicKey);
    const { key } = keyOver(
      shares,
      shares.map((share) => [share.participant, honest(share)]),
    );
    const note = await signNote('a text\n', [makeNoteSigner('log.example', key)]);
    expect(openNote(note, [verifier]).verified).toHaveLength(1);
  });

  it('signs with any threshold of any number, and not with one fewer', { timeout: 120_000 }, async () => {
    const counts = fc.integer({ min: 2, max: 16 }).chain((n) =>
      fc.record({
        n: fc.constant(n),
        t: fc.integer({ min: 2, max: n }),
        order: fc.shuffledSubarray(
          Array.from({ length: n }, (_, i) => i),
          { minLength: n },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(counts, fc.uint8Array({ maxLength: 100 }), async ({ n, t, order }, text) => {
        const shares = dealFrostShares(t, n);
        const chosen = order.slice(0, t).map((i) => [i + 1, honest(shares[i]!)] as const);
        const { key } = keyOver(shares, chosen);
        expect(verifies(key, await key.sign(text), text)).toBe(true);
        expect(() => keyOver(shares, chosen.slice(1))).toThrow(failsWith('LEDGER_SHARE'));
      }),
      { numRuns: 6 },
    );
  });

  it('is refused for counts out of range and keys of another kind', () => {
    for (const [t, n] of [
      [1, 3],
      [4, 3],
      [2, 17],
      [2, 1],
      [2.5, 3],
      [Number.NaN, 3],
    ])
      expect(() => dealFrostShares(t!, n!)).toThrow(failsWith('LEDGER_SHARE'));
    const { privateKey: p256 } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => dealFrostShares(2, 3, p256)).toThrow(failsWith('LEDGER_KEY'));
  });

  it('lies in files, one a share', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-shares-'));
    try {
      const shares = dealFrostShares(2, 3);
      const path = (n: number): string => join(folder, `share-${n}`);
      for (const share of shares)
        await writeFrostShareFile(path(share.participant), share, `passphrase of ${share.participant}`, 1);
      const read = await Promise.all([1, 3].map((n) => readFrostShareFile(path(n), `passphrase of ${n}`)));
      expect(read).toEqual([shares[0], shares[2]]);
      const { key } = keyOver(
        read,
        read.map((share) => [share.participant, honest(share)]),
      );
      expect(verifies(key, await key.sign(message))).toBe(true);
      await expect(readFrostShareFile(path(1), 'passphrase of 2')).rejects.toThrow(
        failsWith('LEDGER_PASSPHRASE'),
      );
      let n = 10;
      for (const content of ['', '{}', 'null', '{"kind":"frost-share"}', 'x'.repeat(9000)]) {
        await writeSecretFile(path(++n), utf8(content), 'a passphrase', 1);
        await expect(readFrostShareFile(path(n), 'a passphrase')).rejects.toThrow(failsWith('LEDGER_SHARE'));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a group', () => {
  const [a, b] = dealFrostShares(2, 3)[0]!.group.commitments as [Uint8Array, Uint8Array];
  /** Of order 8. */
  const torsion = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const mixed = ed25519.Point.fromBytes(b).add(ed25519.Point.fromBytes(torsion)).toBytes();

  it.each([
    ['fewer points', [a]],
    ['more points', [a, b, b]],
    ['the identity', [a, ed25519.Point.ZERO.toBytes()]],
    ['a point of order 8', [torsion, b]],
    ['a point of mixed order', [a, mixed]],
    ['no point', [a, new Uint8Array(32).fill(2)]],
    ['a short point', [a, b.slice(1)]],
  ])('is refused with %s', (_, commitments) => {
    expect(() => makeFrostGroup(2, 3, commitments)).toThrow(failsWith('LEDGER_SHARE'));
  });
});

describe('a holder of a share', () => {
  const shares = dealFrostShares(2, 3);
  const round = async () => {
    const signers = [honest(shares[0]!), honest(shares[1]!)];
    const commitments = await Promise.all(signers.map((signer) => signer.commit()));
    return { signers, commitments, first: signers[0]! };
  };

  it('gives one share for a commitment, whatever is asked and however it ends', async () => {
    const other = utf8('another text');
    const used = failsWith('LEDGER_SHARE', /used already/);
    const { first, commitments } = await round();
    await first.sign({ message, commitments });
    await expect(first.sign({ message, commitments })).rejects.toThrow(used);
    await expect(first.sign({ message: other, commitments })).rejects.toThrow(used);

    // At once, while the holder is still thinking.
    let think = (_: boolean): void => undefined;
    const slow = new FrostSigner(shares[0]!, () => new Promise((resolve) => (think = resolve)));
    const own = [await slow.commit(), commitments[1]!];
    const asked = slow.sign({ message, commitments: own });
    await expect(slow.sign({ message: other, commitments: own })).rejects.toThrow(used);
    think(true);
    await asked;

    // After a refusal, and after a package that is wrong.
    const picky = new FrostSigner(shares[0]!, (text) => toHex(text) !== toHex(message));
    const mine = [await picky.commit(), commitments[1]!];
    await expect(picky.sign({ message, commitments: mine })).rejects.toThrow(
      failsWith('LEDGER_SHARE', /holder/),
    );
    await expect(picky.sign({ message: other, commitments: mine })).rejects.toThrow(used);
    const alone = [await picky.commit()];
    await expect(picky.sign({ message: other, commitments: alone })).rejects.toThrow(
      failsWith('LEDGER_SHARE'),
    );
    await expect(picky.sign({ message: other, commitments: [...alone, commitments[1]!] })).rejects.toThrow(
      used,
    );
  });

  it('makes a nonce once', async () => {
    const signer = honest(shares[0]!);
    const made = await Promise.all(Array.from({ length: 100 }, () => signer.commit()));
    const points = made.flatMap(({ hiding, binding }) => [toHex(hiding), toHex(binding)]);
    expect(new Set(points).size).toBe(200);
    // The oldest are void: what may be asked for without end must not be kept without end.
    const { commitments } = await round();
    await expect(signer.sign({ message, commitments: [made[35]!, commitments[1]!] })).rejects.toThrow(
      failsWith('LEDGER_SHARE'),
    );
    await signer.sign({ message, commitments: [made[36]!, commitments[1]!] });
  });

  it('signs what the holder was shown', async () => {
    const text = Buffer.from(message);
    const shown: string[] = [];
    const signer = new FrostSigner(shares[0]!, async (seen) => {
      shown.push(toHex(seen));
      seen.fill(0);
      text.fill(1);
      await Promise.resolve();
      return true;
    });
    const second = honest(shares[1]!);
    const commitments = [await signer.commit(), await second.commit()];
    const parts = [
      await signer.sign({ message: text, commitments }),
      await second.sign({ message, commitments }),
    ];
    expect(shown).toEqual([toHex(message)]);
    const { key } = keyOver(
      shares,
      commitments.map((commitment, i) => [
        i + 1,
        { commit: async () => commitment, sign: async () => parts[i]! },
      ]),
    );
    expect(verifies(key, await key.sign(message))).toBe(true);
  });

  it.each([
    ['with a participant twice', (list: never[]) => [list[0], list[1], list[1]]],
    ['with too few', (list: never[]) => [list[0]]],
    [
      'with a participant that is not there',
      (list: never[]) => [list[0], { ...(list[1] as object), participant: 4 }],
    ],
    [
      'with another hiding point of its own',
      (list: never[]) => [
        { ...(list[0] as object), hiding: (list[1] as { hiding: unknown }).hiding },
        list[1],
      ],
    ],
    [
      'with another binding point of its own',
      (list: never[]) => [
        { ...(list[0] as object), binding: (list[1] as { binding: unknown }).binding },
        list[1],
      ],
    ],
    [
      'with a point of order 8',
      (list: never[]) => [
        list[0],
        {
          ...(list[1] as object),
          hiding: fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
        },
      ],
    ],
    [
      'with the identity',
      (list: never[]) => [list[0], { ...(list[1] as object), binding: ed25519.Point.ZERO.toBytes() }],
    ],
    ['without its own', (list: never[]) => [list[1]]],
  ])('refuses a package %s', async (_, change) => {
    const { first, commitments } = await round();
    const changed = change(commitments as never[]) as never;
    await expect(first.sign({ message, commitments: changed })).rejects.toThrow(failsWith('LEDGER_SHARE'));
  });

  it('refuses a message without end', async () => {
    const { first, commitments } = await round();
    await expect(first.sign({ message: new Uint8Array(1_000_001), commitments })).rejects.toThrow(
      failsWith('LEDGER_SHARE'),
    );
  });
});

describe('a coordinator', () => {
  const shares = dealFrostShares(2, 3);
  const signers = shares.map(honest);
  const reach = (n: number, change: Partial<FrostParticipant> = {}): [number, FrostParticipant] => [
    n,
    {
      commit: () => signers[n - 1]!.commit(),
      sign: (request) => signers[n - 1]!.sign(request),
      ...change,
    },
  ];
  const order = ed25519.Point.Fn.ORDER;
  const toScalar = (n: bigint): Uint8Array => fromHex(n.toString(16).padStart(64, '0')).reverse();

  it.each([
    ['that has another share', async () => toScalar(1n)],
    ['out of range', async () => toScalar(order + 1n)],
    ['of nothing', async () => new Uint8Array()],
    ['that is no bytes', async () => 'x' as never],
    ['too long', async () => new Uint8Array(33)],
    ['that is the other one', (request: never) => signers[0]!.sign(request)],
  ])('names who sends a signature share %s, and signs with the others', async (_, sign) => {
    const { key, faults } = keyOver(shares, [reach(1), reach(2, { sign }), reach(3)]);
    expect(verifies(key, await key.sign(message))).toBe(true);
    expect(faults).toMatchObject([{ participant: 2 }]);
    // From now on the others are asked first.
    await key.sign(message);
    expect(faults).toHaveLength(1);
  });

  it('names who adds one bit to a true share', async () => {
    const { key, faults } = keyOver(shares, [
      reach(1, {
        async sign(request) {
          const share = await signers[0]!.sign(request);
          share[0]! ^= 1;
          return share;
        },
      }),
      reach(2),
    ]);
    await expect(key.sign(message)).rejects.toThrow(
      expect.objectContaining({
        code: 'LEDGER_SHARE',
        message: expect.stringMatching(/participant 1: its signature share does not verify/),
        retryable: true,
      }),
    );
    expect(faults).toEqual([
      { participant: 1, kind: 'false', reason: 'its signature share does not verify' },
    ]);
  });

  it.each([
    ['for another', async () => signers[0]!.commit()],
    [
      'of points of order 8',
      async () => ({ participant: 2, hiding: new Uint8Array(32), binding: new Uint8Array(32) }),
    ],
    ['of nothing', async () => null as never],
    ['that is not bytes', async () => ({ participant: 2, hiding: 'a', binding: 'b' }) as never],
  ])('names who sends a commitment %s', async (_, commit) => {
    const { key, faults } = keyOver(shares, [reach(1), reach(2, { commit }), reach(3)]);
    expect(verifies(key, await key.sign(message))).toBe(true);
    expect(faults).toMatchObject([{ participant: 2, kind: 'false' }]);
  });

  it('goes on without who is away, late or refuses, and says what is missing', async () => {
    const away = reach(2, { commit: () => Promise.reject(new Error('no route')) });
    const late = reach(1, { sign: () => new Promise(() => undefined) });
    const two = keyOver(shares, [away, reach(1), reach(3)], 300);
    expect(verifies(two.key, await two.key.sign(message))).toBe(true);
    expect(two.faults).toEqual([{ participant: 2, kind: 'absent', reason: 'no route' }]);
    const one = keyOver(shares, [away, late, reach(3)], 300);
    await expect(one.key.sign(message)).rejects.toThrow(
      expect.objectContaining({
        code: 'LEDGER_SHARE',
        retryable: true,
        message: expect.stringMatching(/2: no route.*1: no answer in 300 ms/),
      }),
    );
    const liar = reach(1, { sign: async () => toScalar(1n) });
    const none = keyOver(shares, [liar, reach(2, { sign: async () => toScalar(2n) }), reach(3)]);
    await expect(none.key.sign(message)).rejects.toThrow(expect.objectContaining({ retryable: false }));
    expect(none.faults.map(({ participant }) => participant)).toEqual([1, 2]);
  });

  it('keeps what a participant says short and printable', async () => {
    const loud = reach(2, { commit: () => Promise.reject(new Error(`\u001b[2J${'x'.repeat(9999)}`)) });
    const { key, faults } = keyOver(shares, [loud, reach(1), reach(3)]);
    await key.sign(message);
    expect(faults[0]!.reason).toMatch(/^ \[2Jx{196}$/);
  });

  it('signs many things at once', async () => {
    const { key } = keyOver(shares, [reach(1), reach(2), reach(3)]);
    const texts = Array.from({ length: 20 }, (_, i) => utf8(`text ${i}`));
    const made = await Promise.all(texts.map((text) => key.sign(text)));
    for (const [i, signature] of made.entries()) expect(verifies(key, signature, texts[i]!)).toBe(true);
    expect(new Set(made.map((signature) => toHex(signature.slice(0, 32)))).size).toBe(20);
  });

  it('is not made for participants of another group', () => {
    expect(() => keyOver(shares, [reach(1), [4, signers[0]!]])).toThrow(failsWith('LEDGER_SHARE'));
  });
});
